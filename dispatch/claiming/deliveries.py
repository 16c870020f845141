"""The values of one delivery: claim, grant, delivery, lane report, outcome."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from dataclasses import dataclass
from typing import Any, NamedTuple

from campaigns.models import Content, FailureReason
from campaigns.state.states import Held
from dispatch.errors import DeliveryError
from dispatch.message.attached import NOTHING, Attached
from dispatch.message.message import Accepted
from dispatch.pace.gate import Gate


class Claim(NamedTuple):
    """What a claim read of a SubTask."""

    id: int
    task_id: int
    content_id: int
    recipient_email: str
    variables: dict[str, Any]
    attempts: int
    repeat_until: dt.datetime | None = None
    """Set for the repeat of a hand-over in doubt: until when the provider surely de-duplicates it.
    Such a claim ends as sent or in doubt again, and in no other way.
    """


@dataclass(frozen=True, slots=True)
class Grant:
    """What one service may start, claimed together under one token, in one quota period."""

    service_id: int
    token: uuid.UUID
    gate: Gate
    period_start: dt.datetime
    period_end: dt.datetime


@dataclass(slots=True, eq=False)
class Delivery:
    """One claimed SubTask, its slot and frozen content."""

    claim: Claim
    grant: Grant
    slot: dt.datetime
    content: Content
    started_at: dt.datetime | None = None
    """When its hand-over began, by the database clock; set once, by the lane."""
    sending_at: dt.datetime | None = None
    """When the hand-over was first marked; a repeat has that of the one in doubt."""

    began: float = 0.0
    """When its hand-over began, in monotonic seconds of this process; set with `started_at`."""

    attached: Attached = NOTHING

    start_number: int = 0
    """Of the record of its start in the start log; 0 for none."""

    def start(self, at: dt.datetime) -> None:
        self.began, self.started_at = time.monotonic(), at

    @property
    def not_after(self) -> dt.datetime:
        """Its hand-over must have begun before."""
        return min(self.grant.period_end, self.claim.repeat_until or self.grant.period_end)

    @property
    def idempotency_key(self) -> str:
        """Names the hand-over. What was refused for sure gets another one when it is tried again,
        or a provider that remembers answers would refuse it again.
        """
        return f"{self.claim.id}-{self.sending_at:%Y%m%d%H%M%S%f}" if self.sending_at else ""

    @property
    def held(self) -> Held:
        return Held(self.claim.id, self.grant.token)


@dataclass(frozen=True, slots=True)
class NotStarted:
    """Nothing was handed over and nothing is to blame: the SubTask goes back as if it had not been
    claimed.
    """

    why: str
    delay_seconds: float = 0.0
    """How long it is better not claimed again."""
    pause: str = ""
    """Why its task is to be paused, if it is."""


@dataclass(frozen=True, slots=True)
class Unsendable:
    """No message can be made for this recipient: final, and of no effect on others."""

    reason: FailureReason
    why: str


Outcome = Accepted | DeliveryError | NotStarted | Unsendable


class LaneReport(NamedTuple):
    """What became of a delivery. `finished_at` is by the database clock, None when no lane had it;
    `seconds` is how long its hand-over took, 0 when there was none.
    """

    delivery: Delivery
    outcome: Outcome
    finished_at: dt.datetime | None = None
    seconds: float = 0.0

    @property
    def started(self) -> bool:
        return self.delivery.started_at is not None
