"""Recovering one dispatcher takes nothing of the others', whichever of them is dead."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models.functions import Now

from campaigns.models import SubTask, SubTaskStatus
from dispatch.lease_terms import LEASE_SECONDS
from dispatch.models import Attempt, AttemptOutcome, ConnectionShare, Dispatcher, EmailService
from dispatch.results import recovery
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    held,
    living_dispatcher,
    token_of,
)

pytestmark = pytest.mark.django_db
SECOND = dt.timedelta(seconds=1)
LEASE = dt.timedelta(seconds=LEASE_SECONDS)


@pytest.fixture
def service() -> EmailService:
    service: EmailService = EmailServiceFactory()
    return service


@pytest.fixture
def dead() -> Dispatcher:
    dispatcher: Dispatcher = DispatcherFactory(heartbeat_at=Now() - LEASE - SECOND)
    return dispatcher


@pytest.fixture
def living() -> Dispatcher:
    return living_dispatcher()


def test_a_dead_one_does_not_make_another_one_dead(
    dead: Dispatcher, living: Dispatcher, service: EmailService
) -> None:
    subtask = held(SubTaskStatus.ALLOCATED, living, service)
    assert not recovery.recover(living.pk)
    assert SubTask.objects.get(pk=subtask.pk).status == "allocated"
    assert list(Dispatcher.objects.filter(ended_at=None).order_by("pk")) == [dead, living]


def test_only_the_dead_one_ends(dead: Dispatcher, living: Dispatcher) -> None:
    assert recovery.recover_dead() == 1
    assert list(Dispatcher.objects.filter(ended_at=None)) == [living]


def test_only_its_connections_are_free_again(
    dead: Dispatcher, living: Dispatcher, service: EmailService
) -> None:
    for dispatcher in (dead, living):
        ConnectionShare.objects.create(service=service, dispatcher=dispatcher, connections=2)
    recovery.recover_dead()
    assert ConnectionShare.objects.get().dispatcher == living


def test_what_it_had_counted_is_kept_and_what_is_in_doubt_added(
    dead: Dispatcher, service: EmailService
) -> None:
    key = str(service.pk)
    Dispatcher.objects.filter(pk=dead.pk).update(figures={"services": {key: {"accepted": 5}}})
    held(SubTaskStatus.SENDING, dead, service, sending_at=Now())
    recovery.recover_dead()
    dead.refresh_from_db()
    assert dead.figures == {"services": {key: {"accepted": 5, "unknown": 1}}}


def test_a_proof_that_is_there_already_stays_as_it_is(
    dead: Dispatcher, service: EmailService
) -> None:
    subtask = held(SubTaskStatus.SENDING, dead, service, sending_at=Now())
    assert subtask.claim_token
    Attempt.objects.create(
        subtask=subtask,
        service=service,
        dispatcher_id=dead.pk,
        claim_token=token_of(subtask),
        slot_at=Now(),
        sending_at=Now(),
        outcome=AttemptOutcome.ACCEPTED,
        reply="250 ok",
    )
    recovery.recover_dead()
    assert Attempt.objects.get().reply == "250 ok"


def test_the_proof_of_a_hand_over_in_doubt_says_when_it_was_claimed_and_marked_and_why(
    dead: Dispatcher, service: EmailService
) -> None:
    claimed_at = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)
    held(
        SubTaskStatus.SENDING,
        dead,
        service,
        allocated_at=claimed_at,
        sending_at=claimed_at + SECOND,
    )
    recovery.recover_dead()
    attempt = Attempt.objects.get()
    assert (attempt.slot_at, attempt.sending_at) == (claimed_at, claimed_at + SECOND)
    assert (attempt.started_at, attempt.code) == (None, None)
    assert attempt.reply == "The dispatcher died before the outcome was recorded."


def test_one_that_is_declared_gone_keeps_nobody_else_from_living(living: Dispatcher) -> None:
    gone = DispatcherFactory()
    recovery.expire_leases([gone.pk])
    assert Dispatcher.objects.get(pk=living.pk).heartbeat_at == living.heartbeat_at


def test_the_log_says_how_much_was_given_back_and_names_what_is_in_doubt(
    dead: Dispatcher, service: EmailService, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        held(SubTaskStatus.ALLOCATED, dead, service)
    unsettled = held(SubTaskStatus.SENDING, dead, service, sending_at=Now())
    with caplog.at_level("WARNING", "dispatch"):
        recovery.recover_dead()
    assert [record.getMessage() for record in caplog.records] == [
        f"dispatcher {dead.pk} is dead: 2 SubTasks given back, 1 in doubt",
        f"SubTask {unsettled.pk} is in doubt: dispatcher {dead.pk} died while handing it over",
    ]
    named = vars(caplog.records[1])
    assert (named["subtask_id"], named["service_id"], named["dispatcher_id"]) == (
        unsettled.pk,
        service.pk,
        dead.pk,
    )
    assert vars(caplog.records[0])["dispatcher_id"] == dead.pk
