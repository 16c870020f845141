"""What providers tell, posted to a running server as they post it, until it has taken effect."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db.models.functions import Now
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from campaigns.models import SubTask, SubTaskStatus, Suppression
from campaigns.state import states
from campaigns.state.states import Settlement
from dispatch.audit import audit
from dispatch.models import EmailService
from dispatch.providers.webhooks import webhook_url
from tests.dispatch.providers.webhook_posts import PAYLOADS, SECRETS, over_http, service_of, signed
from tests.dispatching import Dispatch
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    SubTaskFactory,
    held,
    one_message,
    token_of,
)
from tests.http_server import Answer, HttpServer
from tests.tracking.making import sent
from tracking.events import apply, match
from tracking.models import Event, EventTally

EACH = sorted(PAYLOADS)
BECOMES = {
    "accepted": "sent",
    "deferred": "sent",
    "delivered": "delivered",
    "opened": "opened",
    "clicked": "clicked",
    "soft_bounced": "bounced",
    "hard_bounced": "bounced",
    "rejected": "bounced",
    "complained": "delivered",
    "unsubscribed": "delivered",
    "resubscribed": "delivered",
}
SUPPRESSED_FOR = {
    "hard_bounced": "hard_bounce",
    "complained": "complaint",
    "unsubscribed": "unsubscribed",
}


@pytest.fixture(autouse=True)
def server(live_server: LiveServer, settings: Settings) -> str:
    """Its address, which is also the one that staff are shown."""
    settings.PUBLIC_URL = live_server.url
    settings.SCANNER_SECONDS = 0
    return str(live_server.url)


def in_doubt(service: EmailService) -> SubTask:
    subtask: SubTask = SubTaskFactory(
        status="sending",
        service=service,
        claim_token=uuid.uuid4(),
        sending_at=Now(),
        in_doubt_since=Now(),
    )
    return subtask


def about(subtask: SubTask, body: Any) -> bytes:
    """The provider's payload, about this SubTask."""
    text = json.dumps(body).replace("4711", str(subtask.pk))
    return text.replace("ann@example.org", subtask.recipient_email).encode()


def tell(service: EmailService, body: bytes) -> int:
    return over_http("POST", webhook_url(service), *signed(service.provider, body))


def cases(provider: str) -> list[dict[str, Any]]:
    return [case for case in PAYLOADS[provider] if case["expect"]]


def expected_of(case: dict[str, Any]) -> tuple[str, str | None]:
    """The status and the reason for which the address is suppressed."""
    kind, by_machine = case["expect"]["kind"], case["expect"].get("actor") == "machine"
    return "sent" if by_machine else BECOMES[kind], SUPPRESSED_FOR.get(kind)


def is_now(subtask: SubTask) -> tuple[str, str | None]:
    row = SubTask.objects.get(pk=subtask.pk)
    assert row.in_doubt_since is None
    listed = Suppression.objects.filter(email=row.recipient_email)
    return row.status, listed.values_list("reason", flat=True).first()


@pytest.mark.parametrize(
    "begin", [lambda service: sent(service=service), in_doubt], ids=["sent", "in doubt"]
)
@pytest.mark.parametrize("provider", EACH)
def test_every_event_takes_effect_once_however_often_it_is_told(
    provider: str, begin: Callable[[Any], Any]
) -> None:
    service = service_of(provider)
    told = [(begin(service), case) for case in cases(provider)]
    bodies = [about(subtask, case["body"]) for subtask, case in told]

    assert {tell(service, body) for body in bodies * 2} == {200}
    apply.apply_waiting()
    assert {tell(service, body) for body in bodies} == {200}
    apply.apply_waiting()

    became = {case["event"]: is_now(subtask) for subtask, case in told}
    assert became == {case["event"]: expected_of(case) for _, case in told}
    assert set(Event.objects.values_list("state", flat=True)) == {"applied"}
    assert Event.objects.count() == sum(tally.events for tally in EventTally.objects.all())
    assert Event.objects.count() == len(told)


