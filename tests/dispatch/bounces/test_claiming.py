"""Which mailbox is read next, by one reader at a time: on schedule, by a worker, by a command."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from django_q.models import OrmQ
from pytest_django import Settings

from campaigns.models import SubTask
from dispatch.bounces import reading
from dispatch.bounces.understanding import NO_REPORT
from dispatch.models import BounceMailbox
from dispatch.process import maintenance
from tests.dispatch.bounces.mailbox import claimed, deliver, mailbox_of, read
from tests.dispatch.bounces.samples import sample
from tests.factories import EmailServiceFactory
from tests.tracking.making import sent
from tracking.events import apply
from tracking.models import Event

pytestmark = pytest.mark.django_db


class TestWhoReads:
    def test_nobody_else_reads_meanwhile(self, maildir: Path) -> None:
        first, second = mailbox_of(), mailbox_of()
        assert reading.claim() is not None
        assert reading.claim() is None
        assert reading.claim(first.pk) is None
        assert reading.claim(second.pk) is None

    def test_the_claim_of_a_reader_that_died_runs_out(self, maildir: Path) -> None:
        mailbox_of()
        dead = claimed()
        BounceMailbox.objects.update(claimed_until=Now() - dt.timedelta(seconds=1))
        living = claimed()
        assert living.token != dead.token
        assert reading.read(dead) is None
        assert reading.read(living) is not None

    def test_a_claim_is_renewed_while_reading_goes_on(
        self, maildir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "RENEW_SECONDS", -1.0)
        mailbox = mailbox_of()
        deliver(maildir, b"From: ada\n\nHello", b"From: bob\n\nHello!")
        until: list[dt.datetime | None] = []

        def look(raw: bytes) -> Any:
            until.append(BounceMailbox.objects.get(pk=mailbox.pk).claimed_until)
            return NO_REPORT

        monkeypatch.setattr(reading, "understand", look)
        monkeypatch.setattr(reading, "BATCH", 1)
        read()
        first, second = until
        assert first is not None and second is not None and first < second

    def test_a_reader_whose_claim_was_taken_over_stops(
        self, maildir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "RENEW_SECONDS", -1.0)
        monkeypatch.setattr(reading, "BATCH", 1)
        mailbox_of()
        deliver(maildir, *[b"From: ada%d\n\nHello" % n for n in range(3)])
        mine = claimed()

        def taken(raw: bytes) -> Any:
            BounceMailbox.objects.update(claim_token=uuid.uuid4())
            return NO_REPORT

        monkeypatch.setattr(reading, "understand", taken)
        outcome = reading.read(mine)
        assert outcome is not None and sum(outcome.meanings.values()) == 1
        assert BounceMailbox.objects.get().claimed_until is not None

    def test_the_one_that_is_due_for_longest_comes_first(self, maildir: Path) -> None:
        mailbox_of(next_read_at=Now() - dt.timedelta(hours=1))
        due = mailbox_of(next_read_at=Now() - dt.timedelta(hours=2))
        assert claimed().service_id == due.pk

    def test_one_that_is_not_due_or_switched_off_is_not_read(self, maildir: Path) -> None:
        mailbox_of(next_read_at=Now() + dt.timedelta(hours=1))
        mailbox_of(enabled=False)
        assert reading.claim() is None

    def test_it_is_due_again_after_a_while(self, maildir: Path, settings: Settings) -> None:
        settings.BOUNCE_READ_SECONDS = 60
        mailbox_of()
        read()
        assert reading.claim() is None
        BounceMailbox.objects.update(next_read_at=Now())
        assert reading.claim() is not None

    def test_one_with_more_in_it_than_a_reading_takes_is_due_at_once(
        self, maildir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "READ_SECONDS", -1.0)
        monkeypatch.setattr(reading, "BATCH", 2)
        mailbox_of()
        deliver(maildir, *[b"From: ada%d\n\nHello" % n for n in range(5)])
        assert sum(read().meanings.values()) == 2
        assert sum(read().meanings.values()) == 2
        assert sum(read().meanings.values()) == 1
        assert read() is not None  # the last was full of what was left
        assert reading.claim() is None

    def test_one_that_cannot_be_read_says_why_and_rests_longer_each_time(
        self, settings: Settings, tmp_path: Path
    ) -> None:
        settings.BOUNCE_MAILDIRS, settings.BOUNCE_READ_SECONDS = str(tmp_path), 60
        mailbox = mailbox_of()
        rests = []
        for _ in range(8):
            BounceMailbox.objects.update(next_read_at=Now())
            assert "There is no Maildir “bounces”" in read().problem
            row = BounceMailbox.objects.annotate(now=Now()).get(pk=mailbox.pk)
            rests.append(round((row.next_read_at - row.now).total_seconds()))
        assert rests == [120, 240, 480, 960, 1920, 3600, 3600, 3600]
        assert "There is no Maildir" in row.problem

    def test_credentials_that_cannot_be_read_are_said_in_words(self) -> None:
        BounceMailbox.objects.create(
            service=EmailServiceFactory(), domain="bounce.example.com", settings="nonsense"
        )
        assert "CREDENTIALS_KEYS" in read().problem


class TestTheJob:
    def queued(self) -> list[OrmQ]:
        return [
            each
            for each in OrmQ.objects.all()
            if each.task["func"] == "dispatch.bounces.reading.read_claimed"
        ]

    def test_maintenance_has_a_worker_read_what_is_due_and_asks_once(self, maildir: Path) -> None:
        subtask, _ = sent(), mailbox_of()
        deliver(maildir, sample("qmail", subtask.pk))
        maintenance.read_bounces()
        maintenance.read_bounces()
        (queued,) = self.queued()
        reading.read_claimed(*queued.task["args"])
        assert Event.objects.get().subtask_id == subtask.pk

    def test_maintenance_asks_for_nothing_when_nothing_is_due(self) -> None:
        maintenance.read_bounces()
        assert self.queued() == []

    def test_a_task_that_comes_too_late_reads_nothing(self, maildir: Path) -> None:
        mailbox_of()
        maintenance.read_bounces()
        BounceMailbox.objects.update(claimed_until=None, claim_token=None)
        deliver(maildir, sample("qmail", sent().pk))
        reading.read_claimed(*self.queued()[0].task["args"])
        assert not Event.objects.exists()

    def test_it_is_one_of_the_chores(self) -> None:
        assert maintenance.read_bounces in maintenance.CHORES


class TestTheCommand:
    def run(self, *names: str) -> str:
        out = StringIO()
        call_command("read_bounces", *names, stdout=out)
        return out.getvalue()

    @pytest.fixture
    def services(self, maildir: Path) -> Iterator[None]:
        for name in ("north", "south"):
            mailbox_of(EmailServiceFactory(name=name), next_read_at=Now() + dt.timedelta(hours=1))
        yield

    def test_reads_all_at_once_whether_they_are_due_or_not(
        self, services: None, maildir: Path
    ) -> None:
        deliver(maildir, sample("vacation-french"))
        assert self.run() == "north: 1 messages: 1 automatic reply\nsouth: 0 messages\n"

    def test_reads_those_that_are_named(self, services: None) -> None:
        assert self.run("south") == "south: 0 messages\n"

    def test_leaves_alone_what_is_being_read(self, services: None) -> None:
        BounceMailbox.objects.filter(service__name="north").update(next_read_at=Now())
        reading.claim()
        assert "south: another process is reading" in self.run("south")

    def test_says_what_is_wrong_and_fails(self, services: None, settings: Settings) -> None:
        settings.BOUNCE_MAILDIRS = "/nowhere"
        out = StringIO()
        with pytest.raises(SystemExit):
            call_command("read_bounces", stdout=out)
        assert out.getvalue().count("There is no Maildir “bounces”") == 2

    def test_says_when_there_is_nothing_to_read(self) -> None:
        assert "There is no mailbox to read" in self.run()


def test_subtasks_are_not_touched_by_mail_about_others(maildir: Path) -> None:
    mine, other = sent(), sent()
    mailbox_of()
    deliver(maildir, sample("qmail", mine.pk))
    read()
    apply.apply_waiting()
    assert SubTask.objects.get(pk=other.pk).status == "sent"
