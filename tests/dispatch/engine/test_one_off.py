"""One message outside of any task keeps pace and quota like every other."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db.models.functions import Now

from campaigns.rendering.content import Rendered
from campaigns.rendering.precompiled import Pieces
from dispatch.clock import database_time
from dispatch.engine import one_off
from dispatch.errors import ServiceError
from dispatch.message.message import Message
from dispatch.models import EmailService, Pace
from dispatch.pace import pace_rows, services
from dispatch.pace.gate import Gate
from tests.dispatching import MakeService
from tests.factories import change
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db

MESSAGE = Message(
    message_id="<1@example.com>",
    from_email="test@mail.example.com",
    to_email="ada@example.com",
    rendered=Rendered("Test", Pieces.of("<p>Hi</p>"), Pieces.of("Hi")),
)


def due_in(service: EmailService, seconds: float) -> None:
    """When the service's next message is due."""
    Pace.objects.filter(service=service).update(next_send_at=Now() + dt.timedelta(seconds=seconds))


def test_a_message_is_handed_over_at_once(make_service: MakeService, smtp: SmtpServer) -> None:
    accepted = one_off.send(make_service(), MESSAGE)
    assert accepted.code == 250
    assert [message.recipient for message in smtp.messages] == ["ada@example.com"]


def test_the_next_message_of_the_service_waits_its_interval(make_service: MakeService) -> None:
    service = make_service(sending_interval=60)
    before = database_time()
    one_off.send(service, MESSAGE)
    assert Pace.objects.get().next_send_at >= before + dt.timedelta(seconds=60)


def test_a_slot_that_is_due_soon_is_waited_for(make_service: MakeService, smtp: SmtpServer) -> None:
    service = make_service(sending_interval=1)
    due_in(service, 0.3)
    due = Pace.objects.get().next_send_at
    one_off.send(service, MESSAGE)
    assert database_time() >= due
    assert len(smtp.messages) == 1


def test_a_slot_that_is_far_away_is_told(make_service: MakeService, smtp: SmtpServer) -> None:
    service = make_service(sending_interval=600)
    due_in(service, 500)
    with pytest.raises(one_off.NoSlot, match="Its next message may start at 20"):
        one_off.send(service, MESSAGE)
    assert smtp.messages == []
    assert Pace.objects.get().quota_used == 0


def test_a_burst_may_be_used(make_service: MakeService, smtp: SmtpServer) -> None:
    service = make_service(sending_interval=600, burst=2)
    one_off.send(service, MESSAGE)
    one_off.send(service, MESSAGE)
    with pytest.raises(one_off.NoSlot):
        one_off.send(service, MESSAGE)
    assert len(smtp.messages) == 2


def test_the_quota_is_charged(make_service: MakeService) -> None:
    service = make_service(daily_quota=5)
    one_off.send(service, MESSAGE)
    pace = Pace.objects.get()
    assert pace.quota_used == 1
    assert pace.quota_period_start is not None


def test_no_message_is_sent_beyond_the_quota(make_service: MakeService, smtp: SmtpServer) -> None:
    service = make_service(daily_quota=1)
    one_off.send(service, MESSAGE)
    with pytest.raises(one_off.NoSlot, match="quota is used up until 20"):
        one_off.send(service, MESSAGE)
    assert len(smtp.messages) == 1


def test_a_service_that_cannot_be_reached_uses_up_nothing(make_service: MakeService) -> None:
    with SmtpServer(["connect:close"]) as server:
        service = make_service(server=server, daily_quota=5, sending_interval=60)
        with pytest.raises(ServiceError):
            one_off.send(service, MESSAGE)
    pace = Pace.objects.get()
    assert pace.quota_used == 0
    assert pace.next_send_at <= database_time()


def test_a_frozen_service_can_be_tried(make_service: MakeService, smtp: SmtpServer) -> None:
    service = make_service()
    pace_rows.freeze(service, "Something is wrong")
    one_off.send(service, MESSAGE)
    assert len(smtp.messages) == 1
    assert Pace.objects.get().needs_person


def test_a_dispatcher_leaves_a_slot_alone_that_was_taken(make_service: MakeService) -> None:
    """It may have granted before, and know better than what it stored: no longer."""
    service = make_service(sending_interval=60)
    now = database_time()
    gate = Gate(service.limits)
    stored = gate.padded(Pace.objects.get().next_send_at, [])
    gate.opened(Pace.objects.get().next_send_at, [], stored)

    one_off.take_slot(service, now)

    taken = Pace.objects.get().next_send_at
    assert gate.padded(taken) == taken
    assert gate.slots(taken, now, 5) == []


def test_nothing_is_sent_in_the_last_moment_of_a_quotas_day(make_service: MakeService) -> None:
    service = make_service(sending_interval=1, daily_quota=5)
    now = database_time()
    change(service, quota_reset_time=(now + dt.timedelta(seconds=3)).time())
    service.refresh_from_db()
    due_in(service, 5)
    with pytest.raises(one_off.NoSlot):
        one_off.take_slot(service, now)


def test_limits_that_are_being_changed_are_not_gone_by(make_service: MakeService) -> None:
    service = make_service(sending_interval=1)
    assert service.pace.limits_changed_at is not None  # read before they are changed
    changed = EmailService.objects.get()
    changed.sending_interval = 600
    services.save(changed)
    with pytest.raises(one_off.NoSlot, match="limits were changed"):
        one_off.take_slot(service, database_time())
