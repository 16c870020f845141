"""How notices leave: once, with pauses after failures, given up in the end, and together once a day."""

from __future__ import annotations

import datetime as dt
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.db.models.functions import Now
from pytest_django import Settings

from campaigns.models import BackgroundJob
from notices import choices, looking, outbox, sending, upkeep
from notices.models import Choice, Delivery, Kind, Notice
from signin.models import Profile
from tests.factories import EmailServiceFactory
from tests.notices.telling import ada, grace, make_due, note
from tests.smtp_server import SmtpServer


def refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(self: EmailBackend, messages: Any) -> int:
        raise OSError("the server is away")

    monkeypatch.setattr(EmailBackend, "send_messages", fail)


def seconds_to_next_try() -> float:
    row = Delivery.objects.annotate(now=Now()).get()
    return (row.next_try_at - row.now).total_seconds()


class TestMail:
    def test_says_what_happened_and_when_in_the_zone_of_the_user_with_a_link(self) -> None:
        owner = ada()
        Profile.objects.create(user=owner, language="en", time_zone="Asia/Shanghai")
        note(owner)
        sending.send_due(0)
        [message] = mail.outbox
        assert message.subject == "Campaign “Spring” is finished"
        assert "2 Mar 2026, 07:30 CST" in str(message.body)
        assert "http://localhost:8000/admin/campaigns/task/1/change/" in str(message.body)
        assert "http://localhost:8000/admin/account/notices/" in str(message.body)
        assert message.to == ["ada@example.com"]

    def test_is_in_the_language_of_the_user(self) -> None:
        owner = ada()
        Profile.objects.create(user=owner, language="zh-hans")
        note(owner)
        sending.send_due(0)
        [message] = mail.outbox
        assert message.subject == "活动“Spring”已完成"
        assert "2026年3月1日" in str(message.body)

    def test_is_in_english_where_the_site_has_a_language_that_staff_cannot_choose(
        self, settings: Settings
    ) -> None:
        settings.LANGUAGE_CODE = "de"
        note(ada())
        sending.send_due(0)
        assert "2 Mar" not in str(mail.outbox[0].body)
        assert "1 Mar 2026, 23:30 UTC" in str(mail.outbox[0].body)

    def test_a_name_of_two_lines_makes_no_header(self) -> None:
        note(ada(), name="Spring\r\nBcc: all@example.com")
        sending.send_due(0)
        assert mail.outbox[0].subject == "Campaign “Spring Bcc: all@example.com” is finished"

    def test_a_long_reason_is_cut(self) -> None:
        notice = Notice(kind=Kind.PAUSED, key="k", owner=ada(), happened_at="2026-03-01T00:00Z",
                        facts={"name": "Spring", "reason": "x" * 5_000}, path="/")  # fmt: skip
        outbox.record(notice)
        assert len(Notice.objects.get().facts["reason"]) == 1_000

    def test_an_occurrence_that_is_noted_twice_is_sent_once(self) -> None:
        owner = ada()
        for _ in range(2):
            note(owner)
            sending.send_due(0)
        assert len(mail.outbox) == 1

    def test_one_that_was_recorded_and_not_sent_is_sent_by_the_next_job(self) -> None:
        """Killed between both."""
        note(ada())
        upkeep.ask_for_due()
        assert mail.outbox == []
        sending.send_due(0)
        assert len(mail.outbox) == 1

    def test_one_whose_process_was_killed_is_sent_again_under_the_same_id(self) -> None:
        """Between the sending and its note: nothing tells whether it arrived."""
        note(ada())
        claimed = outbox.claim()
        sending._mail(claimed, choices.of(claimed[0].user))
        Delivery.objects.update(state="waiting")  # as before its note
        assert outbox.claim() == []  # until the claim has run out
        make_due()
        sending.send_due(0)
        ids = [message.extra_headers["Message-ID"] for message in mail.outbox]
        assert len(ids) == 2 and len(set(ids)) == 1
        assert ids[0].endswith("@example.com>")

    def test_two_installations_never_use_the_same_id(self) -> None:
        owner = ada()
        note(owner)
        note(owner, "Summer")
        sending.send_due(0)
        first, second = (message.extra_headers["Message-ID"] for message in mail.outbox)
        assert first != second and len(first) > 36

    def test_after_a_failure_it_is_tried_again_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        note(ada())
        refuse(monkeypatch)
        sending.send_due(0)
        row = Delivery.objects.get()
        assert (row.state, row.why, row.said) == ("waiting", "refused", "the server is away")
        assert 4 < seconds_to_next_try() < 6
        monkeypatch.undo()
        make_due()
        sending.send_due(0)
        assert Delivery.objects.get().state == "sent" and len(mail.outbox) == 1

    def test_pauses_get_longer_and_after_ten_attempts_it_is_given_up(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        note(ada())
        refuse(monkeypatch)
        for expected in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400):
            make_due()
            sending.send_due(0)
            assert expected - 2 < seconds_to_next_try() < expected * 1.11
        make_due()
        sending.send_due(0)
        row = Delivery.objects.get()
        assert (row.state, row.attempts) == ("given_up", 10)

    def test_one_that_kills_its_process_each_time_is_given_up(self) -> None:
        note(ada())
        for _ in range(10):
            make_due()
            outbox.claim()
        make_due()
        sending.send_due(0)
        row = Delivery.objects.get()
        assert (row.state, row.why) == ("given_up", "killed")

    def test_without_system_mail_none_waits_for_it(self, settings: Settings) -> None:
        settings.EMAIL_HOST = ""
        note(ada())
        assert Notice.objects.exists() and not Delivery.objects.exists()

    def test_none_waits_for_who_has_no_address(self) -> None:
        note(ada(email=""))
        assert Notice.objects.exists() and not Delivery.objects.exists()

    def test_leaves_through_the_system_mail_server_while_every_service_is_frozen(
        self, smtp: SmtpServer, settings: Settings
    ) -> None:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", smtp.port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        grace()
        service = EmailServiceFactory(name="North")
        service.pace.needs_person = True
        service.pace.save()
        looking.look_now()
        sending.send_due(0)
        [message] = smtp.messages
        assert (message.sender, message.recipient) == ("edm@example.com", "grace@example.com")
        assert "North" in message_from_bytes(message.data, policy=default)["Subject"]


