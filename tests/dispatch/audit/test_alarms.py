"""What looks odd and is as it should be raises no alarm; and what the audit reports."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db.models.functions import Now

from campaigns.models import SubTask, Task
from campaigns.state import lifecycle
from dispatch import audit as audits
from dispatch.audit import AuditResult, audit
from dispatch.models import Attempt, DecisionChoice, Dispatcher, EmailService, Pace, Turn
from tests.audited import (
    HOUR,
    MINUTE,
    SECOND,
    SETTLED,
    World,
    ago,
    at,
    broken,
    bursting,
    healthy,
    limited,
    relaunched,
    report,
    waiting,
)
from tests.concurrency import running, second_connection
from tests.dispatching import Dispatch, MakeService
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    SendingTaskFactory,
    SubTaskFactory,
    UserFactory,
    change,
)

pytestmark = pytest.mark.django_db
NOON = at("2024-03-01T12:00")


@pytest.fixture
def world() -> World:
    return healthy()


@pytest.fixture
def no_alarm(world: World) -> Iterator[None]:
    """After what the test has done there is none."""
    yield
    relaunched(world)
    assert broken() == {}


def summary(number: int) -> str:
    return next(found.summary for found in audit() if found.guarantee.startswith(str(number)))


def test_an_empty_database_passes() -> None:
    assert broken() == {}


@pytest.mark.usefixtures("no_alarm")
class TestClaims:
    def test_a_dispatcher_that_died_just_now_will_be_recovered(self, world: World) -> None:
        world.held("allocated", DispatcherFactory(heartbeat_at=ago(15 * SECOND)))

    def test_when_nothing_runs_whoever_comes_back_recovers(self, world: World) -> None:
        Dispatcher.objects.update(heartbeat_at=ago(HOUR))

    def test_one_that_has_only_just_come_back_has_not_had_the_time_to(self, world: World) -> None:
        Dispatcher.objects.update(heartbeat_at=ago(HOUR))
        DispatcherFactory()

    def test_a_subtask_may_be_handed_over_one_attempt_after_the_other(self, world: World) -> None:
        subtask = world.subtask("sent")
        world.attempt(subtask, "deferred", started_at=ago(9 * SECOND), finished_at=ago(8 * SECOND))
        world.attempt(subtask, started_at=ago(7 * SECOND), finished_at=ago(5 * SECOND))

    def test_readings_of_the_clock_differ_a_little_between_dispatchers(self, world: World) -> None:
        subtask = world.subtask("sent")
        world.attempt(
            subtask, "service_error", started_at=ago(9 * SECOND), finished_at=ago(7 * SECOND)
        )
        world.attempt(subtask, started_at=ago(7.2 * SECOND), finished_at=ago(5 * SECOND))


@pytest.mark.usefixtures("no_alarm")
class TestAcceptances:
    def test_a_doubt_that_somebody_decided_to_send_again(self, world: World) -> None:
        subtask = world.in_doubt()
        world.decided(subtask, DecisionChoice.SEND_AGAIN)
        world.now(subtask, status="pending", service=None)

    def test_and_that_was_then_accepted(self, world: World) -> None:
        subtask = world.in_doubt()
        world.decided(subtask, DecisionChoice.SEND_AGAIN)
        world.attempt(subtask, started_at=ago(SECOND))
        world.now(subtask, status="sent")

    def test_and_that_came_into_doubt_again(self, world: World) -> None:
        subtask = world.in_doubt()
        world.decided(subtask, DecisionChoice.SEND_AGAIN)
        world.attempt(subtask, "unknown", started_at=ago(SECOND))

    def test_a_doubt_that_somebody_gave_up_and_retried_later(self, world: World) -> None:
        subtask = world.in_doubt()
        world.decided(subtask, DecisionChoice.GIVE_UP)
        world.now(subtask, status="pending", service=None)

    @pytest.mark.parametrize("status", ["sent", "delivered", "bounced", "opened", "clicked"])
    def test_a_doubt_that_was_resolved_without_another_message(
        self, world: World, status: str
    ) -> None:
        subtask = world.in_doubt()
        world.decided(subtask, DecisionChoice.WAS_SENT)
        world.now(subtask, status=status)

    def test_a_doubt_that_an_event_resolved(self, world: World) -> None:
        world.now(world.in_doubt(), status="delivered")

    def test_several_tries_before_it_was_accepted(self, world: World) -> None:
        subtask = world.subtask("clicked")
        for number, outcome in enumerate(["service_error", "deferred", "deferred", "accepted"]):
            world.attempt(subtask, outcome, started_at=ago((60 - number) * MINUTE))

    def test_one_recipient_in_two_tasks(self, world: World) -> None:
        SubTaskFactory(recipient_email=SubTask.objects.earliest("pk").recipient_email)


@pytest.mark.usefixtures("no_alarm")
class TestAccounts:
    def test_a_cancelled_task_is_swept_a_chunk_after_the_other(self, world: World) -> None:
        task = SendingTaskFactory(status="cancelled", cancelled_at=ago(HOUR))
        SubTaskFactory(task=task)
        SubTaskFactory(
            task=task, status="failed", failure_reason="cancelled", failed_at=ago(SECOND)
        )

    def test_a_task_that_was_cancelled_just_now(self, world: World) -> None:
        SubTaskFactory(task__status="cancelled", task__cancelled_at=ago(SECOND))

    def test_a_task_that_was_cancelled_while_nothing_runs(self, world: World) -> None:
        SubTask.objects.filter(dispatcher_id__isnull=False).update(
            status="pending", service=None, claim_token=None, dispatcher_id=None
        )
        Dispatcher.objects.update(ended_at=Now())
        SubTaskFactory(task__status="cancelled", task__cancelled_at=ago(HOUR))

    @pytest.mark.parametrize("status", ["queued", "sending", "paused"])
    def test_pending_subtasks_of_a_task_that_goes_on(self, world: World, status: str) -> None:
        SubTaskFactory(task__status=status)

    def test_a_task_with_a_doubt_that_nobody_decides_for_days(self, world: World) -> None:
        SubTask.objects.filter(pk=world.in_doubt().pk).update(allocated_at=ago(100 * HOUR))


@pytest.mark.usefixtures("no_alarm")
class TestPace:
    @pytest.mark.parametrize(
        "seconds", [(0, 0, 0, 10, 20, 30), (0, 0, 10, 10, 20, 40, 40), (0, 30, 30, 30, 40)]
    )
    def test_bursts(self, world: World, seconds: tuple[int, ...]) -> None:
        service = bursting(world, 3)
        for second in seconds:
            world.sent(service=service, started_at=NOON + second * SECOND)

    def test_the_exact_interval(self, world: World) -> None:
        service = bursting(world, 1)
        for number in range(5):
            world.sent(service=service, started_at=NOON + 10 * number * SECOND)

    def test_what_was_sent_before_the_limits_were_changed(self, world: World) -> None:
        service = bursting(world, 1)
        for _ in range(3):
            world.sent(service=service, started_at=NOON)
        Pace.objects.filter(service=service).update(limits_changed_at=NOON + SECOND)

    def test_what_was_granted_before_the_limits_were_changed_and_started_after(
        self, world: World
    ) -> None:
        service = bursting(world, 1)
        Pace.objects.filter(service=service).update(limits_changed_at=NOON)
        for number in range(5):
            world.sent(service=service, started_at=NOON + 0.3 * number * SECOND)
        world.sent(service=service, started_at=NOON + SETTLED)

    def test_starts_that_nobody_knows(self, world: World) -> None:
        for _ in range(2):
            subtask = world.subtask("delivered", service=world.service)
            world.attempt(
                subtask,
                "unknown",
                service=world.service,
                started_at=None,
                slot_at=ago(SECOND),
                finished_at=Now(),
            )

    def test_a_service_without_an_interval(self, world: World) -> None:
        for _ in range(5):
            world.sent(started_at=NOON)


@pytest.mark.usefixtures("no_alarm")
class TestQuota:
    def test_a_quota_that_is_used_up_every_day(self, world: World) -> None:
        service = limited(world, 2)
        for day in range(1, 4):
            for _ in range(2):
                world.sent(service=service, started_at=at(f"2024-03-0{day}T23:59"))

    def test_a_quota_that_was_lowered_below_what_was_used(self, world: World) -> None:
        service = limited(world, 2)
        for _ in range(5):
            world.sent(service=service, started_at=NOON)
        Pace.objects.filter(service=service).update(limits_changed_at=NOON + HOUR)

    def test_what_was_charged_before_the_quota_was_lowered_and_started_after(
        self, world: World
    ) -> None:
        service = limited(world, 2)
        Pace.objects.filter(service=service).update(limits_changed_at=NOON)
        for second in range(4):
            world.sent(service=service, started_at=NOON + second * SECOND)

    def test_days_that_begin_in_the_services_own_time_zone(self, world: World) -> None:
        service = limited(world, 1, quota_time_zone="Asia/Shanghai", quota_reset_time=dt.time(6))
        for hour in ("2024-03-01T21:59", "2024-03-01T22:00", "2024-03-02T22:00"):
            world.sent(service=service, started_at=at(hour))

    @pytest.mark.parametrize(
        ("reset", "moments"),
        [
            # 02:30 comes twice in Berlin on 27 October: the day begins with the first.
            (dt.time(2, 30), ["2024-10-27T00:29", "2024-10-27T01:15", "2024-10-28T01:30"]),
            # … and never on 31 March: it begins at what would have been 02:30.
            (dt.time(2, 30), ["2024-03-31T01:15", "2024-03-31T01:30", "2024-04-01T00:30"]),
            # A day of 25 hours, and one of 23.
            (dt.time(0), ["2024-10-26T21:59", "2024-10-26T22:00", "2024-10-27T23:00"]),
            (dt.time(0), ["2024-03-30T22:59", "2024-03-30T23:00", "2024-03-31T22:00"]),
        ],
    )
    def test_days_on_which_the_clocks_are_changed(
        self, world: World, reset: dt.time, moments: list[str]
    ) -> None:
        service = limited(world, 1, quota_time_zone="Europe/Berlin", quota_reset_time=reset)
        for moment in moments:
            world.sent(service=service, started_at=at(moment))

    def test_what_is_charged_and_has_not_started(self, world: World) -> None:
        Pace.objects.filter(service=world.service).update(quota_used=40)

    def test_what_was_started_in_an_earlier_period(self, world: World) -> None:
        Pace.objects.filter(service=world.service).update(
            quota_period_start=ago(SECOND), quota_used=0
        )


@pytest.mark.usefixtures("no_alarm")
class TestFairness:
    def served(self, world: World, task: Task, since: dt.timedelta) -> None:
        Turn.objects.create(service=world.free, task_id=task.pk, served_at=ago(since))

    def test_an_owner_who_was_served_in_turn(self, world: World) -> None:
        self.served(world, waiting(world, since=HOUR), 30 * SECOND)

    def test_a_task_that_has_only_just_begun(self, world: World) -> None:
        waiting(world, since=SECOND)

    def test_a_task_that_waited_while_nobody_was_served(self, world: World) -> None:
        Turn.objects.update(served_at=ago(2 * HOUR))
        waiting(world, since=HOUR)

    def test_a_task_that_was_paused_while_others_were_served(self, world: World) -> None:
        task = waiting(world, since=HOUR)
        lifecycle.pause(task)
        assert broken() == {}
        lifecycle.resume(task)

    def test_a_task_whose_messages_wait_for_a_retry(self, world: World) -> None:
        task = waiting(world, since=HOUR)
        SubTask.objects.filter(task=task).update(available_at=Now() + HOUR)

    def test_a_task_that_may_not_use_the_service(self, world: World) -> None:
        other = EmailService.objects.get(pk=world.service.pk)
        waiting(world, since=HOUR).services.add(other)

    def test_a_service_that_is_reserved_for_others(self, world: World) -> None:
        waiting(world, since=HOUR)
        for service in (world.free, world.service):
            service.users.add(world.task.owner)

    def test_a_lower_priority_waits_for_a_higher_one_of_its_owner(self, world: World) -> None:
        Task.objects.filter(pk=world.task.pk).update(priority=5)
        waiting(world, since=HOUR, owner=world.task.owner)

    def test_a_slow_service_with_many_owners_takes_its_time(self, world: World) -> None:
        due = Pace.objects.get(service=world.free).next_send_at
        change(world.free, sending_interval=60)
        Pace.objects.filter(service=world.free).update(next_send_at=due)
        for _ in range(5):
            self.served(world, SendingTaskFactory(status="completed", owner=UserFactory()), SECOND)
        waiting(world, since=20 * MINUTE)


class TestFigures:
    """Also of what is as it should be."""

    def test_what_is_held_and_what_is_in_doubt(self, world: World) -> None:
        assert summary(1) == "2 SubTasks held by 1 dispatchers, 1 in doubt"

    def test_duplicates_all_of_them(self, world: World) -> None:
        for _ in range(12):
            world.attempt(world.sent().subtask)
        assert summary(2) == "27 messages accepted, 12 duplicates"

    def test_counts_tallies_and_rows_without_a_next_step(self, world: World) -> None:
        Task.objects.filter(pk=SubTaskFactory().task_id).update(status="completed")
        assert (
            summary(3)
            == "11 SubTasks of 2 tasks, 0 tallies differ from the counts, 1 SubTasks without a next step"
        )

    def test_the_smallest_gap_of_each_service_against_its_interval(self, world: World) -> None:
        service = bursting(world, 2)
        for second in (0, 3, 20):
            world.sent(service=service, started_at=NOON + second * SECOND)
        assert "paced 10.0" in summary(4)
        assert f"{service} 3.000 s for 10.000 s (burst 2)" in summary(4)

    def test_the_highest_use_of_each_quota(self, world: World) -> None:
        service = limited(world, 9)
        for day, number in (("01", 2), ("02", 4), ("03", 1)):
            for _ in range(number):
                world.sent(service=service, started_at=at(f"2024-03-{day}T12:00"))
        assert f"{service} 4 of 9" in summary(5)
        assert "paced 3 of 50" in summary(5)

    def test_who_took_turns(self, world: World) -> None:
        assert summary(6) == "1 services took turns between 1 tasks (1 pairs)"

    def test_the_command_prints_a_line_for_each_guarantee(self, world: World) -> None:
        lines = report().splitlines()
        begins = [line.split()[:2] for line in lines]
        assert begins == [["ok", str(number)] for number in (1, 2, 3, 4, 5, 6, 12, 12)]

    def test_no_more_than_ten_rows_of_a_kind_are_named(self, world: World) -> None:
        for _ in range(15):
            world.attempt(world.sent().subtask)
        relaunched(world)
        assert len(broken()[2]) == 10


@pytest.mark.django_db(transaction=True)
def test_nothing_that_a_dispatcher_does_at_this_moment_raises_an_alarm(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service(sending_interval="0.02", burst=2, daily_quota=40)
    make_service(sending_interval=0)
    task: Task = SendingTaskFactory(started_at=Now())
    SubTaskFactory.create_batch(150, task=task, content=ContentFactory(task=task))

    with running(dispatch) as dispatching:
        while not dispatching.done():
            assert broken() == {}
        dispatching.result()
    assert broken() == {}


@pytest.mark.django_db(transaction=True)
def test_all_checks_see_the_database_at_one_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def count() -> AuditResult:
        return AuditResult("count", str(Attempt.objects.count()))

    def meanwhile() -> AuditResult:
        with second_connection() as other, other.cursor() as cursor:
            cursor.execute("DELETE FROM dispatch_attempt")
        return AuditResult("meanwhile", "")

    monkeypatch.setattr(audits, "CHECKS", (count, meanwhile, count))
    before, _, after = audit()

    assert before == after
    assert not Attempt.objects.exists()
