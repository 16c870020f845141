"""The builder of conditions: every button shows the form again, and loses nothing."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db.models import BooleanField, Q
from django.db.models.expressions import RawSQL
from django.test import Client

from campaigns.models import Attribute, Segment
from tests.campaigns.admin.segments.building import ADD, FIGURES, Line, form, press
from tests.campaigns.admin.staff import MANAGER, NOBODY, address, member, page_of, signed_in
from tests.factories import (
    ContactFactory,
    ContentFactory,
    OperationFactory,
    SegmentFactory,
    SendingTaskFactory,
    TagFactory,
    TaskFactory,
    TeamFactory,
)
from tests.responses import ClientResponse
from tracking.models import Link

pytestmark = pytest.mark.django_db
NAME = ("name", "is", {"text": "Ada"})
EMPTY: Line = ("", "", {})


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def client(user: User) -> Client:
    return signed_in(user)


def allow(user: User, *codenames: str) -> None:
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))


def slow() -> Q:
    """A condition that takes longer than any limit."""
    return Q(RawSQL("pg_sleep(5) IS NULL", (), BooleanField()))


def names(response: ClientResponse) -> list[str]:
    """Of the controls of the condition, in the order of the page."""
    return re.findall(r'name="(c[-_][^"]*)"', page_of(response))


def options(response: ClientResponse, name: str) -> list[str]:
    (select,) = re.findall(rf'<select id="id_{name}".*?</select>', page_of(response))
    return re.findall(r"<option[^>]*>([^<]*)", select)


def value(response: ClientResponse, name: str) -> str:
    return str(re.findall(rf'name="{name}" value="([^"]*)"', page_of(response))[0])


class TestAButton:
    def test_adds_a_line_that_has_the_focus(self, client: Client) -> None:
        response = press(client, "line:c", NAME)
        assert "c-1__field" in names(response)
        focused = re.findall(r"<(?:select|button|input)[^>]*autofocus[^>]*>", page_of(response))
        assert [re.findall('name="([^"]*)"', each)[0] for each in focused] == ["c-1__field"]

    def test_adds_a_group_with_a_line(self, client: Client) -> None:
        assert {"c-1__match", "c-1-0__field"} <= set(names(press(client, "group:c", NAME)))

    def test_removes_a_line_and_keeps_the_others(self, client: Client) -> None:
        response = press(client, "remove:c-0", EMPTY, NAME)
        assert value(response, "c-0__text") == "Ada"
        assert "c-1__field" not in names(response)

    def test_saves_nothing(self, client: Client) -> None:
        for do in ("line:c", "group:c", "remove:c-0", "show", "count"):
            press(client, do, NAME)
        assert not Segment.objects.exists()

    def test_keeps_name_and_values_as_they_were_typed(self, client: Client) -> None:
        lines = [NAME, ("created", "last_days", {"days": "lots"})]
        response = press(client, "line:c", *lines, name="<Spring>")
        assert 'value="&lt;Spring&gt;"' in page_of(response)
        assert value(response, "c-1__days") == "lots"

    @pytest.mark.parametrize("do", ["", "x", "line:", "line:x", "remove:c", "remove:c-99", "line:c-0",
        "group:c-0-0-0-0-0-0", "remove:c--1", "line:c-²", "\x00", ":" * 500])  # fmt: skip
    def test_that_makes_no_sense_changes_nothing(self, client: Client, do: str) -> None:
        response = press(client, do, NAME)
        assert [n for n in names(response) if n.endswith("field")] == ["c-0__field"]

    def test_answers_htmx_without_saving(self, client: Client) -> None:
        client.post(ADD, form(NAME), headers={"HX-Request": "true"})
        assert not Segment.objects.exists()

    def test_nests_groups_as_deep_as_is_allowed(self, client: Client) -> None:
        deep = {f"c{'-0' * depth}__match": "all" for depth in range(1, 5)}
        response = press(client, "group:c-0-0-0-0", **deep)
        assert "c-0-0-0-0-0__match" not in names(response)
        assert 'value="group:c-0-0-0-0"' not in page_of(response)
        assert 'value="group:c-0-0-0"' in page_of(response)


class TestALine:
    def test_asks_what_fits_its_field(self, client: Client) -> None:
        response = press(client, "show", ("tag", "", {}))
        assert options(response, "c-0__operator") == [
            "has", "does not have", "has any", "has none",
        ]  # fmt: skip
        assert "c-0__tag" in names(response)

    def test_offers_the_rows_of_the_owner_alone(self, client: Client, user: User) -> None:
        for owner, of in ((user, "own"), (member(MANAGER), "foreign")):
            TagFactory(owner=owner, name=f"{of} tag")
            SegmentFactory(owner=owner, name=f"{of} segment")
            OperationFactory(owner=owner, title=f"{of} import")
            SendingTaskFactory(owner=owner, name=f"{of} campaign", launched_at="2030-01-01T00:00Z")
        lines: list[Line] = [
            ("tag", "has", {}),
            ("segment", "in", {}),
            ("imported", "is", {}),
            ("sent", "did", {}),
        ]
        page = page_of(press(client, "show", *lines))
        for kind in ("tag", "segment", "import", "campaign"):
            assert f"own {kind}" in page
            assert f"foreign {kind}" not in page

    def test_offers_the_rows_of_the_team_that_is_chosen(self, client: Client, user: User) -> None:
        team = TeamFactory(members=[user])
        TagFactory(owner=user, name="own tag")
        TagFactory(owner=team.account, name="shared tag")
        page = page_of(press(client, "show", ("tag", "has", {}), owner=team.pk))
        assert "shared tag" in page
        assert "own tag" not in page

    def test_offers_the_links_of_the_campaign_that_is_chosen(
        self, client: Client, user: User
    ) -> None:
        own = ContentFactory(task__owner=user, task__launched_at="2030-01-01T00:00Z")
        foreign = ContentFactory()
        for content in (own, foreign):
            to = f"https://example.com/{content.task.pk}"
            Link.objects.create(content=content, position=1, destination=to)
        response = press(client, "show", ("clicked", "did", {"campaign": own.task.pk}))
        assert options(response, "c-0__link") == ["any link", f"https://example.com/{own.task.pk}"]
        response = press(client, "show", ("clicked", "did", {"campaign": foreign.task.pk}))
        assert options(response, "c-0__link") == ["any link"]

    def test_keeps_what_was_entered_for_another_field(self, client: Client) -> None:
        parts = {"text": "Ada", "days": "30"}
        response = press(client, "show", ("created", "last_days", parts))
        assert value(response, "c-0__text") == "Ada"
        assert '<input type="hidden" name="c-0__text"' in page_of(response)

    def test_says_that_a_row_is_gone(self, client: Client) -> None:
        response = press(client, "show", ("tag", "has", {"tag": "999"}))
        assert "(gone)" in options(response, "c-0__tag")


class TestSaving:
    def test_stores_the_condition(self, client: Client, user: User) -> None:
        vip = TagFactory(owner=user)
        client.post(ADD, form(NAME, ("tag", "has", {"tag": vip.pk})))
        assert Segment.objects.get().condition == {
            "match": "all",
            "lines": [
                {"field": "name", "operator": "is", "value": "Ada"},
                {"field": "tag", "operator": "has", "value": vip.pk},
            ],
        }

    @pytest.mark.parametrize(
        ("field", "operator", "parts", "stored"),
        [
            ("created", "between", {"date": "2026-05-01", "date_to": "2026-06-01"}, ["2026-05-01", "2026-06-01"]),
            ("created", "last_days", {"days": "30"}, 30),
            ("domain", "is", {"text": "Example.com"}, "example.com"),
            ("mail_consent", "is", {"choice": "given"}, "given"),
            ("mailable", "yes", {}, None),
            ("opened", "did_not", {"within": "90", "times": "2", "by": "people"}, {"days": 90, "times": 2}),
            ("clicked", "did", {"link": "https://example.com/", "by": "anyone"}, {"link": "https://example.com/", "by": "anyone"}),
            ("sent", "did", {"link": "https://example.com/", "by": "machines"}, {}),
            ("part", "is", {"part": "1", "of": "2", "seed": "x"}, {"part": 1, "of": 2, "seed": "x"}),
        ],
    )  # fmt: skip
    def test_understands_every_kind_of_value(
        self, client: Client, field: str, operator: str, parts: dict[str, str], stored: object
    ) -> None:
        client.post(ADD, form((field, operator, parts)))
        assert Segment.objects.get().condition["lines"][0]["value"] == stored

    def test_shows_what_was_stored(self, client: Client, user: User) -> None:
        lines = [
            ("created", "between", {"date": "2026-05-01", "date_to": "2026-06-01"}),
            ("opened", "did_not", {"within": "90", "times": "2", "by": "anyone"}),
        ]
        client.post(ADD, form(*lines))
        response = client.get(address("campaigns.segment", "change", Segment.objects.get().pk))
        for number, (_, _, parts) in enumerate(lines):
            for name, entered in parts.items():
                assert entered in page_of(response), f"c-{number}__{name}"

    def test_says_at_each_line_what_is_wrong_and_keeps_all(self, client: Client) -> None:
        lines = [("created", "last_days", {"days": "lots"}), EMPTY, NAME]
        response = client.post(ADD, form(*lines))
        page = page_of(response)
        assert "It is not saved yet." in page
        assert re.search('id="error_c-0"[^>]*>Enter a number of days', page)
        assert re.search('id="error_c-1"[^>]*>Choose a field', page)
        assert 'id="error_c-2"' not in page
        assert value(response, "c-0__days") == "lots"
        assert value(response, "c-2__text") == "Ada"
        assert not Segment.objects.exists()

    def test_refuses_an_empty_condition_and_an_empty_group(self, client: Client) -> None:
        assert "would hold every contact" in page_of(client.post(ADD, form()))
        page = page_of(client.post(ADD, form(NAME, **{"c-1__match": "any"})))
        assert "Add a line to this group, or remove it." in page

    def test_refuses_a_row_of_another_owner(self, client: Client) -> None:
        foreign = TagFactory()
        page = page_of(client.post(ADD, form(("tag", "has", {"tag": foreign.pk}))))
        assert "is gone" in page
        assert foreign.name not in page

    def test_refuses_a_circle(self, client: Client, user: User) -> None:
        first = SegmentFactory(owner=user, name="First")
        within = {"field": "segment", "operator": "in", "value": first.pk}
        second = SegmentFactory(
            owner=user, name="Second", condition={"match": "all", "lines": [within]}
        )
        url = address("campaigns.segment", "change", first.pk)
        page = page_of(client.post(url, form(("segment", "in", {"segment": second.pk}))))
        assert "A segment cannot be part of itself" in page

    def test_two_that_are_saved_at_once_take_turns(
        self, client: Client, user: User, django_assert_max_num_queries: Any
    ) -> None:
        used = SegmentFactory(owner=user, name="Used")
        with django_assert_max_num_queries(100) as found:
            client.post(ADD, form(("segment", "in", {"segment": used.pk})))
        asked = [query["sql"] for query in found.captured_queries]
        turn = next(n for n, sql in enumerate(asked) if "FOR NO KEY UPDATE" in sql)
        within = f'"campaigns_segment"."id" = {used.pk}'
        assert max(n for n, sql in enumerate(asked) if within in sql) > turn


class TestTheFigures:
    @pytest.fixture(autouse=True)
    def contacts(self, user: User) -> None:
        for name in ("Ada", "Bob"):
            ContactFactory(owner=user, name=name)
        ContactFactory(name="Ada", email="foreign@example.com")

    def test_are_sentence_count_and_samples(self, client: Client) -> None:
        page = page_of(client.post(FIGURES, form(NAME)))
        assert "Contacts for whom this holds: Name is “Ada”." in page
        assert "1 contact<" in page
        assert "Ada, contact" in page
        assert "foreign@example.com" not in page

    def test_are_of_the_lines_that_are_complete(self, client: Client) -> None:
        page = page_of(client.post(FIGURES, form(NAME, EMPTY)))
        assert "Not counted in: 1 line that is not complete yet." in page
        assert "1 contact<" in page

    def test_say_what_is_wrong_with_a_line_that_is_filled_in(
        self, client: Client, user: User
    ) -> None:
        Attribute.objects.create(owner=user, key="points", kind="number")
        points = ("attribute:points", "more", {"number": "many"})
        page = page_of(client.post(FIGURES, form(points)))
        assert "Enter a number" in page
        assert "Choose a field and what is asked of it" not in page

    def test_complain_of_no_line_that_is_still_empty(self, client: Client, user: User) -> None:
        Attribute.objects.create(owner=user, key="points", kind="number")
        between = ("attribute:points", "between", {"number": "3", "number_to": ""})
        page = page_of(client.post(FIGURES, form(between)))
        assert "Choose a field and what is asked of it" in page

    def test_say_when_counting_takes_too_long(
        self, client: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("campaigns.admin.segments.counting.SECONDS", 0.001)
        monkeypatch.setattr(
            "campaigns.segments.matching.compile_condition",
            lambda *args, **kwargs: slow(),
        )
        assert "Counting takes too long just now." in page_of(client.post(FIGURES, form(NAME)))

    def test_come_with_the_page_without_scripts(self, client: Client) -> None:
        assert "1 contact<" in page_of(press(client, "count", NAME))

    def test_say_that_only_recorded_opens_are_known(self, client: Client) -> None:
        page = page_of(client.post(FIGURES, form(("opened", "did_not", {}))))
        assert "An open is known only where it is recorded" in page

    def test_of_a_list_are_counted_one_by_one(self, client: Client, user: User) -> None:
        line = {"field": "name", "operator": "is", "value": "Ada"}
        row = SegmentFactory(owner=user, condition={"match": "all", "lines": [line]})
        url = address("campaigns.segment", "size", row.pk)
        assert f'hx-get="{url}"' in page_of(client.get(address("campaigns.segment", "changelist")))
        assert page_of(client.get(url)) == "1"

    def test_name_no_contact_to_staff_who_may_not_see_contacts(self) -> None:
        viewer = member(NOBODY)
        permissions = ("view_segment", "add_segment")
        allow(viewer, *permissions)
        ContactFactory(owner=viewer, name="Ada", email="ada@example.com")
        page = page_of(signed_in(viewer).post(FIGURES, form(NAME)))
        assert "1 contact<" in page
        assert "ada@example.com" not in page


def test_a_draft_campaign_is_not_offered(client: Client, user: User) -> None:
    TaskFactory(owner=user, name="Not launched")
    assert "Not launched" not in page_of(press(client, "show", ("sent", "did", {})))
