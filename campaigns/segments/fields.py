"""The catalogue of the fields that a condition of an owner may ask about: a form is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from campaigns.models import Attribute, AttributeKind, EngagementKind, MailConsent
from campaigns.segments import operators
from campaigns.segments.operators import Operator

ATTRIBUTE = "attribute:"
"""Before the key of an attribute: `attribute:plan`."""
ENGAGEMENT = {
    "sent": EngagementKind.SENT,
    "delivered": EngagementKind.DELIVERED,
    "opened": EngagementKind.OPENED,
    "clicked": EngagementKind.CLICKED,
    "bounced": EngagementKind.BOUNCED,
    "unsubscribed": EngagementKind.UNSUBSCRIBED,
    "complained": EngagementKind.COMPLAINED,
}
BY_MACHINES = frozenset({"opened", "clicked"})
"""Fields of what people and machines do."""


@dataclass(frozen=True, slots=True)
class Field:
    """`heading` groups the fields in a list to choose from; `choices` are values and labels."""

    name: str
    label: str
    heading: str
    operators: tuple[Operator, ...]
    choices: tuple[tuple[str, str], ...] = ()

    def operator(self, name: str) -> Operator | None:
        return next((each for each in self.operators if each.name == name), None)


def _engagement(name: str, label: str, did: str, did_not: str) -> Field:
    return Field(name, label, MESSAGES, operators.engagement(did, did_not))


CONTACT, MESSAGES, ATTRIBUTES = "Contact", "Messages", "Attributes"
FIXED = (
    Field("tag", "Tag", CONTACT, operators.TAG),
    Field("segment", "Segment", CONTACT, operators.SEGMENT),
    Field("name", "Name", CONTACT, operators.TEXT),
    Field("address", "Address", CONTACT, operators.TEXT[:-2]),
    Field("domain", "Domain", CONTACT, operators.DOMAIN),
    Field("language", "Language", CONTACT, operators.LANGUAGE),
    Field("created", "Created", CONTACT, operators.MOMENT),
    Field("imported", "Import", CONTACT, operators.IMPORTED),
    Field(
        "mail_consent",
        "Consent to mail",
        CONTACT,
        operators.STATED,
        tuple((choice.value, str(choice.label)) for choice in MailConsent),
    ),
    Field("tracking_consent", "Consent to open tracking", CONTACT, operators.AGREED),
    Field("mailable", "Suppression", CONTACT, operators.MAILABLE),
    Field("part", "Random part", CONTACT, operators.PART),
    _engagement("sent", "Was sent", "was sent", "was not sent"),
    _engagement("delivered", "Was delivered", "was delivered", "was not delivered"),
    _engagement("opened", "Opened", "opened", "did not open"),
    _engagement("clicked", "Clicked", "clicked", "did not click"),
    _engagement("bounced", "Bounced", "bounced for", "did not bounce for"),
    _engagement("unsubscribed", "Unsubscribed", "unsubscribed from", "did not unsubscribe from"),
    _engagement("complained", "Reported as spam", "reported as spam", "did not report as spam"),
)
_BY_NAME = {each.name: each for each in FIXED}


@dataclass(frozen=True)
class Catalogue:
    """The fields of one owner. Reads the owner's attributes once, when they are needed."""

    owner_id: int

    def __iter__(self) -> Iterator[Field]:
        return iter((*FIXED, *self._attributes.values()))

    def find(self, name: str) -> Field | None:
        """A field by its name. An attribute that is not registered is a text: imports of long ago
        wrote values without a type."""
        if not name.startswith(ATTRIBUTE):
            return _BY_NAME.get(name)
        return self._attributes.get(name) or self._text(name)

    @cached_property
    def _attributes(self) -> dict[str, Field]:
        rows = Attribute.objects.filter(owner=self.owner_id).order_by("key")
        return {f"{ATTRIBUTE}{row.key}": _of_attribute(row) for row in rows}

    def _text(self, name: str) -> Field | None:
        key = name.removeprefix(ATTRIBUTE)
        if not key or len(key) > 110 or "\x00" in key:
            return None
        return Field(name, key, ATTRIBUTES, operators.TEXT)


def _of_attribute(row: Attribute) -> Field:
    return Field(
        f"{ATTRIBUTE}{row.key}",
        row.label or row.key,
        ATTRIBUTES,
        operators.OF_ATTRIBUTES[AttributeKind(row.kind)],
        tuple((choice, choice) for choice in row.choices),
    )
