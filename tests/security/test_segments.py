"""Conditions as an enemy posts them: huge, deep, wrong, foreign. A message, and no error of ours."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.db import few_at_once
from campaigns.models import Segment
from campaigns.segments.fields import FIXED
from tests.campaigns.admin.segments.building import ADD, FIGURES, Line, form
from tests.campaigns.admin.staff import MANAGER, address, member, page_of, signed_in
from tests.factories import (
    ContactFactory,
    ContentFactory,
    OperationFactory,
    SegmentFactory,
    TagFactory,
    TeamFactory,
)

pytestmark = pytest.mark.django_db
ODD = (
    "",
    "x",
    "9" * 30,
    "-1",
    "1e309",
    "nan",
    "²",
    "٣",
    "\x00",
    "😀" * 100,
    "'; --",
    "a" * 5000,
    "%s",
    "[]",
)
CONTROLS = (
    "text", "number", "number_to", "date", "date_to", "days", "choice", "choices", "tag", "segment",
    "import", "campaign", "link", "within", "times", "by", "part", "of", "seed",
)  # fmt: skip
TREES: dict[str, dict[str, Any]] = {
    "many lines": {f"c-{number}__field": "name" for number in range(900)},
    "many groups": {f"c-{number}__match": "all" for number in range(900)},
    "deep groups": {f"c{'-0' * depth}__match": "any" for depth in range(200)},
    "a line within a line": {"c-0__field": "name", "c-0-0__field": "name"},
    "a group that is a line": {"c-0__field": "name", "c-0__match": "all"},
    "no group": {"c-0-0-0__field": "name"},
    "odd names": {"c-x__field": "", "c-²__field": "", "c--__field": "", "c-0__": "", "c__": ""},
    "an odd match": {"c__match": "nonsense", "c-0__match": "\x00"},
    "numbers that are large": {"c-999__field": "name", "c-1000__field": "name"},
}
NAMED = {"field": "name", "operator": "set", "value": None}


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def client(user: User) -> Client:
    client = signed_in(user)
    client.raise_request_exception = False
    return client


@pytest.mark.parametrize("tree", TREES)
def test_an_odd_tree_is_shown_again_or_refused(client: Client, tree: str) -> None:
    posted = {"name": "x", "c__match": "all", **TREES[tree]}
    for more in ({}, {"_do": "line:c"}, {"_do": "remove:c-0"}):
        assert client.post(ADD, {**posted, **more}).status_code in (200, 400)
        assert client.post(FIGURES, {**posted, **more}).status_code in (200, 400)
    assert not Segment.objects.exists()


@pytest.mark.parametrize("field", [field.name for field in FIXED] + ["attribute:x"])
def test_an_odd_value_of_any_operator_is_no_error(client: Client, field: str) -> None:
    operators = next(([o.name for o in f.operators] for f in FIXED if f.name == field), ["is"])
    for odd in ODD:
        entered = dict.fromkeys(CONTROLS, odd)
        lines: list[Line] = [(field, operator, entered) for operator in operators]
        assert client.post(ADD, form(*lines)).status_code in (200, 302), odd
        assert client.post(FIGURES, form(*lines)).status_code == 200, odd


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_an_odd_field_or_operator_is_no_error(client: Client, odd: str) -> None:
    lines: list[Line] = [(odd, "is", {}), (f"attribute:{odd}", "is", {}), ("name", odd, {})]
    for url in (ADD, FIGURES):
        for line in lines:
            assert client.post(url, form(line)).status_code in (200, 302)


@pytest.mark.parametrize("odd", ODD, ids=range(len(ODD)))
def test_an_odd_owner_is_not_looked_into(client: Client, user: User, odd: str) -> None:
    TeamFactory(members=[user])
    for more in ({}, {"_do": "show"}):
        data = form(("name", "is", {"text": "x"}), owner=odd, **more)
        assert client.post(ADD, data).status_code == 200
        assert client.post(FIGURES, data).status_code == 200


def test_foreign_rows_are_neither_named_nor_counted(client: Client, user: User) -> None:
    other = member(MANAGER)
    contact = ContactFactory(owner=other, name="Secret")
    tag = TagFactory(owner=other, name="Secret")
    tag.contacts.add(contact)
    rows = {
        ("tag", "has"): {"tag": tag.pk},
        ("segment", "in"): {"segment": SegmentFactory(owner=other, name="Secret").pk},
        ("imported", "is"): {"import": OperationFactory(owner=other, title="Secret").pk},
        ("sent", "did_not"): {"campaign": ContentFactory(task__name="Secret").task.pk},
    }
    for (field, operator), entered in rows.items():
        for url in (ADD, FIGURES):
            page = page_of(client.post(url, form((field, operator, entered), name="Mine")))
            assert "Secret" not in page
            assert "1 contact<" not in page
    assert not Segment.objects.filter(owner=user).exists()


def test_another_owner_whose_contacts_would_be_counted_is_refused(
    client: Client, user: User
) -> None:
    other = member(MANAGER)
    ContactFactory(owner=other, name="Secret")
    TeamFactory(members=[user])
    page = page_of(client.post(FIGURES, form(("name", "is", {"text": "Secret"}), owner=other.pk)))
    assert "0 contacts<" in page


@pytest.mark.parametrize("condition", [[], "x", 5, {"match": "all"}, {"match": "all", "lines": 5},
    {"match": "all", "lines": [5, None, {"field": 7}, {"match": 3, "lines": []}]},
    {"match": "any", "lines": [{"field": "opened", "operator": "did", "value": [1]}]},
])  # fmt: skip
def test_a_stored_condition_of_any_shape_has_a_page(
    client: Client, user: User, condition: object
) -> None:
    segment = SegmentFactory(owner=user, condition=condition)
    for page in ("change", "figures", "size", "duplicate", "split", "delete"):
        assert client.get(address("campaigns.segment", page, segment.pk)).status_code == 200
    assert client.get(address("campaigns.segment", "changelist")).status_code == 200


def test_values_are_escaped(client: Client, user: User) -> None:
    TagFactory(owner=user, name="<script>alert(1)</script>")
    lines: list[Line] = [
        ("tag", "has", {}),
        ("name", "is", {"text": '"><script>alert(2)</script>'}),
    ]
    for url in (ADD, FIGURES):
        page = page_of(client.post(url, form(*lines, _do="show")))
        assert "<script>alert" not in page


def test_a_list_of_a_slow_segment_is_a_message(
    client: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    segment = SegmentFactory(owner=user, condition={"match": "all", "lines": [NAMED]})
    ContactFactory(owner=user, name="Ada Lovelace")
    url = f"{address('campaigns.contact', 'changelist')}?segment={segment.pk}"
    assert "Ada Lovelace" in page_of(client.get(url))
    monkeypatch.setattr(few_at_once, "MOST", 0)
    page = page_of(client.get(url))
    assert "take too long to find just now" in page
    assert "Ada Lovelace" not in page
    assert "More contacts than can be counted just now" in page_of(
        client.get(f"{address('campaigns.contact', 'count')}?segment={segment.pk}")
    )
