"""The search for contacts by any part of their names and addresses."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from campaigns import contact_search
from campaigns.models import Contact, SearchBlock
from tests.factories import ContactFactory, UserFactory

pytestmark = pytest.mark.django_db

PEOPLE = (
    ("ada.lovelace@example.com", "Ada Lovelace"),
    ("grace@navy.example", "Grace Hopper"),
    ("wang@qq.example", "王芳"),
    ("juergen@xn--bcher-kva.example", "Jürgen ÄRGER"),
    ("50%off@example.org", "Per_Cent"),
)


@pytest.fixture
def owner() -> User:
    user: User = UserFactory()
    for email, name in PEOPLE:
        ContactFactory(owner=user, email=email, name=name)
    return user


def found(owner: User, words: str) -> list[str]:
    contacts = Contact.objects.visible_to(owner)
    rows = contact_search.search(contacts, words, owner).order_by("pk")
    return [contact.email.partition("@")[0] for contact in rows]


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ("velac", ["ada.lovelace"]),
        ("HOPPER", ["grace"]),
        ("navy.ex", ["grace"]),
        ("ada love", ["ada.lovelace"]),
        ("hopper grace", ["grace"]),
        ("ada hopper", []),
        ("芳", ["wang"]),
        ("王芳", ["wang"]),
        ("v", ["ada.lovelace", "grace", "juergen"]),
        ("vy", ["grace"]),
        ("bücher", ["juergen"]),
        ("xn--bcher", ["juergen"]),
        ("@BÜCHER.example", ["juergen"]),
        ("ärger", ["juergen"]),
        ("%", ["50%off"]),
        ("per_c", ["50%off"]),
        ("per.c", []),
        ("ada\x00", []),
        ("example.com\nada", ["ada.lovelace"]),
        ("com ada", ["ada.lovelace"]),
        ("comada", []),
        ("\\", []),
    ],
)
def test_any_part_is_found(owner: User, words: str, names: list[str]) -> None:
    assert found(owner, words) == names


def test_no_words_find_all(owner: User) -> None:
    assert len(found(owner, "  ")) == len(PEOPLE)


def test_other_owners_are_not_found(owner: User) -> None:
    ContactFactory(email="ada@foreign.example", name="Ada")
    assert found(owner, "ada") == ["ada.lovelace"]


def test_the_words_of_neighbours_together_find_neither(owner: User) -> None:
    assert found(owner, "grace lovelace") == []


def test_a_changed_name_is_found_and_the_old_one_is_not_kept(owner: User) -> None:
    ada = Contact.objects.get(name="Ada Lovelace")
    Contact.objects.filter(pk=ada.pk).update(name="Countess", email="ada@example.com")
    assert found(owner, "countess") == ["ada"]
    assert found(owner, "lovelace") == []
    assert not SearchBlock.objects.filter(texts__contains="lovelace").exists()
    assert found(owner, "hopper") == ["grace"]


def test_what_is_deleted_leaves_nothing(owner: User) -> None:
    Contact.objects.filter(name="Grace Hopper").delete()
    assert not SearchBlock.objects.filter(texts__contains="grace").exists()
    assert found(owner, "lovelace") == ["ada.lovelace"]


def test_a_contact_given_to_another_owner_is_found_there(owner: User) -> None:
    other = UserFactory()
    Contact.objects.filter(name="Grace Hopper").update(owner=other)
    assert (found(owner, "grace"), found(other, "grace")) == ([], ["grace"])


def test_a_change_of_other_fields_writes_no_block(owner: User) -> None:
    before = set(SearchBlock.objects.values_list("pk", flat=True))
    Contact.objects.update(attributes={"city": "Malmö"}, mail_consent="given")
    assert set(SearchBlock.objects.values_list("pk", flat=True)) == before


@pytest.mark.parametrize("most", ["MOST_BLOCKS", "MOST_FOUND"])
def test_where_many_have_it_all_of_them_are_found(
    owner: User, most: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contact_search, most, 0)
    assert found(owner, "example") == [email.partition("@")[0] for email, _ in PEOPLE]
    assert found(owner, "hopper") == ["grace"]


def test_contacts_in_many_blocks_are_found(owner: User) -> None:
    names = [(f"p{number}@many.example", f"Person {number}") for number in range(100)]
    Contact.objects.bulk_create(
        Contact(owner=owner, email=email, name=name) for email, name in names
    )
    assert len(found(owner, "many.example")) == 100
    assert found(owner, "person 77") == ["p77"]
