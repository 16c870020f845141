"""The catalogue of the fields that a condition of an owner may ask about: a form is made of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from campaigns.models import Attribute, AttributeKind, EngagementKind, MailConsent
from campaigns.segments import operators
from campaigns.segments.operators import Operator
from campaigns.wording import Text

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
    named: Text
    under: Text
    operators: tuple[Operator, ...]
    offered: tuple[tuple[str, Text], ...] = ()

    @property
    def label(self) -> str:
        return str(self.named)

    @property
    def heading(self) -> str:
        return str(self.under)

    @property
    def choices(self) -> tuple[tuple[str, str], ...]:
        return tuple((value, str(label)) for value, label in self.offered)

    def operator(self, name: str) -> Operator | None:
        return next((each for each in self.operators if each.name == name), None)


def _engagement(
    name: str, label: Text, did: tuple[Text, Text], did_not: tuple[Text, Text]
) -> Field:
    return Field(name, label, MESSAGES, operators.engagement(did, did_not))


CONTACT, MESSAGES, ATTRIBUTES = _("Contact"), pgettext_lazy("e-mail", "Messages"), _("Attributes")
FIXED = (
    Field("tag", _("Tag"), CONTACT, operators.TAG),
    Field("segment", _("Segment"), CONTACT, operators.SEGMENT),
    Field("name", _("Name"), CONTACT, operators.TEXT),
    Field("address", _("Address"), CONTACT, operators.TEXT[:-2]),
    Field("domain", _("Domain"), CONTACT, operators.DOMAIN),
    Field("language", _("Language"), CONTACT, operators.LANGUAGE),
    Field("created", _("Created"), CONTACT, operators.MOMENT),
    Field("imported", _("Import"), CONTACT, operators.IMPORTED),
    Field(
        "mail_consent",
        _("Consent to mail"),
        CONTACT,
        operators.STATED,
        tuple((choice.value, choice.label) for choice in MailConsent),
    ),
    Field("tracking_consent", _("Consent to open tracking"), CONTACT, operators.AGREED),
    Field("mailable", _("Suppression"), CONTACT, operators.MAILABLE),
    Field("part", _("Random part"), CONTACT, operators.PART),
    _engagement(
        "sent",
        _("Was sent"),
        (_("was sent"), _("was sent {value}")),
        (_("was not sent"), _("was not sent {value}")),
    ),
    _engagement(
        "delivered",
        _("Was delivered"),
        (_("was delivered"), _("was delivered {value}")),
        (_("was not delivered"), _("was not delivered {value}")),
    ),
    _engagement(
        "opened",
        _("Opened"),
        (_("opened"), _("opened {value}")),
        (_("did not open"), _("did not open {value}")),
    ),
    _engagement(
        "clicked",
        _("Clicked"),
        (_("clicked"), _("clicked {value}")),
        (_("did not click"), _("did not click {value}")),
    ),
    _engagement(
        "bounced",
        _("Bounced"),
        (_("bounced for"), _("bounced for {value}")),
        (_("did not bounce for"), _("did not bounce for {value}")),
    ),
    _engagement(
        "unsubscribed",
        _("Unsubscribed"),
        (_("unsubscribed from"), _("unsubscribed from {value}")),
        (_("did not unsubscribe from"), _("did not unsubscribe from {value}")),
    ),
    _engagement(
        "complained",
        _("Reported as spam"),
        (_("reported as spam"), _("reported as spam {value}")),
        (_("did not report as spam"), _("did not report as spam {value}")),
    ),
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
