"""One entry of the table of screens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


@dataclass(frozen=True, slots=True)
class Screen:
    """`document` is a name of the catalogue, `anchor` that of a heading of its English text."""

    sentence: _StrPromise
    document: str
    anchor: str = ""


Screens = dict[str, Screen]
"""By the names of URLs, without "admin:"."""


def of_model(name: str, listed: _StrPromise, one: _StrPromise, *document: str) -> Screens:
    """The pages that Django makes for a model. `listed` is for the list, `one` for a row."""
    deleted = _("Says what goes with it and what keeps it, before anything is deleted.")
    return {
        f"{name}_changelist": Screen(listed, *document),
        f"{name}_add": Screen(one, *document),
        f"{name}_change": Screen(one, *document),
        f"{name}_delete": Screen(deleted, *document),
        f"{name}_history": Screen(_("Who changed this, what and when."), "see-who-did-what"),
    }
