"""What is kept, and for how long."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models import F
from pytest_django import Settings

from tests.tracking.making import event, sent
from tracking import rejected_requests
from tracking.event_kinds import EventKind
from tracking.events import inbox, retention
from tracking.models import Event, RejectedRequests

pytestmark = pytest.mark.django_db


def aged(days: float, count: int = 1) -> None:
    subtask = sent()
    events = [
        event(EventKind.OPENED, subtask, raw={"a": 1}, ip_address="203.0.113.7", user_agent="Firefox")
        for _ in range(count)
    ]  # fmt: skip
    inbox.accept(events)
    keys = [e.dedupe_key for e in events]
    Event.objects.filter(dedupe_key__in=keys).update(
        received_at=F("received_at") - dt.timedelta(days=days)
    )


def test_payload_address_and_user_agent_are_forgotten_after_a_month_the_event_is_not() -> None:
    aged(days=31)
    assert retention.forget_payloads() == 1
    row = Event.objects.get()
    assert (row.raw, row.ip_address, row.user_agent) == (None, "", "")
    assert row.kind == "opened"


def test_they_are_kept_for_a_month() -> None:
    aged(days=29)
    assert retention.forget_payloads() == 0
    assert Event.objects.get().raw == {"a": 1}


def test_how_long_is_a_setting(settings: Settings) -> None:
    settings.EVENT_PAYLOAD_DAYS = 2
    aged(days=3)
    assert retention.forget_payloads() == 1


def test_a_batch_is_forgotten_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    aged(days=31, count=7)
    assert [retention.forget_payloads() for _ in range(4)] == [3, 3, 1, 0]


def test_an_event_whose_payload_was_forgotten_is_still_told_only_once() -> None:
    inbox.accept([event(EventKind.OPENED, dedupe_key="once")])
    Event.objects.update(received_at=F("received_at") - dt.timedelta(days=31))
    retention.forget_payloads()
    assert inbox.accept([event(EventKind.OPENED, dedupe_key="once")]) == 0


def test_refused_requests_are_folded_into_one_line_a_day_for_each_reason() -> None:
    for reason, times in (("token", 5), ("method", 1)):
        for _ in range(times):
            rejected_requests.count("open", reason)
    rejected_requests.fold()
    rejected_requests.fold()
    assert set(RejectedRequests.objects.values_list("endpoint", "reason", "count")) == {
        ("open", "token", 5),
        ("open", "method", 1),
    }
