"""An attribute of all contacts gets another type or name, or is deleted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from campaigns.attributes import change, looking
from campaigns.attributes.change import Change
from campaigns.models import Attribute, Contact, Operation
from campaigns.operations.kinds import OperationProblem
from tests.factories import ContactFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(change, "PIECE", 2)


@pytest.fixture
def owner() -> User:
    return UserFactory()


def attribute(owner: User, key: str = "points", kind: str = "text") -> Attribute:
    return Attribute.objects.create(owner=owner, key=key, kind=kind)


def contacts(owner: User, *values: Any, key: str = "points") -> None:
    for value in values:
        ContactFactory(owner=owner, attributes={"other": "x", key: value})


def changed(row: Attribute, what: Change, **params: Any) -> Operation:
    operation = change.start(row, row.owner, what, "title", **params)
    while change.step(operation):
        operation = Operation.objects.get(pk=operation.pk)
    return operation


def to_type(row: Attribute, kind: str, choices: tuple[str, ...] = ()) -> Operation:
    operation = changed(row, Change.TYPE, kind=kind, choices=list(choices))
    row.refresh_from_db()
    return operation


def values(owner: User, key: str = "points") -> list[Any]:
    own = Contact.objects.filter(owner=owner).order_by("pk")
    return [contact.attributes.get(key) for contact in own]


def test_texts_become_numbers_and_what_is_none_stays(owner: User) -> None:
    row = attribute(owner)
    contacts(owner, "12", "1,5", "n/a", "007", 3)
    operation = to_type(row, "number")
    assert values(owner) == [12, 1.5, "n/a", "007", 3]
    assert (operation.result["changed"], operation.result["kept"]) == (2, 2)
    assert row.kind == "number"


def test_changing_it_back_makes_texts_again(owner: User) -> None:
    row = attribute(owner)
    contacts(owner, "12", "n/a", "7.5")
    to_type(row, "number")
    to_type(row, "text")
    assert values(owner) == ["12", "n/a", "7.5"]


@pytest.mark.parametrize(
    "kind, before, after",
    [
        ("date", "1.5.2026", "2026-05-01"),
        ("yes_no", "ja", True),
        ("yes_no", 1, True),
        ("choice", "gold", "Gold"),
        ("text", False, "no"),
        ("number", True, True),
    ],
)
def test_a_value_is_read_as_one_of_the_type(
    owner: User, kind: str, before: Any, after: Any
) -> None:
    contacts(owner, before)
    to_type(attribute(owner), kind, ("Gold", "Silver"))
    (value,) = values(owner)
    assert (value, type(value)) == (after, type(after))


def test_an_empty_text_and_null_are_no_number_and_go(owner: User) -> None:
    contacts(owner, "", None)
    to_type(attribute(owner), "number")
    assert [c.attributes for c in Contact.objects.filter(owner=owner)] == [{"other": "x"}] * 2


def test_other_attributes_stay_to_the_last_digit(owner: User) -> None:
    contacts(owner, "1")
    exact = '{"points": "1", "exact": 0.12345678901234567890123, "long": 123456789012345678901234}'
    with connection.cursor() as cursor:
        cursor.execute("UPDATE campaigns_contact SET attributes = %s", [exact])
        to_type(attribute(owner), "number")
        cursor.execute("SELECT attributes::text FROM campaigns_contact")
        text = cursor.fetchone()[0]
    assert "0.12345678901234567890123" in text and "123456789012345678901234" in text
    assert json.loads(text)["points"] == 1


def test_the_contacts_of_others_stay_as_they_are(owner: User) -> None:
    other = UserFactory()
    contacts(other, "12")
    to_type(attribute(owner), "number")
    changed(attribute(owner, "x"), Change.DELETE)
    assert values(other) == ["12"]


def test_it_goes_on_where_it_was_and_says_how_far_it_is(owner: User) -> None:
    contacts(owner, *"12345")
    operation = change.start(
        attribute(owner), owner, Change.TYPE, "title", kind="number", choices=[]
    )
    assert change.step(operation)
    again = Operation.objects.get(pk=operation.pk)
    assert (again.done, again.total) == (2, 5)
    while change.step(again):
        pass
    assert (again.done, again.result["changed"]) == (5, 5)


def test_a_new_name_takes_the_values_along(owner: User) -> None:
    row = attribute(owner)
    contacts(owner, "1", 2)
    changed(row, Change.RENAME, to="score")
    row.refresh_from_db()
    assert row.key == "score"
    assert values(owner, "score") == ["1", 2] and values(owner) == [None, None]


def test_a_value_of_the_new_name_is_not_overwritten(owner: User) -> None:
    ContactFactory(owner=owner, attributes={"points": 1, "score": 2})
    operation = changed(attribute(owner), Change.RENAME, to="score")
    assert Contact.objects.get().attributes == {"points": 1, "score": 2}
    assert operation.result["kept_ids"] == [Contact.objects.get().pk]


def test_a_deletion_takes_the_values_and_then_the_attribute(owner: User) -> None:
    contacts(owner, "1", "2")
    changed(attribute(owner), Change.DELETE)
    assert values(owner) == [None, None] and values(owner, "other") == ["x", "x"]
    assert not Attribute.objects.exists()


def test_an_attribute_that_was_deleted_meanwhile_ends_it(owner: User) -> None:
    row = attribute(owner)
    operation = change.start(row, owner, Change.TYPE, "title", kind="number", choices=[])
    row.delete()
    with pytest.raises(OperationProblem):
        change.step(operation)


def test_a_look_before_counts_what_does_not_convert(owner: User) -> None:
    contacts(owner, "12", "n/a", "n/a", True)
    contacts(owner, "x", key="points2")
    look = looking.look(attribute(owner), "number")
    assert (look.having, look.unfit) == (4, 3)
    assert look.reasons == ["“n/a” is no number.", "“yes” is no number."]
    assert look.frequent[0] == "n/a"


def test_how_many_have_each_is_counted_in_the_newest(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(looking, "NEWEST_OF_LIST", 2)
    contacts(owner, "1", "2", "3")
    contacts(UserFactory(), "1")
    assert looking.counts(owner.pk) == {"points": 2, "other": 2}