class TestDaily:
    def test_what_a_day_brings_goes_together(self) -> None:
        owner = ada()
        Choice.objects.create(user=owner, mail="daily")
        for name in ("Spring", "Summer"):
            note(owner, name)
        sending.send_due(0)
        assert mail.outbox == []
        make_due()
        sending.send_due(0)
        [message] = mail.outbox
        assert message.subject == "2 notifications"
        assert "“Spring” is finished" in str(message.body)
        assert "“Summer” is finished" in str(message.body)
        assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}

    def test_what_is_repeated_has_the_same_id_and_the_same_notices(self) -> None:
        owner = ada()
        Choice.objects.create(user=owner, mail="daily")
        for name in ("Spring", "Summer"):
            note(owner, name)
        make_due()
        sending._mail(outbox.claim(), choices.of(owner))
        Delivery.objects.update(state="waiting")  # killed before it was noted
        note(owner, "Autumn")
        make_due_at_different_times()
        sending.send_due(0)
        assert [message.subject for message in mail.outbox[:2]] == ["2 notifications"] * 2
        ids = [message.extra_headers["Message-ID"] for message in mail.outbox]
        assert ids[0] == ids[1] != ids[2]

    def test_those_of_others_do_not_go_with_them(self) -> None:
        users = [ada(), grace()]
        for user in users:
            Choice.objects.create(user=user, mail="daily")
            note(user, user.username)
        make_due()
        sending.send_due(0)
        assert sorted(message.to for message in mail.outbox) == [
            ["ada@example.com"], ["grace@example.com"]
        ]  # fmt: skip

    def test_more_than_fit_into_one_make_a_second_mail(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(outbox, "MOST_IN_ONE_MAIL", 2)
        owner = ada()
        Choice.objects.create(user=owner, mail="daily")
        for number in range(3):
            note(owner, f"Campaign {number}")
        make_due()
        sending.send_due(0)
        assert len(mail.outbox) == 2 and mail.outbox[0].subject == "2 notifications"

    @pytest.mark.parametrize(
        ("now", "then"), [("2026-03-01T06:59Z", "2026-03-01T07:00Z"),
                          ("2026-03-01T07:00Z", "2026-03-02T07:00Z"),
                          ("2026-03-28T12:00Z", "2026-03-29T06:00Z")]
    )  # fmt: skip
    def test_goes_at_eight_in_the_zone_of_the_user(self, now: str, then: str) -> None:
        """Also in the night in which clocks go forward."""
        user = User()
        Profile(user=user, time_zone="Europe/Berlin")
        found = outbox.next_daily(user, dt.datetime.fromisoformat(now))
        assert found.astimezone(dt.UTC) == dt.datetime.fromisoformat(then)


def make_due_at_different_times() -> None:
    """As they were claimed: what was claimed together stays together."""
    for row in Delivery.objects.filter(state="waiting"):
        minutes = 2 if row.attempts else 1
        Delivery.objects.filter(pk=row.pk).update(
            next_try_at=dt.datetime(2026, 1, 1, 0, 3 - minutes, tzinfo=dt.UTC)
        )


class TestUpkeep:
    def test_a_worker_is_woken_once_for_what_is_due(self) -> None:
        upkeep.ask_for_due()
        assert not BackgroundJob.objects.exists()
        note(ada())
        for _ in range(2):
            upkeep.ask_for_due()
        assert BackgroundJob.objects.get().kind == "notices"

    def test_no_transaction_is_open_while_a_server_is_talked_to(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        depths = []
        before = len(connection.savepoint_ids)
        monkeypatch.setattr(
            "system_mail.sending.send",
            lambda *args, **kwargs: depths.append(len(connection.savepoint_ids)),
        )
        note(ada())
        sending.send_due(0)
        assert depths == [before]

    def test_old_notices_are_forgotten(self) -> None:
        note(ada())
        upkeep.forget_old()
        assert Notice.objects.exists()
        Notice.objects.update(made_at=Now() - dt.timedelta(days=31))
        upkeep.forget_old()
        assert not Notice.objects.exists()
