"""What was sent and came back, by hour and day."""

from __future__ import annotations

import datetime as dt

import pytest
from django.utils import timezone

from dispatch.admin.start.activity import Span, activity, counted
from dispatch.models import TaskHour
from dispatch.models.hours import LastCount
from tests.campaigns.admin.staff import MANAGER, SUPERUSER, member
from tests.factories import SendingTaskFactory

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 3, 10, 12, 20, tzinfo=dt.UTC)
NINE = dt.datetime(2026, 3, 10, 9, tzinfo=dt.UTC)


def totals(span: Span) -> dict[str, str]:
    return {chart.name: chart.total for chart in span.charts}


def row(span: Span, label: str) -> list[str]:
    found: list[list[str]] = [row for row in span.table["rows"] if row[0] == label]
    return found[0]


def test_an_hour_of_today_is_in_both_spans() -> None:
    TaskHour.objects.create(task_id=1, hour=NINE, sent=1_200, delivered=1_100, opened=30)
    day, month = activity(member(SUPERUSER), NOW)
    assert row(day, "09:00") == ["09:00", "1,200", "1,100", "0", "30", "0"]
    assert row(month, "10 Mar") == ["10 Mar", "1,200", "1,100", "0", "30", "0"]


def test_yesterday_morning_is_in_the_longer_span_only() -> None:
    TaskHour.objects.create(task_id=1, hour=NINE - dt.timedelta(days=1), sent=5)
    day, month = activity(member(SUPERUSER), NOW)
    assert day.is_empty
    assert totals(month)["Sent"] == "5"


def test_days_are_those_of_the_readers_time_zone() -> None:
    late = dt.datetime(2026, 3, 9, 22, tzinfo=dt.UTC)
    TaskHour.objects.create(task_id=1, hour=late, sent=5)
    with timezone.override("Asia/Shanghai"):
        _, month = activity(member(SUPERUSER), NOW)
    assert row(month, "10 Mar")[1] == "5"


def test_campaigns_add_up() -> None:
    for task_id in (1, 2):
        TaskHour.objects.create(task_id=task_id, hour=NINE, clicked=2)
    assert totals(activity(member(SUPERUSER), NOW)[0])["Clicked"] == "4"


def test_the_campaigns_of_others_are_left_out() -> None:
    manager = member(MANAGER)
    own, foreign = SendingTaskFactory(owner=manager), SendingTaskFactory()
    TaskHour.objects.create(task_id=own.pk, hour=NINE, sent=1)
    TaskHour.objects.create(task_id=foreign.pk, hour=NINE, sent=10)
    assert totals(activity(manager, NOW)[0])["Sent"] == "1"


@pytest.mark.parametrize(
    ("at", "told"),
    [
        (dt.datetime(2026, 3, 10, 12, 19, 30, tzinfo=dt.UTC), "12:19"),
        (dt.datetime(2026, 3, 9, 23, 59, tzinfo=dt.UTC), "9 Mar 2026, 23:59"),
    ],
)
def test_the_last_count_is_told_with_its_day_unless_that_is_today(
    at: dt.datetime, told: str
) -> None:
    LastCount.objects.create(pk=1, at=at)
    assert counted(NOW) == told


def test_before_the_first_count_nothing_is_told() -> None:
    assert counted(NOW) == ""
