"""What happens when two things happen at the same moment."""

from __future__ import annotations

from contextlib import ExitStack

import pytest
from django.db import transaction
from django.db.models.functions import Now

from campaigns.models import SubTask, SubTaskStatus, Suppression
from campaigns.state import states
from campaigns.state.states import Settlement
from tests.concurrency import run_together, running, wait_until_somebody_waits_for_a_lock
from tests.factories import DispatcherFactory, EmailServiceFactory, held, in_doubt, token_of
from tests.tracking.making import event, now, sent
from tracking import subscriptions
from tracking.event_kinds import EventKind
from tracking.events import apply, inbox
from tracking.models import Event, EventState, EventTally

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_same_event_told_twice_at_the_same_moment_is_one() -> None:
    subtask = sent()
    told = event(EventKind.OPENED, subtask)
    new = run_together(*[lambda: inbox.accept([told])] * 4)
    assert sorted(new) == [0, 0, 0, 1]


def test_the_same_thousand_events_from_two_webhooks_are_a_thousand() -> None:
    subtask = sent()
    events = [event(EventKind.OPENED, subtask) for _ in range(1000)]
    new = run_together(lambda: inbox.accept(events), lambda: inbox.accept(list(reversed(events))))
    assert sum(new) == 1000


def test_two_that_apply_at_the_same_moment_count_each_event_once() -> None:
    subtasks = [sent() for _ in range(5)]
    inbox.accept(event(EventKind.OPENED, subtask) for subtask in subtasks for _ in range(20))
    run_together(*[apply.apply_waiting] * 3)
    Event.objects.filter(state=EventState.WAITING).update(due_at=Now())
    apply.apply_waiting()
    counted = EventTally.objects.all()
    assert sum(tally.events for tally in counted) == 100
    assert sum(tally.recipients for tally in counted) == 5


def test_an_event_that_comes_while_the_outcome_is_being_recorded_counts_after_it() -> None:
    subtask = held("sending", DispatcherFactory(), EmailServiceFactory())
    inbox.accept([event(EventKind.DELIVERED, subtask)])
    settlement = Settlement(
        subtask.pk, token_of(subtask), SubTaskStatus.SENT, provider_message_id="abc"
    )

    with transaction.atomic():
        assert states.settle([settlement]) == {subtask.pk}
        run_together(apply.apply_waiting)  # sees it as it was, and waits for nobody
        assert Event.objects.get().note == apply.IN_HAND

    assert now(subtask).status == "sent"
    Event.objects.update(due_at=Now())
    apply.apply_waiting()
    assert (now(subtask).status, now(subtask).provider_message_id) == ("delivered", "abc")


def test_an_event_and_a_decision_about_the_same_doubt_are_two_steps_in_some_order() -> None:
    subtask = in_doubt(EmailServiceFactory())
    inbox.accept([event(EventKind.DELIVERED, subtask)])

    def decide() -> list[int]:
        with transaction.atomic():
            return states.resolve_doubt([subtask.pk], SubTaskStatus.SENT)

    with ExitStack() as until_committed, transaction.atomic():
        SubTask.objects.select_for_update(no_key=True).get(pk=subtask.pk)
        decided = until_committed.enter_context(running(decide))
        wait_until_somebody_waits_for_a_lock()
        run_together(apply.apply_waiting)  # the row is taken: nobody waits here
        assert Event.objects.get().note == apply.IN_HAND
        states.rise([states.StatusRise(subtask.pk, SubTaskStatus.DELIVERED)])
    assert decided.result() == []
    assert now(subtask).status == "delivered"


def test_a_dispatcher_never_waits_for_events_being_applied() -> None:
    subtask = held("sending", DispatcherFactory(), EmailServiceFactory())
    inbox.accept([event(EventKind.DELIVERED, subtask)])
    with transaction.atomic():
        apply.apply_chunk(10)
        settlement = Settlement(subtask.pk, token_of(subtask), SubTaskStatus.SENT)
        (changed,) = run_together(lambda: states.settle([settlement]))
    assert changed == {subtask.pk}


def test_two_unsubscribes_at_the_same_moment_are_one() -> None:
    subtask = sent()
    person = subscriptions.Subscriber(subtask.pk, subtask.recipient_email)
    run_together(*[lambda: subscriptions.unsubscribe(person)] * 4)
    assert Suppression.objects.count() == Event.objects.count() == 1


def test_unsubscribing_and_a_complaint_at_the_same_moment_suppress_once() -> None:
    subtask = sent()
    person = subscriptions.Subscriber(subtask.pk, subtask.recipient_email)
    inbox.accept([event(EventKind.COMPLAINED, subtask)])
    run_together(lambda: subscriptions.unsubscribe(person), apply.apply_waiting)
    apply.apply_waiting()
    assert Suppression.objects.get().reason == "complaint"
