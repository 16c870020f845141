"""Whatever becomes of a repeat, the message is sent or still in doubt."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest

from campaigns.models import (
    FailureReason,
    SubTask,
)
from campaigns.state import states
from dispatch.claiming import claims
from dispatch.claiming.deliveries import Claim, Delivery, LaneReport, NotStarted, Unsendable
from dispatch.engine import tick
from dispatch.engine.dispatcher import Dispatcher
from dispatch.errors import MessageError, OutcomeUnknown, RecipientError, ServiceError
from dispatch.message.message import Accepted
from dispatch.models import Attempt
from dispatch.results import recovery
from dispatch.results.outcomes import judge
from tests.deduplicating_provider import DeduplicatingProvider
from tests.dispatch.engine.repeating import lose_a_reply, service_at, time_passes
from tests.dispatching import Dispatch
from tests.factories import (
    DispatcherFactory,
    token_of,
)

pytestmark = pytest.mark.django_db


DAY = dt.timedelta(days=1)


@pytest.fixture
def in_doubt(provider: DeduplicatingProvider, dispatch: Dispatch) -> SubTask:
    subtask = lose_a_reply(provider, dispatch, service_at(provider))
    time_passes()
    return subtask


def repeated(subtask: SubTask, dispatcher_id: int) -> Claim:
    assert subtask.service_id is not None
    (claim,) = claims.repeat(subtask.service_id, DAY, 5, uuid.uuid4(), dispatcher_id)
    return claim


def test_a_repeat_is_held_for_its_service_and_by_nobody_else(in_doubt: SubTask) -> None:
    claim = repeated(in_doubt, 7)
    assert in_doubt.sending_at is not None and in_doubt.service_id is not None
    assert claim.repeat_until == in_doubt.sending_at + DAY
    assert not claims.repeat(in_doubt.service_id, DAY, 5, uuid.uuid4(), 8)
    assert not claims.lock_claimable(in_doubt.task_id, 5)


def test_a_repeat_keeps_the_moment_of_the_first_hand_over(in_doubt: SubTask) -> None:
    repeated(in_doubt, 7)
    row = SubTask.objects.get()
    assert states.begin_sending([states.Held(row.pk, token_of(row))]) == {
        row.pk: in_doubt.sending_at
    }


def test_a_dispatcher_that_dies_with_a_repeat_leaves_it_in_doubt(in_doubt: SubTask) -> None:
    dispatcher = DispatcherFactory()
    repeated(in_doubt, dispatcher.pk)
    recovery.expire_leases([dispatcher.pk])
    recovery.recover_dead()
    row = SubTask.objects.get()
    assert row.in_doubt_since and row.service_id == in_doubt.service_id
    assert row.sending_at == in_doubt.sending_at
    assert Attempt.objects.filter(outcome="unknown", sending_at=row.sending_at).count() == 2


def test_a_repeat_claimed_in_a_commit_that_nobody_remembers_is_in_doubt_again(
    in_doubt: SubTask,
) -> None:
    dispatcher = Dispatcher(uuid.uuid4())
    repeated(in_doubt, dispatcher.id)
    tick.run(tick.TickRequest(dispatcher.id, {}, remembered=frozenset()))
    assert SubTask.objects.get().in_doubt_since


NOT_ACCEPTED = [
    NotStarted("the slot passed"),
    Unsendable(FailureReason.RENDER_ERROR, "broken"),
    ServiceError("throttled", code=429),
    ServiceError("bad key", needs_person=True),
    RecipientError("no such user", permanent=True, hard_bounce=True),
    RecipientError("mailbox full", permanent=False),
    MessageError("too large"),
    OutcomeUnknown("no answer"),
]


@pytest.mark.parametrize("started", [True, False])
@pytest.mark.parametrize("outcome", NOT_ACCEPTED, ids=lambda outcome: type(outcome).__name__)
def test_a_repeat_that_is_not_accepted_is_in_doubt_again(
    outcome: MessageError
    | NotStarted
    | OutcomeUnknown
    | RecipientError
    | ServiceError
    | Unsendable,
    started: bool,
) -> None:
    assert judge(report(outcome, started)).settlement.status == "sending"


def test_a_repeat_that_is_accepted_is_sent() -> None:
    settlement = judge(report(Accepted("id-1"), True)).settlement
    assert (settlement.status, settlement.provider_message_id) == ("sent", "id-1")


def report(outcome: Any, started: bool) -> LaneReport:
    now = dt.datetime.now(dt.UTC)
    claim = Claim(1, 1, 1, "ann@example.org", {}, 0, repeat_until=now + DAY)
    grant: Any = type("Grant", (), {"token": uuid.uuid4(), "service_id": 1, "period_end": now})
    delivery = Delivery(claim, grant, now, None, started_at=now if started else None)  # type: ignore[arg-type]
    return LaneReport(delivery, outcome)


def test_a_repeat_starts_before_the_window_and_the_quota_period_end() -> None:
    delivery = report(Accepted(), False).delivery
    assert delivery.not_after == delivery.grant.period_end
    delivery.claim = delivery.claim._replace(repeat_until=delivery.grant.period_end - DAY)
    assert delivery.not_after == delivery.grant.period_end - DAY
