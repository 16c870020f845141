"""How a hand-over can end, and what must then become of the SubTask: the model's own table."""

from __future__ import annotations

from dataclasses import dataclass

from dispatch.claiming.deliveries import NotStarted
from dispatch.errors import (
    DeliveryError,
    MessageError,
    OutcomeUnknown,
    RecipientError,
    ServiceError,
)
from dispatch.message.message import Accepted


@dataclass(frozen=True, slots=True)
class End:
    """What a lane reports; `stored` says whether the provider has taken the message, whatever it
    said.
    """

    outcome: Accepted | DeliveryError | NotStarted
    status: str
    reason: str = ""
    counts: bool = False
    """Whether it uses up one of the SubTask's tries."""
    stored: bool = False


ENDS = {
    "accepted": End(Accepted(code=250), "sent", stored=True),
    "deferred": End(RecipientError("450 busy", permanent=False), "pending", counts=True),
    "rejected": End(RecipientError("550 no", permanent=True), "failed", "rejected"),
    "bounced hard": End(
        RecipientError("550 5.1.1 nobody", permanent=True, hard_bounce=True), "failed", "rejected"
    ),
    "too large": End(MessageError("552 too large"), "failed", "rejected"),
    "throttled": End(ServiceError("421 later"), "pending"),
    "locked out": End(ServiceError("535 who are you", needs_person=True), "pending"),
    "no reply": End(OutcomeUnknown("connection lost"), "sending"),
    "no reply but stored": End(OutcomeUnknown("connection lost"), "sending", stored=True),
}
"""How a message that was begun can end."""

ENDS_BEFORE_IT_BEGAN = {
    "cannot connect": End(ServiceError("connection refused"), "pending"),
    "cannot log in": End(ServiceError("535 who are you", needs_person=True), "pending"),
    "impossible address": End(RecipientError("two words", permanent=True), "failed", "invalid"),
    "cannot be encoded": End(MessageError("no UTF-8 here"), "failed", "invalid"),
}
UNBEGUN = End(NotStarted("given up"), "pending")
UNANSWERED = ENDS["no reply"]
