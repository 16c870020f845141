"""The audit names what is broken, and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models.functions import Now

from campaigns.models import SubTask
from dispatch.models import Attempt, DecisionChoice, Pace
from tests.audited import (
    HOUR,
    MINUTE,
    SECOND,
    World,
    ago,
    at,
    broken,
    bursting,
    execute,
    healthy,
    limited,
    relaunched,
    waiting,
    without_constraint,
)
from tests.factories import DispatcherFactory, SubTaskFactory, in_doubt

pytestmark = pytest.mark.django_db


@pytest.fixture
def world() -> World:
    return healthy()


# What each guarantee's check finds: break something, and return the text that has to name it.


def held_by_one_that_ended(world: World) -> str:
    subtask = world.held("allocated", DispatcherFactory(ended_at=Now()))
    return f"SubTask {subtask.pk} is allocated but dispatcher {subtask.dispatcher_id} has ended"


def held_by_one_that_is_not_known(world: World) -> str:
    subtask = world.held("sending")
    SubTask.objects.filter(pk=subtask.pk).update(dispatcher_id=-5)
    return f"SubTask {subtask.pk} is sending but dispatcher -5 has ended"


def held_by_one_that_is_dead_and_not_recovered(world: World) -> str:
    subtask = world.held("allocated", DispatcherFactory(heartbeat_at=ago(MINUTE)))
    return f"SubTask {subtask.pk} is allocated but dispatcher {subtask.dispatcher_id} is dead"


def held_by_nobody(world: World) -> str:
    subtask = world.held("allocated")
    without_constraint("subtask_held_or_in_doubt")
    SubTask.objects.filter(pk=subtask.pk).update(dispatcher_id=None)
    return f"SubTask {subtask.pk} is allocated but no dispatcher holds it"


def held_without_a_token(world: World) -> str:
    subtask = world.held("allocated")
    without_constraint("subtask_token_while_held")
    SubTask.objects.filter(pk=subtask.pk).update(claim_token=None)
    return f"SubTask {subtask.pk} is allocated but no dispatcher holds it"


def handed_over_by_two_at_once(world: World) -> str:
    subtask = world.subtask("failed", failure_reason="rejected")
    first = world.attempt(
        subtask, "rejected", started_at=ago(9 * SECOND), finished_at=ago(3 * SECOND)
    )
    second = world.attempt(
        subtask, "rejected", started_at=ago(6 * SECOND), finished_at=ago(5 * SECOND)
    )
    return f"SubTask {subtask.pk} was handed over twice at the same time: attempts {first.pk} and {second.pk}"


def accepted_twice(world: World) -> str:
    subtask = world.sent().subtask
    world.attempt(subtask)
    return f"SubTask {subtask.pk} was handed over 2 times and people allowed 0 more"


def accepted_after_a_doubt_that_nobody_decided(world: World) -> str:
    subtask = world.subtask("sent")
    world.attempt(subtask, "unknown", started_at=ago(2 * MINUTE))
    world.attempt(subtask)
    return f"SubTask {subtask.pk} was handed over 2 times"


def accepted_once_more_than_decided(world: World) -> str:
    subtask = world.subtask("sent")
    for minutes in (4, 3, 2):
        world.attempt(subtask, "unknown", started_at=ago(minutes * MINUTE))
    world.decided(subtask, DecisionChoice.SEND_AGAIN)
    return f"SubTask {subtask.pk} was handed over 3 times and people allowed 1 more"


def sent_again_although_somebody_said_that_it_was_sent(world: World) -> str:
    subtask = world.subtask("sent")
    world.attempt(subtask, "unknown", started_at=ago(2 * MINUTE))
    world.decided(subtask, DecisionChoice.WAS_SENT)
    world.attempt(subtask)
    return f"SubTask {subtask.pk} was handed over 2 times"


def retried_blindly(world: World) -> str:
    subtask = world.subtask()
    world.attempt(subtask, "unknown")
    return (
        f"SubTask {subtask.pk} was handed over 1 times and people allowed 0 more, but it is pending"
    )


def retried_blindly_and_on_its_way(world: World) -> str:
    subtask = world.held("sending", sending_at=Now())
    world.attempt(subtask, "unknown")
    return (
        f"SubTask {subtask.pk} was handed over 1 times and people allowed 0 more, but it is sending"
    )


def accepted_and_yet_to_be_sent(world: World) -> str:
    subtask = world.held("allocated")
    world.attempt(subtask)
    return f"SubTask {subtask.pk} was handed over 1 times and people allowed 0 more, but it is allocated"


def accepted_and_failed(world: World) -> str:
    subtask = world.subtask("failed", failure_reason="rejected")
    world.attempt(subtask)
    return (
        f"SubTask {subtask.pk} was handed over 1 times and people allowed 0 more, but it is failed"
    )


def sent_without_proof(world: World) -> str:
    return f"SubTask {world.subtask('sent').pk} is sent but was never handed over"


def opened_without_proof(world: World) -> str:
    return f"SubTask {world.subtask('opened').pk} is opened but was never handed over"


def in_doubt_without_proof(world: World) -> str:
    subtask = in_doubt(world.free, task=world.task, content=world.content)
    return f"SubTask {subtask.pk} is sending but was never handed over"


def two_subtasks_for_one_recipient(world: World) -> str:
    without_constraint("subtask_recipient_once")
    subtask = world.subtask()
    world.subtask(recipient_email=subtask.recipient_email)
    return f"task {world.task.pk} has 2 SubTasks for {subtask.recipient_email}"


def a_tally_that_is_wrong(world: World) -> str:
    execute(
        "UPDATE campaigns_tally SET count = count + 1 WHERE status = 'failed' AND failure_reason = 'invalid'"
    )
    return f"task {world.task.pk}: the tally says 2 failed invalid, there are 1"


def a_sent_message_that_segments_do_not_know(world: World) -> str:
    subtask = world.sent().subtask
    SubTask.objects.filter(pk=subtask.pk).update(sent_at=Now())
    sent = SubTask.objects.filter(task=subtask.task, sent_at__isnull=False).count()
    execute(
        "DELETE FROM campaigns_engagement WHERE ctid = (SELECT min(ctid) FROM campaigns_engagement)"
    )
    return f"task {subtask.task_id}: segments know of {sent - 1} sent messages, there are {sent}"


def a_tally_that_is_missing(world: World) -> str:
    execute("DELETE FROM campaigns_tally WHERE in_doubt")
    return f"task {world.task.pk}: the tally says 0 in doubt, there are 1"


def a_change_that_the_trigger_missed(world: World) -> str:
    subtask = world.subtask()
    relaunched(world)
    execute("SET CONSTRAINTS ALL IMMEDIATE")
    execute("ALTER TABLE campaigns_subtask DISABLE TRIGGER USER")
    SubTask.objects.filter(pk=subtask.pk).update(status="failed", failure_reason="discarded")
    execute("ALTER TABLE campaigns_subtask ENABLE TRIGGER USER")
    return f"task {world.task.pk}: the tally says 0 failed discarded, there are 1"


def a_subtask_that_is_gone(world: World) -> str:
    before = SubTask.objects.filter(task=world.task).count()
    execute("DELETE FROM campaigns_subtask WHERE id = %s", world.subtask().pk)
    SubTask.objects.filter(status="failed", failure_reason="invalid").delete()
    return f"task {world.task.pk}: the launch made {before} SubTasks, there are {before - 1}"


def pending_in_a_completed_task(world: World) -> str:
    subtask = SubTaskFactory(task__status="completed")
    return f"SubTask {subtask.pk} is pending and nothing will change that: its task is completed"


def pending_in_a_draft(world: World) -> str:
    subtask = SubTaskFactory(task__status="draft")
    return f"SubTask {subtask.pk} is pending and nothing will change that: its task is draft"


def pending_in_a_cancelled_task_that_nobody_sweeps(world: World) -> str:
    subtask = SubTaskFactory(task__status="cancelled", task__cancelled_at=ago(2 * MINUTE))
    return f"SubTask {subtask.pk} is pending and nothing will change that: its task is cancelled"


def forgotten_by_the_one_who_holds_it(world: World) -> str:
    subtask = world.held("allocated", allocated_at=ago(HOUR))
    return f"SubTask {subtask.pk} is allocated and nothing will change that: it has been since"


def started_too_early(world: World) -> str:
    latest = Attempt.objects.filter(service=world.service).latest("started_at").started_at
    assert latest is not None
    attempt = world.sent(service=world.service, started_at=latest + 5 * SECOND)
    return f"paced: attempt {attempt.pk} started 5.000000 s too early for 10.000 s"


def more_than_a_burst(world: World) -> str:
    service = bursting(world, 3)
    for _ in range(4):
        attempt = world.sent(service=service, started_at=at("2024-03-01T12:00"))
    return f"{service.name}: attempt {attempt.pk} started 10.0"


def a_burst_too_soon_after_another(world: World) -> str:
    service = bursting(world, 3)
    for second in (0, 0, 0, 10, 20, 29):
        attempt = world.sent(service=service, started_at=at("2024-03-01T12:00") + second * SECOND)
    return f"{service.name}: attempt {attempt.pk} started 1.0"


def started_before_its_slot(world: World) -> str:
    attempt = world.sent(started_at=ago(MINUTE), slot_at=ago(MINUTE - SECOND))
    return f"attempt {attempt.pk} at SubTask {attempt.subtask_id} started before its slot"


def more_than_the_quota(world: World) -> str:
    service = limited(world, 2)
    for _ in range(4):
        world.sent(service=service, started_at=at("2024-03-01T12:00"))
    return f"{service.name}: 2 messages more in a day than its quota allows"


def unknown_outcomes_beyond_the_quota(world: World) -> str:
    service = limited(world, 1)
    for _ in range(2):
        subtask = world.subtask("delivered", service=service)
        world.attempt(
            subtask,
            "unknown",
            service=service,
            started_at=None,
            slot_at=at("2024-03-01T12:00"),
            finished_at=Now(),
        )
    return f"{service.name}: 1 messages more in a day than its quota allows"


def more_than_the_quota_on_a_day_of_25_hours(world: World) -> str:
    service = limited(world, 2, quota_time_zone="Europe/Berlin")
    for hour in ("2024-10-26T22:00", "2024-10-27T10:00", "2024-10-27T22:59"):
        world.sent(service=service, started_at=at(hour))
    return f"{service.name}: 1 messages more in a day than its quota allows"


def quota_that_was_not_charged(world: World) -> str:
    Pace.objects.filter(service=world.service).update(quota_used=2)
    return "paced: 3 messages started in the running day, only 2 are charged"


def an_owner_who_is_passed_over(world: World) -> str:
    task = waiting(world, since=HOUR)
    return f"task {task.pk} waited"


def a_task_that_is_passed_over_for_another_of_its_owner(world: World) -> str:
    task = waiting(world, since=HOUR, owner=world.task.owner)
    return f"task {task.pk} waited"


BREAKAGES: dict[Callable[[World], str], int] = {
    held_by_one_that_ended: 1,
    held_by_one_that_is_not_known: 1,
    held_by_one_that_is_dead_and_not_recovered: 1,
    held_by_nobody: 1,
    held_without_a_token: 1,
    handed_over_by_two_at_once: 1,
    accepted_twice: 2,
    accepted_after_a_doubt_that_nobody_decided: 2,
    accepted_once_more_than_decided: 2,
    sent_again_although_somebody_said_that_it_was_sent: 2,
    retried_blindly: 2,
    retried_blindly_and_on_its_way: 2,
    accepted_and_yet_to_be_sent: 2,
    accepted_and_failed: 2,
    sent_without_proof: 2,
    opened_without_proof: 2,
    in_doubt_without_proof: 2,
    two_subtasks_for_one_recipient: 2,
    a_tally_that_is_wrong: 3,
    a_tally_that_is_missing: 3,
    a_change_that_the_trigger_missed: 3,
    a_sent_message_that_segments_do_not_know: 3,
    a_subtask_that_is_gone: 3,
    pending_in_a_completed_task: 3,
    pending_in_a_draft: 3,
    pending_in_a_cancelled_task_that_nobody_sweeps: 3,
    forgotten_by_the_one_who_holds_it: 3,
    started_too_early: 4,
    more_than_a_burst: 4,
    a_burst_too_soon_after_another: 4,
    started_before_its_slot: 4,
    more_than_the_quota: 5,
    unknown_outcomes_beyond_the_quota: 5,
    more_than_the_quota_on_a_day_of_25_hours: 5,
    quota_that_was_not_charged: 5,
    an_owner_who_is_passed_over: 6,
    a_task_that_is_passed_over_for_another_of_its_owner: 6,
}
LOSSES = {
    a_tally_that_is_wrong,
    a_tally_that_is_missing,
    a_subtask_that_is_gone,
    a_change_that_the_trigger_missed,
}


@pytest.mark.parametrize(
    "breakage", BREAKAGES, ids=lambda breakage: breakage.__name__.replace("_", " ")
)
def test_what_is_broken_is_named_and_nothing_else(
    world: World, breakage: Callable[[Any], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    text = breakage(world)
    if breakage not in LOSSES:
        relaunched(world)

    found = broken()

    assert list(found) == [BREAKAGES[breakage]]
    assert any(text in offender for offender in found[BREAKAGES[breakage]]), found
    with pytest.raises(SystemExit) as stopped:
        call_command("audit_dispatch")
    assert stopped.value.code == 1
    assert text in capsys.readouterr().out
