"""Dates count from the database's moment, in the site's time zone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.test import override_settings

from campaigns.models import Attribute
from campaigns.segments.matching import contacts_in
from campaigns.segments.moment import Moment
from tests.factories import ContactFactory, UserFactory

pytestmark = pytest.mark.django_db


def line(field: str, operator: str, value: Any = None) -> dict[str, Any]:
    asked = {"field": field, "operator": operator, "value": value}
    return {"match": "all", "lines": [asked]}


def born(operator: str, at: str, *birthdays: str, value: Any = None) -> set[str]:
    """The birthdays that are found at a moment."""
    owner = UserFactory()
    Attribute.objects.create(owner=owner, key="born", kind="date")
    for day in birthdays:
        ContactFactory(owner=owner, name=day, attributes={"born": day})
    moment = Moment(dt.datetime.fromisoformat(at).replace(tzinfo=dt.UTC))
    condition = line("attribute:born", operator, value)
    return {contact.name for contact in contacts_in(owner.pk, condition, moment)}


LEAP = "2000-02-29"


@pytest.mark.parametrize(
    ("operator", "at", "value", "found"),
    [
        # Wednesday 31 December 2025: the week is from 29 December to 4 January.
        ("birthday_week", "2025-12-31T12:00", None, {"1990-01-04", "1980-12-29"}),
        ("birthday_month", "2026-01-15T12:00", None, {"1990-01-04", "1990-01-05"}),
        ("birthday_next_days", "2025-12-30T12:00", 5, {"1990-01-04"}),
        ("birthday_next_days", "2025-12-30T12:00", 6, {"1990-01-04", "1990-01-05"}),
        ("birthday_today", "2026-12-29T12:00", None, {"1980-12-29"}),
        ("birthday_today", "2024-02-29T12:00", None, {LEAP}),
        ("birthday_today", "2024-02-28T12:00", None, set()),
        ("birthday_today", "2026-02-28T12:00", None, {LEAP}),
        ("birthday_month", "2026-02-01T12:00", None, {LEAP}),
        ("birthday_next_days", "2026-02-27T12:00", 3, {LEAP}),
        ("birthday_next_days", "2026-03-01T12:00", 10, set()),
        (
            "birthday_next_days",
            "2026-03-01T12:00",
            365,
            {LEAP, "1990-01-04", "1990-01-05", "1980-12-29"},
        ),
    ],
)
def test_birthdays_ignore_the_year(operator: str, at: str, value: Any, found: set[str]) -> None:
    days = (LEAP, "1990-01-04", "1990-01-05", "1980-12-29", "no date", "1990-00-00 ")
    assert born(operator, at, *days, value=value) == found


def test_days_ahead_and_ago_include_today_and_the_last_of_them() -> None:
    days = ("2026-05-09", "2026-05-10", "2026-05-11", "2026-05-12", "2026-05-13")
    at = "2026-05-11T12:00"
    assert born("last_days", at, *days, value=1) == {"2026-05-10", "2026-05-11"}
    assert born("next_days", at, *days, value=1) == {"2026-05-11", "2026-05-12"}
    assert born("today", at, *days) == {"2026-05-11"}


def test_today_is_that_of_the_sites_time_zone() -> None:
    days = ("2026-05-10", "2026-05-11")
    with override_settings(TIME_ZONE="Asia/Tokyo"):
        assert born("today", "2026-05-10T20:00", *days) == {"2026-05-11"}
    with override_settings(TIME_ZONE="America/Lima"):
        assert born("today", "2026-05-11T02:00", *days) == {"2026-05-10"}


@pytest.mark.parametrize(
    ("operator", "value", "found"),
    [
        ("on", "2026-05-10", {"begin", "end"}),
        ("before", "2026-05-10", {"before"}),
        ("after", "2026-05-10", {"after"}),
        ("between", ["2026-05-10", "2026-05-10"], {"begin", "end"}),
        ("between", ["1000-01-01", "2026-05-10"], {"before", "begin", "end"}),
        ("after", "9000-12-31", set()),
    ],
)
def test_a_day_of_creation_is_one_of_the_sites_time_zone(
    operator: str, value: Any, found: set[str]
) -> None:
    owner = UserFactory()
    # In Lima, five hours behind, the day lasts from 05:00 to 05:00 of the next.
    times = {"before": "10T04:59", "begin": "10T05:00", "end": "11T04:59", "after": "11T05:00"}
    for name, at in times.items():
        ContactFactory(owner=owner, name=name, created_at=f"2026-05-{at}Z")
    with override_settings(TIME_ZONE="America/Lima"):
        contacts = list(contacts_in(owner.pk, line("created", operator, value)))
    assert {contact.name for contact in contacts} == found