def test_what_another_service_tells_about_a_subtask_changes_nothing() -> None:
    subtasks = []
    for provider in EACH:
        ours, other = service_of(provider), service_of(provider)
        subtasks.append(sent(service=ours))
        assert tell(other, about(subtasks[-1], PAYLOADS[provider][3]["body"])) == 200
    apply.apply_waiting()

    assert set(SubTask.objects.values_list("status", flat=True)) == {"sent"}
    assert not Suppression.objects.exists() and not EventTally.objects.exists()
    assert set(Event.objects.values_list("state", "note")) == {("waiting", match.FOREIGN)}
    assert Event.objects.count() == len(EACH)


def test_an_event_that_comes_before_the_outcome_of_its_message_waits_for_it() -> None:
    service = service_of("postmark")
    subtask = held("sending", DispatcherFactory(), service)
    delivered = next(each for each in cases("postmark") if each["event"] == "delivery")
    tell(service, about(subtask, delivered["body"]))
    apply.apply_waiting()
    assert Event.objects.get().state == "waiting"

    states.settle([Settlement(subtask.pk, token_of(subtask), SubTaskStatus.SENT)])
    Event.objects.update(due_at=Now())
    apply.apply_waiting()

    assert is_now(subtask) == ("delivered", None)


# Out through a provider, and back


@pytest.fixture
def provider() -> Iterator[HttpServer]:
    with HttpServer() as provider:
        yield provider


def engagelab_at(provider: HttpServer) -> EmailService:
    provider.otherwise = Answer(200, {"email_ids": ["1447.inbound0$x"], "request_id": ""})
    settings = {
        "region": "turkey",
        "api_user": "campaigns",
        "api_key": "key",
        "webhook_app_key": "app-key-0a1b",
        "api_url": provider.url,
        "reply_timeout": 30,
    }
    service: EmailService = EmailServiceFactory(provider="engagelab", settings=settings)
    return service


def test_engagelab_is_asked_again_by_itself_with_the_same_request_id(
    provider: HttpServer, dispatch: Dispatch
) -> None:
    engagelab_at(provider)
    provider.answers.append(Answer(misdeed="cut"))
    subtask = one_message()
    dispatch()
    half_a_minute_ago = Now() - dt.timedelta(seconds=31)
    SubTask.objects.in_doubt().update(in_doubt_since=half_a_minute_ago)
    dispatch(lambda: SubTask.objects.filter(status="sent").exists())

    first, second = provider.requests
    assert first.body == second.body
    assert first.json["request_id"].startswith(f"{subtask.pk}-")
    assert is_now(subtask) == ("sent", None)


def test_what_engagelab_got_comes_back_with_its_events(
    provider: HttpServer, dispatch: Dispatch
) -> None:
    service = engagelab_at(provider)
    subtask = one_message()
    dispatch()
    (request,) = provider.requests

    event = {
        "message_id": "1447.inbound",
        "to": request.json["to"][0],
        "itime": 1764072001502,
        "custom_args": request.json["custom_args"],
        "status": {"message_status": "delivered", "status_data": {"email_id": "1447.inbound0$x"}},
    }
    assert tell(service, json.dumps(event).encode()) == 200
    apply.apply_waiting()

    assert is_now(subtask) == ("delivered", None)
    assert SubTask.objects.get().provider_message_id == "1447.inbound0$x"


def test_an_event_about_a_message_in_doubt_settles_it_and_nothing_is_repeated(
    provider: HttpServer, dispatch: Dispatch
) -> None:
    service: EmailService = EmailServiceFactory(
        provider="resend",
        settings={
            "api_key": "re_1",
            "api_url": provider.url,
            "reply_timeout": 30,
            **SECRETS["resend"],
        },
    )
    provider.otherwise = Answer(200, {"id": "49a3999c"}, misdeed="cut")
    subtask = one_message()
    dispatch()
    assert SubTask.objects.get().in_doubt_since

    delivered = next(each for each in cases("resend") if each["event"] == "delivered")
    assert tell(service, about(subtask, delivered["body"])) == 200
    apply.apply_waiting()
    dispatch(lambda: False, seconds=1)

    assert is_now(subtask) == ("delivered", None)
    assert len(provider.requests) == 1
    assert [offender for result in audit() for offender in result.offenders] == []
