"""The table of `dispatch.results.outcomes`: what an outcome writes about the SubTask and the service."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import pytest
from django.test import override_settings

from campaigns.models import Content, FailureReason
from dispatch.claiming.deliveries import (
    Claim,
    Delivery,
    Grant,
    LaneReport,
    NotStarted,
    Outcome,
    Unsendable,
)
from dispatch.errors import (
    DeliveryError,
    MessageError,
    OutcomeUnknown,
    RecipientError,
    ServiceError,
)
from dispatch.limits import Limits
from dispatch.message.message import Accepted
from dispatch.models import AttemptOutcome
from dispatch.pace.gate import Gate
from dispatch.results.outcomes import DeliveryResult, judge, storable

NOW = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1)
TOKEN = uuid.UUID(int=7)
HALF_A_CHARACTER = "\ud83d"

FAILED_FOR_NOW = RecipientError("451 later", permanent=False)
BAD_ADDRESS = RecipientError("550 5.1.1 unknown", permanent=True, hard_bounce=True)
BLOCKED = RecipientError("550 5.7.1 no", permanent=True)
REFUSED = MessageError("552 too big")
FROZEN = ServiceError("421 closing")
NO_REPLY = OutcomeUnknown("the connection was lost")


def report(outcome: Outcome, *, started: bool = True, **claimed: Any) -> LaneReport:
    values = {"attempts": 0, **claimed}
    claim = Claim(11, 2, 3, "ada@example.com", {}, **values)
    grant = Grant(5, TOKEN, Gate(Limits(dt.timedelta(0))), NOW, LATER)
    delivery = Delivery(claim, grant, NOW, Content())
    if started:
        delivery.start(NOW)
    return LaneReport(delivery, outcome, NOW)


def judged(outcome: Outcome, *, started: bool = True, **claimed: Any) -> DeliveryResult:
    return judge(report(outcome, started=started, **claimed))


def written(result: DeliveryResult) -> tuple[str, str, str]:
    """The status, the reason of a failure and the words for staff."""
    settlement = result.settlement
    return settlement.status, settlement.failure_reason, settlement.error


@pytest.mark.parametrize(
    "outcome",
    [
        Accepted("m1"),
        NotStarted("stopping"),
        Unsendable(FailureReason.INVALID, "no address"),
        FAILED_FOR_NOW,
        BAD_ADDRESS,
        REFUSED,
        FROZEN,
        NO_REPLY,
    ],
)
def test_what_is_written_is_of_the_message_under_the_token_it_was_held_by(outcome: Outcome) -> None:
    made = report(outcome)
    result = judge(made)
    assert (result.settlement.id, result.settlement.token) == (11, TOKEN)
    assert result.report is made


class TestAccepted:
    def test_the_message_is_sent_and_the_service_works(self) -> None:
        result = judged(Accepted("m1"))
        assert written(result) == ("sent", "", "")
        assert result.settlement.provider_message_id == "m1"
        assert result.attempt == AttemptOutcome.ACCEPTED
        assert (result.succeeded, result.failed, result.freeze, result.suppress) == (
            True,
            False,
            None,
            False,
        )

    def test_it_uses_no_try_up_and_waits_for_nothing(self) -> None:
        settlement = judged(Accepted("m1")).settlement
        assert (settlement.counts_as_attempt, settlement.delay_seconds) == (False, 0)

    def test_of_a_long_name_the_first_255_characters_are_kept(self) -> None:
        result = judged(Accepted("1" * 255 + "2"))
        assert result.settlement.provider_message_id == "1" * 255

    def test_what_postgresql_cannot_store_of_a_name_is_left_out(self) -> None:
        result = judged(Accepted(f"a\x00b{HALF_A_CHARACTER}"))
        assert result.settlement.provider_message_id == "ab?"


class TestNotStarted:
    def test_the_message_waits_as_if_it_had_not_been_claimed(self) -> None:
        result = judged(NotStarted("stopping"), started=False)
        assert written(result) == ("pending", "", "")
        assert not result.settlement.counts_as_attempt
        assert result[2:] == (None, False, False, None, False)

    def test_it_waits_as_long_as_is_better(self) -> None:
        result = judged(NotStarted("busy", delay_seconds=30.0), started=False)
        assert result.settlement.delay_seconds == 30


def test_what_cannot_be_made_fails_and_is_nothing_to_the_service() -> None:
    result = judged(Unsendable(FailureReason.RENDER_ERROR, "no such filter"), started=False)
    assert written(result) == ("failed", "render_error", "no such filter")
    assert not result.settlement.counts_as_attempt
    assert result[2:] == (None, False, False, None, False)


class TestTheServiceFails:
    def test_the_message_waits_for_another_one_and_no_try_is_used_up(self) -> None:
        result = judged(FROZEN)
        assert written(result) == ("pending", "", "421 closing")
        settlement = result.settlement
        assert (settlement.counts_as_attempt, settlement.delay_seconds) == (False, 0)

    def test_the_service_freezes_for_the_reason_it_gave(self) -> None:
        result = judged(FROZEN)
        assert result.freeze is FROZEN
        assert (result.failed, result.succeeded, result.suppress) == (True, False, False)

    def test_a_hand_over_that_had_begun_leaves_its_proof(self) -> None:
        assert judged(FROZEN).attempt == AttemptOutcome.SERVICE_ERROR

    def test_one_that_had_not_begun_leaves_none(self) -> None:
        assert judged(FROZEN, started=False).attempt is None


def test_a_message_without_a_reply_is_in_doubt_and_the_service_failed() -> None:
    result = judged(NO_REPLY)
    assert written(result) == ("sending", "", "the connection was lost")
    assert result.attempt == AttemptOutcome.UNKNOWN
    assert (result.failed, result.freeze, result.suppress) == (True, None, False)


class TestTheMessageIsRefused:
    def test_it_fails_and_so_did_the_service(self) -> None:
        result = judged(REFUSED)
        assert written(result) == ("failed", "rejected", "552 too big")
        assert result.attempt == AttemptOutcome.REJECTED
        assert (result.failed, result.freeze, result.suppress) == (True, None, False)

    def test_before_the_hand_over_it_is_invalid_and_the_service_did_not_fail(self) -> None:
        result = judged(REFUSED, started=False)
        assert written(result) == ("failed", "invalid", "552 too big")
        assert result[2:] == (None, False, False, None, False)


class TestTheRecipientIsRefused:
    def test_a_bad_address_fails_and_is_suppressed_and_the_service_did_not_fail(self) -> None:
        result = judged(BAD_ADDRESS)
        assert written(result) == ("failed", "rejected", "550 5.1.1 unknown")
        assert result[2:] == (AttemptOutcome.REJECTED, False, False, None, True)

    def test_one_that_may_be_good_fails_and_is_not_suppressed(self) -> None:
        result = judged(BLOCKED)
        assert written(result) == ("failed", "rejected", "550 5.7.1 no")
        assert not result.suppress

    def test_before_the_hand_over_the_address_is_invalid(self) -> None:
        result = judged(BAD_ADDRESS, started=False)
        assert written(result) == ("failed", "invalid", "550 5.1.1 unknown")
        assert result[2:] == (None, False, False, None, False)

    @override_settings(RETRY_DELAYS_SECONDS=(10, 1000))
    @pytest.mark.parametrize(("attempts", "shortest", "longest"), [(0, 8, 12), (1, 800, 1200)])
    def test_for_now_it_waits_longer_after_each_try(
        self, attempts: int, shortest: float, longest: float
    ) -> None:
        result = judged(FAILED_FOR_NOW, attempts=attempts)
        assert written(result) == ("pending", "", "451 later")
        assert result.settlement.counts_as_attempt
        assert shortest <= result.settlement.delay_seconds <= longest
        assert result[2:] == (AttemptOutcome.DEFERRED, False, True, None, False)

    @override_settings(RETRY_DELAYS_SECONDS=(10, 1000))
    def test_after_the_last_try_it_fails(self) -> None:
        result = judged(FAILED_FOR_NOW, attempts=2)
        assert written(result) == ("failed", "retries_exhausted", "451 later")
        assert result.settlement.counts_as_attempt
        assert result[2:] == (AttemptOutcome.DEFERRED, False, True, None, False)


class TestARepeat:
    """Of a hand-over in doubt: only that it was accepted says anything about the first one."""

    def test_an_accepted_one_is_sent(self) -> None:
        assert written(judged(Accepted("m1"), repeat_until=LATER)) == ("sent", "", "")

    @pytest.mark.parametrize("outcome", [FAILED_FOR_NOW, BAD_ADDRESS, REFUSED, FROZEN, NO_REPLY])
    def test_any_other_one_stays_in_doubt_and_says_why(self, outcome: DeliveryError) -> None:
        result = judged(outcome, repeat_until=LATER)
        assert written(result) == ("sending", "", outcome.reply)
        assert not result.settlement.counts_as_attempt
        assert result.settlement.delay_seconds == 0

    @pytest.mark.parametrize("outcome", [FAILED_FOR_NOW, BAD_ADDRESS, REFUSED, FROZEN, NO_REPLY])
    def test_nothing_but_an_acceptance_has_a_name_at_the_provider(
        self, outcome: DeliveryError
    ) -> None:
        assert judged(outcome).settlement.provider_message_id == ""
        assert judged(outcome, repeat_until=LATER).settlement.provider_message_id == ""

    def test_one_that_was_not_begun_says_so(self) -> None:
        result = judged(NotStarted("stopping"), started=False, repeat_until=LATER)
        assert written(result) == (
            "sending",
            "",
            "The hand-over was to be repeated, and was not begun.",
        )

    def test_what_it_tells_of_the_service_holds(self) -> None:
        result = judged(FROZEN, repeat_until=LATER)
        assert (result.attempt, result.freeze) == (AttemptOutcome.SERVICE_ERROR, FROZEN)


@pytest.mark.parametrize("make", [ServiceError, OutcomeUnknown, MessageError])
def test_of_a_long_reply_the_first_2000_characters_are_kept(make: type[DeliveryError]) -> None:
    result = judged(make("1" * 2000 + "2"))
    assert result.settlement.error == "1" * 2000


@pytest.mark.parametrize("permanent", [True, False])
def test_of_a_long_refusal_the_first_2000_characters_are_kept(permanent: bool) -> None:
    result = judged(RecipientError("1" * 2000 + "2", permanent=permanent))
    assert result.settlement.error == "1" * 2000


def test_an_error_that_blames_nobody_is_a_fault_of_the_transport() -> None:
    with pytest.raises(TypeError, match=r"^a transport raised DeliveryError, which means nothing$"):
        judged(DeliveryError("what?"))


@pytest.mark.parametrize(
    ("said", "stored"),
    [("caf\xe9 \u4e0d", "caf\xe9 \u4e0d"), ("a\x00b\x00", "ab"), (f"a{HALF_A_CHARACTER}b", "a?b")],
)
def test_what_postgresql_cannot_store_is_left_out(said: str, stored: str) -> None:
    assert storable(said) == stored
