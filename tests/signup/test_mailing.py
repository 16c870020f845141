"""The messages that ask to confirm: at most one each, within what the service allows."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.db.models.functions import Now

from campaigns.models import BackgroundJob
from dispatch.models import EmailService, Pace
from dispatch.pace import pace_rows
from dispatch.process import maintenance
from signup import mailing, upkeep
from signup.models import SignUp, SignUpForm
from tests.concurrency import run_together
from tests.dispatching import MakeService
from tests.factories import UserFactory, change
from tests.signup.making import letters, make_form, send_mail, sign_up, waits_for_a_worker
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def service(make_service: MakeService) -> EmailService:
    return make_service(domain="mail.example.com")


@pytest.fixture
def form(service: EmailService) -> SignUpForm:
    return make_form(service)


def states() -> list[str]:
    return list(SignUp.objects.order_by("pk").values_list("mail_state", flat=True))


def make_due() -> None:
    SignUp.objects.update(mail_due_at=Now())


def asked(make_service: MakeService, server: SmtpServer) -> SignUpForm:
    """A form whose service has this server, and one address that was entered."""
    form = make_form(make_service(server=server))
    sign_up(form)
    return form


def test_several_leave_one_after_the_other(form: SignUpForm, smtp: SmtpServer) -> None:
    for name in ("ada", "bob", "eve"):
        sign_up(form, email=f"{name}@example.com")
    send_mail(form)
    send_mail(form)
    assert [each.recipient.partition("@")[0] for each in smtp.messages] == ["ada", "bob", "eve"]
    assert states() == ["sent"] * 3


def test_each_is_charged_to_the_service(form: SignUpForm, service: EmailService) -> None:
    change(service, daily_quota=5)
    sign_up(form)
    send_mail(form)
    assert Pace.objects.get().quota_used == 1


def test_a_used_up_quota_holds_them_back_and_uses_up_no_try(
    form: SignUpForm, service: EmailService, smtp: SmtpServer
) -> None:
    change(service, daily_quota=1)
    sign_up(form, email="ada@example.com")
    sign_up(form, email="bob@example.com")
    send_mail(form)
    waits = SignUp.objects.get(email="bob@example.com")
    assert (waits.mail_state, waits.mail_tries) == ("waiting", 0)
    assert "quota is used up" in waits.mail_note
    assert len(smtp.messages) == 1


def test_the_pace_of_the_service_holds(make_service: MakeService, smtp: SmtpServer) -> None:
    form = make_form(make_service(sending_interval=600))
    sign_up(form, email="ada@example.com")
    sign_up(form, email="bob@example.com")
    send_mail(form)
    assert len(smtp.messages) == 1
    assert states() == ["sent", "waiting"]


def test_a_frozen_service_sends_none_until_it_is_unfrozen(
    form: SignUpForm, service: EmailService, smtp: SmtpServer
) -> None:
    pace_rows.freeze(service, "Something is wrong")
    sign_up(form)
    send_mail(form)
    assert smtp.connections == 0
    assert SignUp.objects.get().mail_note == "The email service is frozen."
    pace_rows.unfreeze(service)
    make_due()
    send_mail(form)
    assert len(smtp.messages) == 1


def test_a_service_that_is_switched_off_sends_none(
    form: SignUpForm, service: EmailService, smtp: SmtpServer
) -> None:
    EmailService.objects.update(enabled=False)
    sign_up(form)
    send_mail(form)
    assert smtp.connections == 0
    assert states() == ["waiting"]


def test_a_service_of_others_sends_none(
    form: SignUpForm, service: EmailService, smtp: SmtpServer
) -> None:
    service.users.add(UserFactory())
    sign_up(form)
    send_mail(form)
    assert smtp.connections == 0
    assert "may not use" in SignUp.objects.get().mail_note


def test_one_whose_outcome_is_unknown_is_not_repeated(make_service: MakeService) -> None:
    with SmtpServer(["dot:close-stored"]) as server:
        form = asked(make_service, server)
        send_mail(form)
        make_due()
        send_mail(form)
        upkeep.ask_for_due()
        assert server.accepted == 1
    assert states() == ["doubt"]


def test_one_whose_worker_died_is_not_repeated(form: SignUpForm, smtp: SmtpServer) -> None:
    sign_up(form)
    SignUp.objects.update(mail_state="handing", mailed_at=Now() - mailing.LOST)
    upkeep.ask_for_due()
    send_mail(form)
    assert states() == ["doubt"]
    assert smtp.messages == []


def test_one_that_is_being_handed_over_is_left_alone(form: SignUpForm, smtp: SmtpServer) -> None:
    sign_up(form)
    SignUp.objects.update(mail_state="handing", mailed_at=Now())
    upkeep.ask_for_due()
    send_mail(form)
    assert states() == ["handing"]
    assert smtp.messages == []


def test_one_that_is_refused_for_good_is_given_up(make_service: MakeService) -> None:
    with SmtpServer(["rcpt:reply:550 5.1.1 unknown"]) as server:
        send_mail(asked(make_service, server))
    refused = SignUp.objects.get()
    assert refused.mail_state == "failed"
    assert "unknown" in refused.mail_note


def test_one_that_is_refused_for_now_is_tried_again_a_few_times(
    make_service: MakeService,
) -> None:
    with SmtpServer(["rcpt:reply:450 4.2.1 later"]) as server:
        form = asked(make_service, server)
        for _ in range(mailing.MOST_TRIES + 3):
            send_mail(form)
            make_due()
    assert states() == ["failed"]
    assert SignUp.objects.get().mail_tries == mailing.MOST_TRIES


def test_a_server_that_is_away_is_tried_again_later(make_service: MakeService) -> None:
    with SmtpServer(["connect:close@first=1"]) as server:
        form = asked(make_service, server)
        send_mail(form)
        assert states() == ["waiting"]
        send_mail(form)  # not due yet
        assert server.accepted == 0
        make_due()
        send_mail(form)
        assert server.accepted == 1
    assert states() == ["sent"]


def test_one_that_expired_is_not_sent(form: SignUpForm, smtp: SmtpServer) -> None:
    sign_up(form)
    SignUp.objects.update(expires_at="2020-01-08T00:00Z")
    send_mail(form)
    assert smtp.messages == []


class TestMaintenance:
    def test_wakes_a_worker_for_what_is_due(self, form: SignUpForm) -> None:
        sign_up(form)
        BackgroundJob.objects.all().delete()
        upkeep.ask_for_due()
        assert waits_for_a_worker()

    def test_wakes_none_for_what_is_not(self, form: SignUpForm) -> None:
        sign_up(form)
        BackgroundJob.objects.all().delete()
        SignUp.objects.update(mail_due_at=Now() + dt.timedelta(minutes=1))
        upkeep.ask_for_due()
        assert not waits_for_a_worker()

    def test_leaves_a_worker_that_is_at_it_alone(self, form: SignUpForm) -> None:
        sign_up(form)
        BackgroundJob.objects.update(started_at=Now())
        upkeep.ask_for_due()
        assert not BackgroundJob.objects.get().asked_again

    def test_has_these_chores(self) -> None:
        chores = maintenance.all_chores()
        assert upkeep.ask_for_due in chores
        assert upkeep.expire in chores


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_message_once(form: SignUpForm, smtp: SmtpServer) -> None:
    for number in range(6):
        sign_up(form, email=f"ada{number}@example.com")
    BackgroundJob.objects.all().delete()
    run_together(*[lambda: send_mail(form)] * 3)
    assert sorted(each["To"] for each in letters(smtp)) == sorted(
        f"ada{number}@example.com" for number in range(6)
    )


@pytest.mark.django_db(transaction=True)
def test_what_is_sent_was_committed_as_being_handed_over_before(
    make_service: MakeService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with SmtpServer() as server:
        form = asked(make_service, server)
        seen: list[tuple[bool, list[str]]] = []
        compose = mailing.compose

        def looking(service: EmailService, row: SignUp) -> object:
            seen.append((connection.in_atomic_block, states()))
            return compose(service, row)

        monkeypatch.setattr(mailing, "compose", looking)
        send_mail(form)
    assert seen == [(False, ["handing"])]
