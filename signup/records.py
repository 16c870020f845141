"""What is kept of an address that signed up: exported and erased with all else about it."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_noop

from campaigns.erasure import Holder
from campaigns.models import Tag
from signup.models import SignUp, mailbox_of

EXPORTED = (
    "email", "answers", "state", "network", "asked_at", "expires_at", "confirmed_at",
    "confirmed_network", "mail_state", "mailed_at",
)  # fmt: skip


def of(address: str) -> QuerySet[SignUp]:
    """The sign-ups of all owners' forms with this address. Uses index sign_up_mailbox."""
    sign_ups: QuerySet[SignUp] = SignUp.objects.filter(mailbox=mailbox_of(address), email=address)
    return sign_ups


def export(address: str) -> list[dict[str, Any]]:
    rows = of(address).select_related("form__owner", "wording").order_by("pk")
    return [
        {
            "form": row.form.name,
            "owner": str(row.form.owner),
            "wording": row.wording.text,
            "wording_of_opens": row.wording.opens_text,
            "topics": _topics(row),
            **{name: getattr(row, name) for name in EXPORTED},
        }
        for row in rows
    ]


def _topics(row: SignUp) -> list[str]:
    """The names of those that still exist; the answers have their keys."""
    chosen = Tag.objects.filter(pk__in=row.answers.get("topics", []))
    return list(chosen.order_by("name").values_list("name", flat=True))


def forget(address: str) -> int:
    """Returns how many there were."""
    return of(address).delete()[0]


NAME, PLURAL = gettext_noop("sign-up"), gettext_noop("sign-ups")
HOLDER = Holder(NAME, PLURAL, export, forget, lambda address: of(address).count())
