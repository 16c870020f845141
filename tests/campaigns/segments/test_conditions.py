"""Conditions find the contacts that their words mean."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from campaigns.models import Attribute
from campaigns.segments.matching import checked, contacts_in, contacts_of, problem_of
from campaigns.segments.moment import Moment
from tests.campaigns.segments.population import LINK, NOW, Population, holds, populate
from tests.factories import ContactFactory, SegmentFactory, UserFactory

pytestmark = pytest.mark.django_db
TEXTS = ["pro", "PRO", "o", "%", "_", "50%_x\\", "\\", "free", "Name 1"]


def line(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    return {"field": field, "operator": operator, "value": value}


def lines_of(made: Population) -> list[dict[str, Any]]:
    """Lines of every field, with values that hold for some and not for others."""
    return [*of_messages(made), *of_rows(made), *of_texts(), *of_attributes(), *without_value()]


def of_messages(made: Population) -> list[dict[str, Any]]:
    campaigns = [task.pk for task in made.tasks]
    messages: list[dict[str, Any]] = [
        {},
        {"days": 30},
        {"times": 2},
        {"times": 2, "days": 30},
        {"times": 2, "days": 41},
        *({"campaign": pk} for pk in campaigns),
        {"campaign": campaigns[0], "days": 35},
    ]
    by = [
        *({"by": by} for by in ("machines", "anyone")),
        *({"by": by, "times": 2} for by in ("machines", "anyone")),
        *({"by": by, "days": 10} for by in ("machines", "anyone")),
        {"by": "anyone", "times": 2, "days": 35},
    ]
    links = [{"link": LINK}, {"link": LINK, "campaign": campaigns[1]}, {"link": LINK, "days": 4}]
    return [
        line(field, operator, value)
        for operator in ("did", "did_not")
        for field, values in (
            ("sent", messages),
            ("delivered", messages),
            ("opened", messages + by),
            ("clicked", [*messages, *by, *links]),
        )
        for value in values
    ]


def of_rows(made: Population) -> list[dict[str, Any]]:
    return [
        *(line("tag", each, made.tags[t].pk) for each in ("has", "lacks") for t in made.tags),
        *(line("segment", each, made.segments["odd"].pk) for each in ("in", "not_in")),
        *(line("imported", each, made.imported) for each in ("is", "is_not")),
    ]


def of_texts() -> list[dict[str, Any]]:
    asked = ("is", "is_not", "contains", "contains_not", "starts", "ends")
    found = [line(f, a, t) for f in ("name", "attribute:plan") for a in asked for t in TEXTS]
    domains = ("example.com", "mail.example.com", "com")
    found += [
        line("domain", a, d) for a in ("is", "is_not", "within", "not_within") for d in domains
    ]
    found += [line("language", a, v) for a in ("is", "is_not") for v in ("zh", "zh-cn", "en", "de")]
    found += [line("created", a, n) for a in ("last_days", "not_last_days") for n in (1, 35)]
    return found + [
        line("mail_consent", a, v) for a in ("is", "is_not") for v in ("given", "unknown")
    ]


def of_attributes() -> list[dict[str, Any]]:
    numbers = ("equals", "equals_not", "more", "at_least", "less", "at_most")
    found = [line("attribute:visits", a, n) for a in numbers for n in (0, 3, 2.5, -1e9)]
    found += [line("attribute:visits", "between", [0, 3])]
    found += [line("attribute:birthday", a, "2026-03-01") for a in ("on", "before", "after")]
    relative = ("last_days", "not_last_days", "next_days")
    return found + [line("attribute:birthday", a, n) for a in relative for n in (1, 400)]


def without_value() -> list[dict[str, Any]]:
    filled = ("attribute:plan", "attribute:visits", "attribute:birthday", "attribute:vip", "name")
    return [
        line("attribute:birthday", "birthday_week"),
        *(line("attribute:vip", asked) for asked in ("yes", "no")),
        *(line(field, asked) for field in filled for asked in ("set", "empty")),
        *(line("tag", asked) for asked in ("any", "none")),
        *(line("imported", asked) for asked in ("any", "none")),
        *(line("tracking_consent", asked) for asked in ("yes", "no")),
    ]


def found_by(made: Population, condition: dict[str, Any]) -> set[int]:
    return made.names(contacts_in(made.owner.pk, condition, Moment(NOW)))


def meant_by(made: Population, condition: dict[str, Any]) -> set[int]:
    return {number for number in range(len(made.contacts)) if holds(made, number, condition)}


def test_every_line_and_its_complement_find_whom_they_mean() -> None:
    made = populate()
    lines = lines_of(made)
    assert len(lines) > 150
    for each in lines:
        for match in ("all", "none"):
            condition = {"match": match, "lines": [each]}
            assert found_by(made, condition) == meant_by(made, condition), condition


def test_groups_of_any_shape_find_whom_they_mean() -> None:
    made = populate()
    leaf = st.sampled_from(lines_of(made))

    def group(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        lines = st.lists(items, min_size=1, max_size=3)
        matches = st.sampled_from(["all", "any", "none"])
        return st.fixed_dictionaries({"match": matches, "lines": lines})

    trees = group(leaf | group(leaf | group(leaf)))

    @settings(max_examples=150, suppress_health_check=list(HealthCheck))
    @given(trees)
    def check(condition: dict[str, Any]) -> None:
        assert found_by(made, condition) == meant_by(made, condition)
        assert checked(made.owner.pk, condition)["match"] == condition["match"]

    check()


@pytest.mark.parametrize("of", [2, 3, 10])
def test_the_parts_of_a_split_are_disjoint_and_complete(of: int) -> None:
    made = populate()
    parts = [
        found_by(
            made,
            {
                "match": "all",
                "lines": [line("part", "is", {"part": part, "of": of, "seed": "spring"})],
            },
        )
        for part in range(1, of + 1)
    ]
    assert sum(len(part) for part in parts) == len(made.contacts)
    assert set().union(*parts) == set(range(len(made.contacts)))


@pytest.mark.parametrize(
    "name", ["Müller\u00a0GmbH", "山田\u3000太郎", "می\u200cخواهم", "👨\u200d👩\u200d👧", "\u200fא"]
)
def test_a_text_of_any_script_is_found(name: str) -> None:
    contact = ContactFactory(name=name)
    ContactFactory(owner=contact.owner)
    asked = {"match": "all", "lines": [line("name", "is", name)]}
    assert list(contacts_in(contact.owner_id, checked(contact.owner_id, asked))) == [contact]


KINDS = ("text", "number", "date", "yes_no", "choice")


@pytest.mark.parametrize("language", ["en", "zh-hans", "de"])
@pytest.mark.parametrize("kind", KINDS)
def test_attributes_are_asked_the_same_in_each_language(kind: str, language: str) -> None:
    """What stands on pages for a question is no part of it."""
    owner = UserFactory()
    Attribute.objects.create(owner=owner, key="it", kind=kind, choices=["a"])
    condition = {"match": "all", "lines": [line("attribute:it", "empty")]}
    contact = ContactFactory(owner=owner)
    segment = SegmentFactory(owner=owner, condition=condition)
    with translation.override(language):
        assert problem_of(segment) == ""
        assert list(contacts_of(segment)) == [contact]
