"""The variables that one may write in a template: how many contacts have each, and examples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from campaigns.models import Attribute, Contact
from campaigns.preflight import merge_fields
from campaigns.rendering.liquid import environment

OF_CONTACTS = ("name", "email")
LINKS = {
    "unsubscribe_url": _(
        "Where one unsubscribes. Every message needs it; without it, a footer is added."
    ),
    "preferences_url": _("Where one chooses what to get."),
    "web_view_url": _("Where the message is seen in a browser."),
}
SAMPLED = 200
"""Among how many of the newest contacts an example is looked for."""
LONGEST = 60


@dataclass(frozen=True, slots=True)
class Variable:
    """`having` of the counted contacts have a value; None where that is not counted."""

    name: str
    label: str
    having: int | None
    example: str

    @property
    def written(self) -> str:
        return merge_fields.written((self.name,))


def listed(owner_id: int | None) -> tuple[list[Variable], int]:
    """Of an owner's contacts, and among how many of the newest they are counted. Of more attributes
    than merge_fields.MOST, the further ones are not counted.
    """
    labels = dict(
        Attribute.objects.filter(owner=owner_id).order_by("key").values_list("key", "label")
    )
    keys = [*OF_CONTACTS, *labels]
    total, empty = merge_fields.empty_of(owner_id, [(key,) for key in keys])
    examples = _examples(owner_id, keys)
    made = [
        Variable(
            name=key,
            label=labels.get(key) or "",
            having=total - empty[(key,)] if (key,) in empty else None,
            example=examples.get(key, ""),
        )
        for key in keys
    ]
    return [*made, *(Variable(name, str(said), None, "") for name, said in LINKS.items())], total


def _examples(owner_id: int | None, keys: Sequence[str]) -> dict[str, str]:
    """Of each the first value found, as text."""
    found: dict[str, str] = {}
    for contact in Contact.objects.filter(owner=owner_id).order_by("-pk")[:SAMPLED]:
        values = contact.merge_variables()
        for key in keys:
            text = str(values.get(key) or "").strip()
            if text and key not in found:
                found[key] = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    return found


def names(owner_id: int | None) -> list[str]:
    keys = Attribute.objects.filter(owner=owner_id).order_by("key").values_list("key", flat=True)
    return [*OF_CONTACTS, *keys]


def words_of(owner_id: int | None) -> Mapping[str, Sequence[str]]:
    """What an editor offers while one writes."""
    return {"variables": [*names(owner_id), *LINKS], **environment.words()}
