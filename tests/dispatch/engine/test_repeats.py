"""A hand-over in doubt is repeated where the provider de-duplicates by our key, and nowhere else."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db.models import F
from django.db.models.functions import Now

from campaigns.launching import frozen_content
from campaigns.models import (
    SubTask,
    Suppression,
    Task,
    TaskStatus,
    TaskTemplate,
)
from dispatch.claiming import agenda, compose
from dispatch.encryption import encrypt
from dispatch.models import Attempt, EmailService, Pace
from dispatch.pace import services
from dispatch.results import recovery
from tests.audited import offenders
from tests.deduplicating_provider import DeduplicatingProvider
from tests.dispatch.engine.repeating import doubt_is_over, lose_a_reply, service_at, time_passes
from tests.dispatching import Dispatch, nothing_left
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    held,
    one_message,
)
from tests.http_server import Answer
from tracking.links.personalise import CONSENT

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)
LINKED = """<html><body><p>Hi {{ name }}</p><a href="https://example.com/{{ email }}">page</a>
<a href="{{ web_view_url }}">view</a> <a href="{{ preferences_url }}">less</a></body></html>"""


def test_a_lost_reply_is_asked_for_again_with_the_same_key(
    provider: DeduplicatingProvider, dispatch: Dispatch
) -> None:
    service = service_at(provider)
    subtask = lose_a_reply(provider, dispatch, service)
    time_passes()

    dispatch(doubt_is_over)

    subtask.refresh_from_db()
    assert (subtask.status, subtask.service, subtask.attempts) == ("sent", service, 0)
    assert len(provider.requests) == 2 and len(provider.accepted) == 1
    assert provider.requests[0].body == provider.requests[1].body
    outcomes = Attempt.objects.order_by("id").values_list("outcome", "service")
    assert list(outcomes) == [("unknown", service.pk), ("accepted", service.pk)]
    assert offenders() == []


def test_what_a_dead_dispatcher_was_sending_is_repeated(
    provider: DeduplicatingProvider, dispatch: Dispatch
) -> None:
    service = service_at(provider)
    dead = DispatcherFactory()
    task = SendingTaskFactory()
    subtask = held(
        "sending", dead, service, task=task, content=ContentFactory(task=task), sending_at=Now()
    )
    recovery.expire_leases([dead.pk])
    recovery.recover_dead()
    time_passes()

    dispatch(doubt_is_over)

    subtask.refresh_from_db()
    assert subtask.status == "sent"
    assert len(provider.accepted) == 1
    assert offenders() == []


def test_a_reply_that_is_lost_again_is_asked_for_once_more(
    provider: DeduplicatingProvider, dispatch: Dispatch
) -> None:
    service = service_at(provider)
    lose_a_reply(provider, dispatch, service)
    provider.misdeeds = ["cut mid-answer"]
    for _ in range(2):
        time_passes()
        dispatch(lambda: nothing_left() and not SubTask.objects.repeatable([1], DAY).exists())
        dispatch(doubt_is_over, seconds=0.5)

    assert doubt_is_over()
    assert len(provider.requests) == 3 and len(provider.accepted) == 1
    assert offenders() == []


def test_another_hand_over_has_another_key(
    provider: DeduplicatingProvider, dispatch: Dispatch
) -> None:
    service_at(provider)
    subtask = one_message()
    provider.answers.append(Answer(429, {"message": "Too many requests"}))
    dispatch(lambda: Pace.objects.filter(frozen_until__isnull=False).exists())
    Pace.objects.update(frozen_until=None)

    dispatch(doubt_is_over)

    first, second = (request.headers["idempotency-key"] for request in provider.requests)
    assert first != second
    assert {key.partition("-")[0] for key in (first, second)} == {str(subtask.pk)}


def test_a_repeated_message_is_the_same_to_the_byte_with_its_links_and_times(
    provider: DeduplicatingProvider, dispatch: Dispatch
) -> None:
    service_at(provider)
    html = LINKED + "{{ 'now' | date: '%T.%f' }} {{ now }}"
    task = SendingTaskFactory(track_opens=True, template__html=html)
    made = frozen_content.freeze(task, TaskTemplate.objects.get(task=task))
    agreed = {"name": "Ada", "email": "ada@example.org", CONSENT: True}
    SubTaskFactory(task=task, content=made, variables=agreed)
    provider.misdeeds = ["cut"]
    dispatch()
    time_passes()
    compose.frozen_content.cache_clear()

    dispatch(doubt_is_over)

    first, second = (request.body for request in provider.requests)
    assert first == second
    for path in (b"/o/", b"/c/", b"/w/", b"/u/"):
        assert path in first


def test_a_suppressed_one_does_not_keep_others_from_being_repeated(
    provider: DeduplicatingProvider, dispatch: Dispatch
) -> None:
    service_at(provider, sending_interval="0.05")
    first, second = one_message(), one_message()
    provider.misdeeds = ["cut", "cut"]
    dispatch()
    time_passes()
    oldest = SubTask.objects.filter(pk__in=[first.pk, second.pk]).earliest("sending_at")
    Suppression.objects.create(email=oldest.recipient_email, reason="complaint")

    dispatch(lambda: SubTask.objects.filter(status="sent").exists())

    assert SubTask.objects.get(status="sent").pk in {first.pk, second.pk} - {oldest.pk}


class TestNotRepeated:
    """None of these changes anything about the SubTask in doubt."""

    @pytest.fixture(autouse=True)
    def _left_alone(self, provider: DeduplicatingProvider, dispatch: Dispatch) -> Iterator[None]:
        self.service = service_at(provider)
        self.subtask = lose_a_reply(provider, dispatch, self.service)
        time_passes()
        yield
        dispatch(lambda: False, seconds=1)
        assert len(provider.requests) == 1
        self.subtask.refresh_from_db()
        assert self.subtask.in_doubt_since and self.subtask.service == self.service

    def test_before_the_pause_is_over(self) -> None:
        SubTask.objects.update(in_doubt_since=Now())

    def test_while_it_has_not_been_in_doubt_as_long_again_as_before(self) -> None:
        minutes = [dt.timedelta(minutes=n) for n in (11, 5)]
        SubTask.objects.update(sending_at=Now() - minutes[0], in_doubt_since=Now() - minutes[1])

    def test_when_the_window_is_over(self) -> None:
        SubTask.objects.update(sending_at=Now() - DAY + dt.timedelta(seconds=50))

    def test_through_another_service_of_the_same_provider(
        self, provider: DeduplicatingProvider
    ) -> None:
        service_at(provider)
        EmailService.objects.filter(pk=self.service.pk).update(enabled=False)

    def test_through_another_account(self, provider: DeduplicatingProvider) -> None:
        self.service.credentials = encrypt({**provider.settings(), "api_key": "re_2"})
        services.save(self.service)

    def test_through_another_provider(self) -> None:
        self.service.provider = "postmark"
        services.save(self.service)

    def test_over_the_quota(self) -> None:
        self.service.daily_quota = 1
        services.save(self.service)
        now = dt.datetime.now(dt.UTC)
        period_start, _ = self.service.limits.period(now)
        Pace.objects.update(quota_used=1, quota_period_start=period_start)

    def test_while_the_service_is_frozen(self) -> None:
        Pace.objects.update(needs_person=True)

    @pytest.mark.parametrize("status", [TaskStatus.PAUSED, TaskStatus.CANCELLED])
    def test_while_the_task_is_not_being_sent(self, status: TaskStatus) -> None:
        Task.objects.update(status=status)

    @pytest.mark.parametrize("domain", [False, True])
    def test_to_an_address_that_was_suppressed_meanwhile(self, domain: bool) -> None:
        address = self.subtask.recipient_email
        listed = "@" + address.partition("@")[2] if domain else address
        Suppression.objects.create(email=listed, reason="complaint")


def test_providers_that_do_not_de_duplicate_are_never_asked_again(db: None) -> None:
    windows = {service.provider: service.repeat_window for service in _plans()}
    assert {name for name, window in windows.items() if window > dt.timedelta(0)} == {
        "brevo",
        "engagelab",
        "resend",
        "sparkpost",
    }


def _plans() -> list[agenda.ServicePlan]:
    for name in ("smtp", "ses", "brevo", "engagelab", "mailgun", "mailjet", "postmark"):
        EmailServiceFactory(provider=name)
    for name in ("resend", "sendgrid", "sparkpost", "unheard of"):
        EmailServiceFactory(provider=name)
    return list(agenda.read().services.values())


def test_a_repeat_uses_the_quota_and_keeps_the_pace(
    provider: DeduplicatingProvider, dispatch: Dispatch
) -> None:
    service = service_at(provider, daily_quota=5, sending_interval="0.2")
    lose_a_reply(provider, dispatch, service)
    time_passes()

    dispatch(doubt_is_over)

    assert Pace.objects.get().quota_used == 2
    assert Attempt.objects.filter(started_at__gte=F("slot_at")).count() == 2
    assert offenders() == []


def test_a_repeat_that_is_refused_leaves_the_doubt_and_blames_the_service(
    provider: DeduplicatingProvider, dispatch: Dispatch
) -> None:
    service = service_at(provider)
    subtask = lose_a_reply(provider, dispatch, service)
    time_passes()
    provider.answers.append(Answer(403, {"message": "API key is invalid"}))

    dispatch(lambda: Pace.objects.filter(needs_person=True).exists())

    subtask.refresh_from_db()
    assert subtask.in_doubt_since and subtask.error == "API key is invalid"
    assert list(Attempt.objects.order_by("id").values_list("outcome", flat=True)) == [
        "unknown",
        "service_error",
    ]
    assert offenders() == []
