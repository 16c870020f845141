"""The mark in a form's page that says when it was opened, and which wording was on it."""

from __future__ import annotations

import time
from dataclasses import dataclass

from django.core import signing

from signup.models import SignUpForm, Wording

SALT = "signup.page"
SOONEST_SECONDS = 2
"""Programs are faster, people are not."""
LATEST_SECONDS = 24 * 3600
LONGEST = 300  # characters


@dataclass(frozen=True, slots=True)
class Opened:
    """What a genuine mark says: the number of the wording, and for how long the page was open."""

    wording: int
    seconds: float

    @property
    def is_too_soon(self) -> bool:
        return self.seconds < SOONEST_SECONDS


def mark(form: SignUpForm, wording: Wording) -> str:
    return signing.dumps([form.key, wording.number, time.time()], salt=SALT)


def read(form: SignUpForm, told: str) -> Opened | None:
    """None for one that is forged, too old, or of another form."""
    try:
        key, wording, at = signing.loads(told[:LONGEST], salt=SALT, max_age=LATEST_SECONDS)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return Opened(wording, time.time() - at) if key == form.key else None
