"""Sample values for the preview, and templates that read attributes by type."""

from __future__ import annotations

import pytest

from campaigns.models import Attribute, Contact
from campaigns.preflight import samples
from tests.factories import ContactFactory, TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db

TEMPLATE = (
    '<p>{% if points > 9 %}many{% else %}few{% endif %} {{ since | date: "%-d %B %Y" }} '
    "{% if vip %}VIP{% else %}not VIP{% endif %} {{ plan }}</p>"
)
KINDS = {"points": "number", "since": "date", "vip": "yes_no", "plan": "choice", "note": "text"}


def rendered(contact_attributes: dict[str, object] | None) -> str:
    owner = UserFactory()
    for key, kind in KINDS.items():
        choices = ["Gold", "Silver"] if kind == "choice" else []
        Attribute.objects.create(owner=owner, key=key, kind=kind, choices=choices)
    Attribute.objects.create(owner=UserFactory(), key="points", kind="yes_no")
    template = TemplateFactory(owner=owner, html=TEMPLATE)
    contact: Contact | None = None
    if contact_attributes is not None:
        contact = ContactFactory(owner=owner, attributes=contact_attributes)
    return samples.render(template, contact, samples.usual_sender(template)).html


def test_without_a_contact_each_attribute_has_a_sample_of_its_type() -> None:
    assert "many 1 May 2026 VIP Gold" in rendered(None)


def test_a_template_reads_values_of_their_types() -> None:
    values = {"points": 10, "since": "2024-02-29", "vip": False, "plan": "Silver"}
    assert "many 29 February 2024 not VIP Silver" in rendered(values)


def test_a_number_is_compared_as_a_number_and_not_letter_by_letter() -> None:
    assert "few" in rendered({"points": 9}) and "many" in rendered({"points": 100})


def test_samples_of_known_names_stay() -> None:
    owner = UserFactory()
    Attribute.objects.create(owner=owner, key="first_name", kind="choice", choices=["x"])
    assert samples.values_of(None, owner.pk)["first_name"] == "Ada"
