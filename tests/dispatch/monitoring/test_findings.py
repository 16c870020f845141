"""What is said about figures: fine when they are, and what to do when they are not."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from campaigns.models import Launch, Task
from campaigns.models.tally import TaskCounts
from dispatch.models import BounceMailbox, EmailService, Pace
from dispatch.monitoring.activity import CountsNow, Living, Period
from dispatch.monitoring.database import Table, Transactions
from dispatch.monitoring.findings import Finding, Level, examine, state, surroundings, work
from dispatch.monitoring.queues import BackgroundWork, InFlight, TaskReading
from dispatch.monitoring.services import ServiceReading
from dispatch.monitoring.snapshot import Snapshot
from dispatch.monitoring.words import duration, messages, percent, rate

NOW = dt.datetime(2030, 1, 1, 12, tzinfo=dt.UTC)


def ago(seconds: float) -> dt.datetime:
    return NOW - dt.timedelta(seconds=seconds)


def dispatcher(pk: int = 1, silent: float = 1, runs: float = 100, host: str = "a") -> Living:
    return Living(pk, host, pk, ago(runs), ago(silent), 0)


def service(name: str = "North", **values: Any) -> ServiceReading:
    limits = {"sending_interval": values.pop("sending_interval", 1)}
    model = EmailService(pk=7, name=name, enabled=values.pop("enabled", True), **limits)
    model.daily_quota = values.pop("daily_quota", None)
    model.pace = Pace(service=model, needs_person=values.pop("needs_person", False))
    defaults = {"frozen": False, "quota_used": 0, "has_work": False, "in_doubt": 0}
    return ServiceReading(service=model, total={}, lateness=None, **{**defaults, **values})


def task(pending: int = 0, waits: float | None = None, status: str = "sending") -> TaskReading:
    since = None if waits is None else ago(waits)
    return TaskReading(5, "Spring", status, TaskCounts({"pending": pending}), since)


def minute(
    dispatchers: dict[int, int] | None = None, overall: Any = None, **outcomes: int
) -> Period:
    return Period(NOW, 60, {"outcomes": outcomes, **(overall or {})}, {}, dispatchers or {})


def snapshot(living: list[Living] | None = None, **changes: Any) -> Snapshot:
    """One in which nothing needs a look."""
    calm = Snapshot(
        counts=CountsNow(NOW, {}, {}, [dispatcher()] if living is None else living),
        minute=minute(accepted=100),
        services=[service()],
        tasks=[],
        launches=[],
        oldest_in_flight=None,
        background=BackgroundWork(0, 1),
        transactions=Transactions(0, 0, 0, 0, 8, 100),
        tables=[Table("campaigns_subtask", 1000, 10, None)],
        rejected_requests={},
    )
    return dataclasses.replace(calm, **changes)


def test_nothing_needs_a_look_when_all_is_calm() -> None:
    assert [each for each in examine(snapshot()) if each.needs_attention] == []


def test_what_is_about_the_last_minute_is_unknown_at_first() -> None:
    unknown = [each for each in examine(snapshot(minute=None)) if each.level == Level.UNKNOWN]

    assert len(unknown) == 7
    assert {each.value for each in unknown} == {"–"}


def test_every_finding_has_a_title_of_its_own_and_a_hint() -> None:
    findings = examine(snapshot())

    assert findings
    assert len({each.title for each in findings}) == len(findings)
    assert all(each.hint.endswith(".") for each in findings)


def test_no_dispatcher_is_bad_and_says_what_to_start() -> None:
    found = state.dispatchers(snapshot(living=[]))

    assert found.level == Level.BAD
    assert "manage.py qcluster" in found.hint


def test_a_dead_dispatcher_alone_is_none() -> None:
    assert state.dispatchers(snapshot(living=[dispatcher(silent=11)])).level == Level.BAD


def test_a_silent_dispatcher_needs_a_look() -> None:
    found = state.dispatchers(snapshot(living=[dispatcher(), dispatcher(2, silent=6)]))

    assert (found.level, found.value) == (Level.LOOK, "2 on 1 host")
    assert "6.0 s" in found.hint


def test_hosts_are_counted() -> None:
    both = [dispatcher(), dispatcher(2, host="b")]

    assert state.dispatchers(snapshot(living=both)).value == "2 on 2 hosts"


def test_a_service_that_waits_for_a_person_is_bad_and_named() -> None:
    found = state.services(snapshot(services=[service(frozen=True, needs_person=True), service()]))

    assert (found.level, found.value) == (Level.BAD, "1 of 2")
    assert "North" in found.hint


def test_a_service_that_is_frozen_for_a_while_needs_a_look() -> None:
    assert state.services(snapshot(services=[service(frozen=True)])).level == Level.LOOK


def test_a_quota_that_is_used_up_is_no_trouble() -> None:
    used_up = service(daily_quota=5, quota_used=5)

    found = state.services(snapshot(services=[used_up]))

    assert (found.level, found.value) == (Level.GOOD, "0 of 1")
    assert "used up" in found.hint


def test_services_that_are_off_do_not_count() -> None:
    assert state.services(snapshot(services=[service(enabled=False), service()])).value == "1 of 1"


def test_few_of_many_services_are_named() -> None:
    frozen = [service(name, frozen=True) for name in "ABCDE"]

    assert "A, B, C and 2 more" in state.services(snapshot(services=frozen)).hint


def test_mail_that_no_service_may_send_is_bad() -> None:
    found = state.waiting(
        snapshot(tasks=[task(5, waits=90)], services=[service(frozen=True, has_work=True)])
    )

    assert (found.level, found.value) == (Level.BAD, "5 messages")
    assert "90 s" in found.hint and "Spring" in found.hint


def test_mail_that_waits_for_its_turn_is_no_trouble() -> None:
    found = state.waiting(snapshot(tasks=[task(5, waits=90)], services=[service(has_work=True)]))

    assert found.level == Level.GOOD


def test_mail_of_a_paused_task_does_not_wait() -> None:
    assert state.waiting(snapshot(tasks=[task(5, status="paused")])).value == "0 messages"


@pytest.mark.parametrize(
    ("seconds", "level"), [(59, Level.GOOD), (61, Level.LOOK), (181, Level.BAD)]
)
def test_what_is_in_flight_for_long_is_looked_at(seconds: int, level: Level) -> None:
    held = InFlight(id=3, task_id=5, service_id=7, dispatcher_id=1, since=ago(seconds))

    found = state.in_flight(snapshot(oldest_in_flight=held))

    assert found.level == level
    assert ("North" in found.hint) == (level > Level.GOOD)


def test_any_doubt_needs_a_person() -> None:
    found = state.in_doubt(snapshot(services=[service(in_doubt=2), service(in_doubt=1)]))

    assert (found.level, found.value) == (Level.LOOK, "3")


@pytest.mark.parametrize(("idle", "level"), [(5, Level.GOOD), (60, Level.LOOK), (600, Level.BAD)])
def test_a_launch_that_stands_still_is_looked_at(idle: int, level: Level) -> None:
    launch = Launch(task=Task(pk=5), progressed_at=ago(idle))

    assert state.launches(snapshot(launches=[launch])).level == level


def test_nothing_sent_while_a_service_could_is_bad() -> None:
    stuck = snapshot(minute=minute(), services=[service(has_work=True)])

    assert work.sent(stuck).level == Level.BAD


@pytest.mark.parametrize(
    "reason", [{"has_work": False}, {"frozen": True}, {"sending_interval": 120}]
)
def test_nothing_sent_is_fine_when_there_is_a_reason(reason: dict[str, Any]) -> None:
    idle = snapshot(minute=minute(), services=[service(**{"has_work": True} | reason)])

    assert work.sent(idle).level == Level.GOOD


def test_the_rate_is_that_of_accepted_messages() -> None:
    assert work.sent(snapshot(minute=minute(accepted=600, deferred=60))).value == "10.0 a second"


@pytest.mark.parametrize(
    ("outcomes", "level"),
    [
        ({"accepted": 100, "rejected": 4}, Level.GOOD),
        ({"accepted": 90, "rejected": 10}, Level.LOOK),
        ({"accepted": 10, "service_error": 90}, Level.BAD),
        ({"unknown": 5}, Level.GOOD),
    ],
)
def test_many_that_are_not_accepted_are_looked_at(outcomes: dict[str, Any], level: Level) -> None:
    assert work.failed(snapshot(minute=minute(**outcomes))).level == level


def test_what_was_given_back_has_not_failed() -> None:
    assert (
        work.failed(snapshot(minute=minute(accepted=30, unused=30))).value
        == "0\N{NO-BREAK SPACE}% (0)"
    )


@pytest.mark.parametrize(
    ("bucket", "level"), [("0.02", Level.GOOD), ("0.2", Level.LOOK), ("2", Level.BAD)]
)
@pytest.mark.parametrize("check", [work.punctuality, work.claiming])
def test_slow_claims_and_late_starts_are_looked_at(
    check: Callable[[Any], Any], bucket: str, level: Level
) -> None:
    name = "lateness_seconds" if check is work.punctuality else "claim_seconds"
    durations = {name: {bucket: 100, "sum": 1.0}}

    assert check(snapshot(minute=minute(overall=durations))).level == level


@pytest.mark.parametrize(("unused", "level"), [(5, Level.GOOD), (30, Level.LOOK), (80, Level.BAD)])
def test_many_unused_slots_are_looked_at(unused: int, level: Level) -> None:
    counts = minute(overall={"claimed": 100}, unused=unused)

    assert work.unused(snapshot(minute=counts)).level == level


@pytest.mark.parametrize(
    ("first", "second", "level"),
    [(900, 900, Level.GOOD), (1750, 50, Level.LOOK), (175, 5, Level.GOOD)],
)
def test_a_dispatcher_with_little_of_much_work_is_looked_at(
    first: int, second: int, level: Level
) -> None:
    shares = minute(dispatchers={1: first, 2: second})

    found = work.balance(snapshot(living=[dispatcher(1), dispatcher(2)], minute=shares))

    assert found.level == level


def test_a_dispatcher_that_has_just_begun_is_not_compared() -> None:
    shares = minute(dispatchers={1: 3000, 2: 1})
    both = [dispatcher(1), dispatcher(2, runs=5)]

    assert work.balance(snapshot(living=both, minute=shares)).value == "–"


@pytest.mark.parametrize("name", ["lost_races", "database_failures"])
def test_a_lost_claim_or_a_failed_tick_needs_a_look(name: str) -> None:
    assert work.lost_races(snapshot(minute=minute(overall={name: 1}))).level == Level.LOOK


@pytest.mark.parametrize(("age", "level"), [(5, Level.GOOD), (60, Level.LOOK), (900, Level.BAD)])
def test_long_transactions_are_looked_at(age: int, level: Level) -> None:
    others = Transactions(1, age, 1, age, 8, 100)

    assert surroundings.transactions(snapshot(transactions=others)).level == level


@pytest.mark.parametrize(
    ("live", "dead", "level"),
    [
        (100, 19_000, Level.GOOD),
        (1_000_000, 50_000, Level.GOOD),
        (100_000, 50_000, Level.LOOK),
        (1_000, 50_000, Level.BAD),
    ],
)
def test_many_dead_rows_are_looked_at(live: int, dead: int, level: Level) -> None:
    tables = [Table("campaigns_subtask", live, dead, None), Table("dispatch_turn", 5, 5, None)]

    assert surroundings.dead_rows(snapshot(tables=tables)).level == level


def test_background_work_that_waits_is_looked_at() -> None:
    assert surroundings.background(snapshot(background=BackgroundWork(50, 3))).level == Level.LOOK


def test_findings_say_whether_they_need_attention() -> None:
    levels = {level: Finding("", "", level, "").needs_attention for level in Level}

    assert levels == {0: False, 1: False, 2: True, 3: True}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "–"),
        (0.0042, "4 ms"),
        (1.26, "1.3 s"),
        (59.6, "60 s"),
        (600, "10 min"),
        (7200, "2 h"),
        (864_000, "10 days"),
    ],
)
def test_durations_are_short(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_rates_shares_and_numbers_read_well() -> None:
    assert [rate(0), rate(0.5), rate(3.21), rate(1234.5)] == [
        "0.0 a second",
        "30 a minute",
        "3.2 a second",
        "1,234 a second",
    ]
    assert [percent(0), percent(0.004), percent(0.5)] == [
        "0\N{NO-BREAK SPACE}%",
        "0.4\N{NO-BREAK SPACE}%",
        "50\N{NO-BREAK SPACE}%",
    ]
    assert [messages(1), messages(1200)] == ["1 message", "1,200 messages"]


def bounces(name: str, problem: str = "") -> BounceMailbox:
    return BounceMailbox(service=EmailService(name=name), problem=problem)


def test_a_bounce_mailbox_that_cannot_be_read_needs_a_look_and_says_why() -> None:
    calm = state.bounce_mailboxes(snapshot(mailboxes=[bounces("North")]))
    assert (calm.value, calm.level) == ("1", Level.GOOD)
    told = state.bounce_mailboxes(
        snapshot(mailboxes=[bounces("North"), bounces("South", "The login was refused.")])
    )
    assert (told.value, told.level) == ("1 of 2 cannot be read", Level.LOOK)
    assert "South. The login was refused." in told.hint
