"""An exported file comes in as the same contacts."""

from __future__ import annotations

import datetime as dt
from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.exports import asking, contacts
from campaigns.exports.asking import Export
from campaigns.imports.writing.contacts import import_contacts
from campaigns.models import Attribute, Contact, Suppression
from tests.campaigns.admin.staff import MANAGER, member
from tests.factories import ContactFactory, TagFactory

pytestmark = pytest.mark.django_db
KINDS = {"points": "number", "since": "date", "vip": "yes_no", "plan": "choice", "note": "text"}


@pytest.fixture
def user() -> User:
    user = member(MANAGER)
    for key, kind in KINDS.items():
        choices = ["Gold", "Silver"] if kind == "choice" else []
        Attribute.objects.create(owner=user, key=key, kind=kind, choices=choices)
    return user


def exported(user: User, format: str = "csv") -> bytes:
    export = Export(user, contacts.NAME, format, {}, "all contacts")
    keys = export.few_keys()
    assert keys is not None
    return b"".join(asking.file_of(export, keys))


def state(user: User) -> list[dict[str, Any]]:
    return [
        {
            "email": contact.email,
            "name": contact.name,
            "attributes": contact.attributes,
            "tags": sorted(tag.name for tag in contact.tags.all()),
            "tracking_consent": contact.tracking_consent,
            "mail_consent": contact.mail_consent,
            "mail_consent_at": contact.mail_consent_at,
        }
        for contact in Contact.objects.filter(owner=user).order_by("email")
    ]


def make_contacts(user: User) -> None:
    attributes = {
        "points": -12.5,
        "since": "2024-02-29",
        "vip": False,
        "plan": "Gold",
        "note": "=1+1",
    }
    one = ContactFactory(
        owner=user,
        email="+ada@example.com",
        name="=Ada, “Countess”",
        attributes=attributes,
        tracking_consent=True,
        mail_consent="given",
        mail_consent_at=dt.datetime(2026, 5, 1, 12, 0, 5, tzinfo=dt.UTC),
    )
    one.tags.add(TagFactory(owner=user, name="Seeds, bulbs"), TagFactory(owner=user, name="VIP"))
    other = {"points": 7, "vip": True, "note": "+49 30 123"}
    ContactFactory(owner=user, email="b@example.com", name="", attributes=other)
    ContactFactory(owner=user, email="c@example.com", attributes={"note": "007"})
    ContactFactory(owner=user, email="d@example.com", attributes={"note": "a;=1+1|-2;'=3"})


def test_no_contact_changes_by_its_own_export(user: User) -> None:
    make_contacts(user)
    before = state(user)
    import_contacts(BytesIO(exported(user)), user)
    assert state(user) == before


def test_contacts_that_were_deleted_come_back_as_they_were(user: User) -> None:
    make_contacts(user)
    before, file = state(user), exported(user)
    Contact.objects.all().delete()
    import_contacts(BytesIO(file), user)
    assert state(user) == before


def test_who_refused_to_be_mailed_is_not_made_to_agree(user: User) -> None:
    ContactFactory(owner=user, email="a@example.com", mail_consent="refused")
    import_contacts(BytesIO(exported(user)), user)
    assert [each["mail_consent"] for each in state(user)] == ["refused"]
    assert not Suppression.objects.exists()
