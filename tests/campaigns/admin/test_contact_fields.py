"""The attributes of a contact as fields, each of its type."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.admin.contacts.attribute_fields import shown_for
from campaigns.models import Attribute, Contact
from tests.campaigns.admin.staff import MANAGER, VIEWER, address, member, page_of, signed_in
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def contact_with(user: User, **attributes: Any) -> Contact:
    contact: Contact = ContactFactory(owner=user, attributes=attributes)
    return contact


def field(contact: Contact, key: str) -> str:
    shown = shown_for(contact.owner_id, contact.attributes)
    return next(each.field_name for each in shown if each.key == key)


def save(user: User, contact: Contact, **values: str) -> Any:
    url = address("campaigns.contact", "change", contact.pk)
    client = signed_in(user)
    form = client.get(url).context["adminform"].form
    posted = {name: form[name].value() for name in form.fields if name != "attributes"}
    known = {name: value for name, value in posted.items() if value not in (None, "", [])}
    return client.post(url, {**known, **values}, follow=True)


def saved(contact: Contact) -> dict[str, Any]:
    attributes: dict[str, Any] = Contact.objects.get(pk=contact.pk).attributes
    return attributes


def typed(user: User, key: str, kind: str, **values: Any) -> None:
    Attribute.objects.create(owner=user, key=key, kind=kind, **values)


ODD = {"city": "Malmö", "score": 12.5, "vip": True, "odd": ["a", {"b": 1}], "long": "a\nb"}


def test_saving_unchanged_changes_nothing(user: User) -> None:
    contact = contact_with(user, **ODD)
    save(user, contact)
    assert saved(contact) == ODD


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("text", "Lund", "Lund"),
        ("number", "12.5", 12.5),
        ("number", "7", 7),
        ("date", "2026-05-01", "2026-05-01"),
        ("yes_no", "no", False),
        ("choice", "gold", "gold"),
    ],
)
def test_a_value_is_stored_by_its_type(user: User, kind: str, text: str, value: Any) -> None:
    typed(user, "key", kind, choices=["gold"] if kind == "choice" else [])
    contact = contact_with(user)
    save(user, contact, **{field(contact, "key"): text})
    assert saved(contact) == {"key": value}


@pytest.mark.parametrize(
    ("kind", "text", "problem"),
    [("number", "many", "is no number"), ("date", "2026-02-31", "is no date")],
)
def test_what_does_not_fit_is_explained(user: User, kind: str, text: str, problem: str) -> None:
    typed(user, "key", kind)
    contact = contact_with(user)
    assert problem in page_of(save(user, contact, **{field(contact, "key"): text}))
    assert saved(contact) == {}


def test_a_stored_value_that_does_not_fit_stays_while_unchanged(user: User) -> None:
    typed(user, "age", "number")
    contact = contact_with(user, age="about 40")
    save(user, contact, name="Ada")
    assert saved(contact) == {"age": "about 40"}


def test_an_emptied_field_takes_the_last_attribute_away(user: User) -> None:
    contact = contact_with(user, city="Malmö")
    save(user, contact, **{field(contact, "city"): ""})
    assert saved(contact) == {}


def test_a_new_attribute_is_added(user: User) -> None:
    contact = contact_with(user, city="Malmö")
    save(user, contact, new_attribute="Letzter Kauf", new_value="gestern")
    assert saved(contact) == {"city": "Malmö", "letzter_kauf": "gestern"}
    made = Attribute.objects.get()
    assert (made.owner, made.key, made.label) == (user, "letzter_kauf", "Letzter Kauf")


def test_a_name_in_templates_is_told_where_it_is_not_that_of_the_page(user: User) -> None:
    for key, label in (("last_order", "Last order"), ("field_1", "Last gift"), ("plan", "")):
        Attribute.objects.create(owner=user, key=key, label=label)
    shown = shown_for(user.pk, {})
    assert [each.label for each in shown] == ["Last gift (field_1)", "Last order", "plan"]


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("city", "Lund", "already"),
        ("", "Lund", "Name the attribute"),
        ("town", "", "Enter its value"),
        ("!!", "x", "needs a letter"),
        ("a\x00", "x", "Null characters"),
    ],
)
def test_a_new_attribute_that_cannot_be_is_explained(
    user: User, name: str, value: str, problem: str
) -> None:
    contact = contact_with(user, city="Malmö")
    assert problem in page_of(save(user, contact, new_attribute=name, new_value=value))
    assert saved(contact) == {"city": "Malmö"}


def test_two_hundred_attributes_are_saved_as_they_are(user: User) -> None:
    values = {f"key_{number}": f"value {number}" for number in range(200)}
    contact = contact_with(user, **values)
    save(user, contact, **{field(contact, "key_150"): "changed"})
    assert saved(contact) == {**values, "key_150": "changed"}


def test_keys_of_any_letters_are_fields(user: User) -> None:
    contact = contact_with(user, **{"颜色": "红", '"><script>': "x"})
    page = page_of(signed_in(user).get(address("campaigns.contact", "change", contact.pk)))
    assert "颜色" in page
    assert '"><script>' not in page


def test_consent_wants_a_source_and_gets_a_time(user: User) -> None:
    contact = contact_with(user)
    assert "Say where they agreed" in page_of(save(user, contact, mail_consent="given"))
    save(user, contact, mail_consent="given", mail_consent_source="fair")
    contact.refresh_from_db()
    assert (contact.mail_consent, contact.mail_consent_source) == ("given", "fair")
    assert contact.mail_consent_at is not None


def test_a_viewer_reads_the_attributes(user: User) -> None:
    contact = contact_with(user, city="Malmö", vip=True)
    url = address("campaigns.contact", "change", contact.pk)
    page = page_of(signed_in(member(VIEWER)).get(url))
    assert "<strong>city</strong>: Malmö" in page
    assert "<strong>vip</strong>: yes" in page
