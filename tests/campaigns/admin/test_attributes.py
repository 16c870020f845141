"""The pages of attributes: their types, and changes for all contacts after a question."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.attributes import change
from campaigns.models import Attribute, Contact, Operation
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import ContactFactory, SegmentFactory, TemplateFactory

pytestmark = pytest.mark.django_db
MODEL = "campaigns.attribute"


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def points(user: User) -> Attribute:
    for value in ("12", "n/a"):
        ContactFactory(owner=user, attributes={"points": value})
    return Attribute.objects.create(owner=user, key="points")


def post(user: User, page: str, row: Attribute, **form: str) -> Any:
    return signed_in(user).post(address(MODEL, page, row.pk), form, follow=True)


def add(user: User, **form: str) -> Any:
    return signed_in(user).post(address(MODEL, "add"), {"kind": "text", **form}, follow=True)


class TestANewOne:
    def test_has_the_name_that_the_heading_of_a_file_gets(self, user: User) -> None:
        add(user, key="Letzter Kauf (€)")
        assert Attribute.objects.get().key == "letzter_kauf"

    def test_of_a_choice_has_choices(self, user: User) -> None:
        page = page_of(add(user, key="plan", kind="choice"))
        assert "Enter the choices, one a line." in page
        add(user, key="plan", kind="choice", choices=" Gold \n\nSilver\nGold")
        assert Attribute.objects.get().choices == ["Gold", "Silver"]

    def test_of_the_same_name_is_refused(self, user: User, points: Attribute) -> None:
        assert "There is an attribute with this name already." in page_of(add(user, key="Points"))

    @pytest.mark.parametrize("key", ["€", "a\x00b", " "])
    def test_of_no_name_is_refused(self, user: User, key: str) -> None:
        assert add(user, key=key).status_code == 200
        assert not Attribute.objects.exists()


class TestThePage:
    def test_keeps_name_and_type_and_changes_the_label(self, user: User, points: Attribute) -> None:
        post(user, "change", points, label="Points earned", key="x", kind="number")
        points.refresh_from_db()
        assert (points.key, points.kind, points.label) == ("points", "text", "Points earned")

    def test_has_choices_if_it_is_one(self, user: User, points: Attribute) -> None:
        url = address("campaigns.attribute", "change", points.pk)
        assert 'name="choices"' not in page_of(signed_in(user).get(url))
        Attribute.objects.filter(pk=points.pk).update(kind="choice", choices=["a"])
        assert 'name="choices"' in page_of(signed_in(user).get(url))

    def test_of_the_list_says_how_many_have_it(self, user: User, points: Attribute) -> None:
        response = signed_in(user).get(address(MODEL, "changelist"))
        assert "of the newest 5,000 contacts" in page_of(response).lower()
        assert response.context["cl"].result_list[0].having == 2

    def test_is_not_deleted_by_djangos_own_page(self, user: User, points: Attribute) -> None:
        assert post(user, "delete", points, post="yes").status_code == 403


class TestAnotherType:
    def test_is_asked_for_with_what_would_not_convert(self, user: User, points: Attribute) -> None:
        page = page_of(post(user, "change_type", points, kind="number"))
        assert "2 values among the newest 20,000 contacts" in page
        assert "1 value of 2 would not convert." in page
        assert "“n/a” is no number." in page
        assert not Operation.objects.exists()

    def test_is_given_in_the_cluster_and_told(self, user: User, points: Attribute) -> None:
        response = post(user, "change_type", points, kind="number", **CONFIRM)
        operation = Operation.objects.get()
        assert "It has begun." in texts(response)
        assert operation.title == "points: Text → Number"
        assert entries(points)[0][0] == user.username
        while change.step(operation):
            pass
        Operation.objects.update(state="done")
        page = page_of(signed_in(user).get(address("campaigns.operation", "change", operation.pk)))
        assert "1 contact changed." in page
        assert "1 contact has a value that is none of the type; it stays as it was." in page
        assert str(Contact.objects.latest("pk")) in page and "n/a" in page

    def test_with_choices_takes_them_along(self, user: User, points: Attribute) -> None:
        post(user, "change_type", points, kind="choice", choices="A\r\nB", **CONFIRM)
        assert Operation.objects.get().params["choices"] == ["A", "B"]

    def test_waits_for_the_end_of_another(self, user: User, points: Attribute) -> None:
        post(user, "change_type", points, kind="number", **CONFIRM)
        page = page_of(post(user, "change_type", points, kind="date", **CONFIRM))
        assert "A change of this attribute is under way." in page
        assert Operation.objects.count() == 1

    @pytest.mark.parametrize("kind", ["", "x", "\x00", "list"])
    def test_that_there_is_not_is_refused(self, user: User, points: Attribute, kind: str) -> None:
        assert post(user, "change_type", points, kind=kind, **CONFIRM).status_code == 200
        assert not Operation.objects.exists()


class TestAnotherName:
    def test_is_asked_for_with_what_uses_the_old_one(self, user: User, points: Attribute) -> None:
        TemplateFactory(owner=user, name="Spring", html="<p>{{ points }}</p>")
        TemplateFactory(name="Foreign", html="<p>{{ points }}</p>")
        line = {"field": "attribute:points", "operator": "filled"}
        SegmentFactory(owner=user, name="Rich", condition={"match": "all", "lines": [line]})
        page = page_of(post(user, "rename", points, key="score"))
        assert "The template “Spring” may use it." in page
        assert "The segment “Rich” asks for it." in page
        assert "Foreign" not in page

    def test_is_given_in_the_cluster(self, user: User, points: Attribute) -> None:
        post(user, "rename", points, key="Score!", **CONFIRM)
        assert Operation.objects.get().params["to"] == "score"

    @pytest.mark.parametrize("key", ["points", "taken", "", "€"])
    def test_that_cannot_be_is_refused(self, user: User, points: Attribute, key: str) -> None:
        Attribute.objects.create(owner=user, key="taken")
        assert post(user, "rename", points, key=key, **CONFIRM).status_code == 200
        assert not Operation.objects.exists()


class TestADeletion:
    def test_asks_first(self, user: User, points: Attribute) -> None:
        response = signed_in(user).get(address(MODEL, "delete_values", points.pk))
        assert "gone for good" in page_of(response)
        assert not Operation.objects.exists()

    def test_is_done_in_the_cluster(self, user: User, points: Attribute) -> None:
        post(user, "delete_values", points, **CONFIRM)
        assert Operation.objects.get().params["change"] == "delete"


@pytest.mark.parametrize("page", ["change_type", "rename", "delete_values"])
def test_nothing_changes_for_those_who_may_only_look_and_for_strangers(
    points: Attribute, page: str
) -> None:
    form = {"kind": "number", "key": "x", **CONFIRM}
    assert post(member(VIEWER), page, points, **form).status_code == 403
    assert post(member(MANAGER), page, points, **form).status_code == 404
    assert not Operation.objects.exists()
