"""From the mailbox to the SubTask: once, whatever dies, and whoever reads."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connections
from django.db.models.functions import Now
from django_q.models import OrmQ
from pytest_django import Settings

from campaigns.models import SubTask, Suppression
from dispatch import housekeeping
from dispatch.bounces import reading
from dispatch.bounces.mailboxes import Letter, MailboxError
from dispatch.bounces.mailboxes.maildir import MaildirMailbox
from dispatch.bounces.understanding import NO_REPORT
from dispatch.encryption import encrypt
from dispatch.models import BounceMailbox
from sandbox import Failed
from tests.dispatch.bounces.samples import sample
from tests.factories import EmailServiceFactory, in_doubt
from tests.imap_server import ImapServer, settings_of
from tests.tracking.making import now, sent
from tracking import applying, ledger
from tracking.models import Event, Refusal
from tracking.tokens import Purpose, sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def maildir(tmp_path: Path, settings: Settings) -> Path:
    settings.BOUNCE_MAILDIRS = str(tmp_path)
    for name in ("new", "cur", "tmp"):
        (tmp_path / "bounces" / name).mkdir(parents=True)
    return tmp_path / "bounces"


def mailbox_of(service: Any = None, **values: Any) -> BounceMailbox:
    told = {"kind": "maildir", "maildir": "bounces"}
    mailbox: BounceMailbox = BounceMailbox.objects.create(
        service=service or EmailServiceFactory(),
        domain="bounce.example.com",
        settings=encrypt(values.pop("told", told)),
        **values,
    )
    return mailbox


def deliver(maildir: Path, *letters: bytes) -> None:
    for n, raw in enumerate(letters):
        (maildir / "new" / f"{n}.{len(raw)}").write_bytes(raw)


def cur(maildir: Path) -> list[str]:
    return sorted(path.name.partition(":2,")[2] for path in (maildir / "cur").iterdir())


def read() -> reading.Outcome | None:
    claimed = reading.claim()
    return reading.read(claimed) if claimed else None


def refused() -> dict[str, int]:
    rows = Refusal.objects.filter(endpoint=reading.ENDPOINT).values_list("reason", "count")
    counts: dict[str, int] = {}
    for reason, count in rows:
        counts[reason] = counts.get(reason, 0) + count
    return counts


def test_a_bounce_reaches_its_subtask_and_the_suppression_list(maildir: Path) -> None:
    subtask, mailbox = sent(), mailbox_of()
    deliver(maildir, sample("postfix-unknown-user", subtask.pk))
    outcome = read()
    applying.apply_waiting()
    assert (outcome.events, outcome.problem) == (1, "")
    assert now(subtask).status == "bounced"
    assert "User unknown" in now(subtask).error
    assert Suppression.objects.get().email == subtask.recipient_email
    assert cur(maildir) == ["S"]
    mailbox.refresh_from_db()
    assert mailbox.result == "1 messages: 1 bounced for good"
    assert (mailbox.claimed_until, mailbox.problem) == (None, "")
    assert mailbox.read_at is not None


def test_a_bounce_settles_a_doubt(maildir: Path) -> None:
    subtask = in_doubt(mailbox_of().service)
    deliver(maildir, sample("qmail", subtask.pk))
    read()
    applying.apply_waiting()
    assert now(subtask).status == "bounced"


@pytest.mark.parametrize("name", ["postfix-spam", "postfix-too-large", "exim-report"])
def test_a_refusal_for_content_or_policy_suppresses_nobody(maildir: Path, name: str) -> None:
    subtask, _ = sent(), mailbox_of()
    deliver(maildir, sample(name, subtask.pk))
    read()
    applying.apply_waiting()
    assert now(subtask).status == "bounced"
    assert not Suppression.objects.exists()


def test_a_wish_by_mail_unsubscribes(maildir: Path) -> None:
    subtask, _ = sent(), mailbox_of()
    token = sign(Purpose.UNSUBSCRIBE, subtask.pk)
    deliver(maildir, f"From: x\nSubject: Unsubscribe {token}\n\nx".replace("Un", "un").encode())
    read()
    assert Suppression.objects.get().email == subtask.recipient_email
    assert cur(maildir) == ["S"]


def test_a_wish_by_mail_that_answers_a_test_message_does_nothing(maildir: Path) -> None:
    mailbox_of()
    token = sign(Purpose.UNSUBSCRIBE, 0)
    deliver(maildir, f"From: x\nSubject: unsubscribe {token}\n\nx".encode())
    read()
    assert cur(maildir) == ["S"]
    assert not Suppression.objects.exists()
    assert not Event.objects.exists()


def test_what_is_no_event_is_counted_and_what_nobody_understands_is_set_aside(
    maildir: Path,
) -> None:
    mailbox_of()
    forged = sample("postfix-unknown-user", path=f"bounces+{'a' * 29}@bounce.example.com")
    deliver(
        maildir, sample("vacation-german"), forged, b"", b"From: ada\n\nHello", sample("not-spam")
    )
    outcome = read()
    assert refused() == {
        "automatic reply": 1, "wrong signature": 1, "empty": 1, "no report": 1, "other feedback": 1,
    }  # fmt: skip
    assert cur(maildir) == ["FS", "FS", "FS", "S", "S"]
    assert outcome.events == 0
    assert not Event.objects.exists()


def fails_at(monkeypatch: pytest.MonkeyPatch, *letters: bytes) -> None:
    understand = reading.understand

    def stumble(raw: bytes) -> Any:
        if raw in letters:
            raise Failed("a worker was ended by signal 9")
        return understand(raw)

    monkeypatch.setattr(reading, "understand", stumble)


def test_a_letter_that_ends_its_reader_is_set_aside_and_the_others_are_read(
    maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subtask, _ = sent(), mailbox_of()
    fails_at(monkeypatch, b"bad")
    deliver(maildir, b"bad", sample("qmail", subtask.pk))
    assert read().events == 1
    assert refused() == {"ends what reads it": 1}
    assert cur(maildir) == ["FS", "S"]


def test_letters_stay_where_they_are_while_none_can_be_looked_at(
    maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox = mailbox_of()
    fails_at(monkeypatch, b"bad", reading.HARMLESS)
    deliver(maildir, b"From: ada\n\nHello", b"bad", b"From: bob\n\nHello")
    assert read().problem == "a worker was ended by signal 9"
    assert cur(maildir) == ["FS"]
    mailbox.refresh_from_db()
    assert mailbox.failures_in_row == 1


def test_a_letter_that_takes_too_long_is_set_aside_with_the_limit(maildir: Path) -> None:
    subtask, _ = sent(), mailbox_of()
    nested = b"".join(b"Content-Type: multipart/mixed; boundary=b\n\n--b\n" for _ in range(51))
    deliver(maildir, nested, sample("qmail", subtask.pk))
    assert read().events == 1
    assert refused() == {"has more than 50 boundaries": 1}
    assert cur(maildir) == ["FS", "S"]


def test_what_was_written_down_but_not_marked_is_read_again_and_counts_once(
    maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    subtask, _ = sent(), mailbox_of()
    deliver(maildir, sample("postfix-unknown-user", subtask.pk))
    with monkeypatch.context() as patch:
        patch.setattr(MaildirMailbox, "done", lambda self, names: 1 / 0 if names else None)
        with pytest.raises(ZeroDivisionError):
            read()
    assert cur(maildir) == []
    BounceMailbox.objects.update(claimed_until=None)
    assert read().events == 0
    assert cur(maildir) == ["S"]
    assert Event.objects.count() == 1


def test_what_could_be_read_is_dealt_with_before_the_mailbox_fails(
    maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails_in_the_middle(self) -> Iterator[Letter]:
        yield Letter("0.1", b"Subject: hello\n\nhello")
        raise MailboxError("It broke.")

    monkeypatch.setattr(MaildirMailbox, "new", fails_in_the_middle)
    mailbox_of()
    deliver(maildir, b"x")
    outcome = read()
    assert (outcome.problem, outcome.meanings) == ("It broke.", {"no report": 1})
    assert cur(maildir) == ["FS"]


def test_nothing_is_marked_that_the_database_did_not_take(
    maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailbox_of()
    deliver(maildir, sample("qmail", sent().pk))

    def fail(events: Any) -> int:
        raise OperationalError("gone")

    monkeypatch.setattr(ledger, "accept", fail)
    with pytest.raises(OperationalError):
        read()
    assert cur(maildir) == []


def test_the_same_bounce_delivered_twice_counts_once(maildir: Path) -> None:
    subtask, _ = sent(), mailbox_of()
    raw = sample("sendmail", subtask.pk)
    deliver(maildir, raw, b"Received: by another.example; again\n" + raw)
    assert read().events == 1
    applying.apply_waiting()
    assert Event.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_no_transaction_is_open_while_the_server_is_talked_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    subtask = sent()
    with ImapServer().running() as server:
        mailbox_of(told=settings_of(server))
        uid = server.put(sample("gmail-unknown-user", subtask.pk))
        mine, seen = connections["default"], []
        server.commands = Watching(lambda: seen.append(mine.in_atomic_block))
        assert read().events == 1
    assert r"\Seen" in server.flags(uid)
    assert seen and not any(seen)


class Watching(list[str]):
    """Looks whenever the server is told anything."""

    def __init__(self, look: Any) -> None:
        super().__init__()
        self.look = look

    def append(self, name: str) -> None:
        self.look()
        super().append(name)


class TestWhoReads:
    def test_nobody_else_reads_meanwhile(self, maildir: Path) -> None:
        first, second = mailbox_of(), mailbox_of()
        assert reading.claim() is not None
        assert reading.claim() is None
        assert reading.claim(first.pk) is None
        assert reading.claim(second.pk) is None

    def test_the_claim_of_a_reader_that_died_runs_out(self, maildir: Path) -> None:
        mailbox_of()
        dead = reading.claim()
        BounceMailbox.objects.update(claimed_until=Now() - dt.timedelta(seconds=1))
        living = reading.claim()
        assert living.token != dead.token
        assert reading.read(dead) is None
        assert reading.read(living) is not None

    def test_a_claim_is_renewed_while_reading_goes_on(
        self, maildir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "RENEW_SECONDS", -1.0)
        mailbox = mailbox_of()
        deliver(maildir, b"From: ada\n\nHello", b"From: bob\n\nHello!")
        until = []

        def look(raw: bytes) -> Any:
            until.append(BounceMailbox.objects.get(pk=mailbox.pk).claimed_until)
            return NO_REPORT

        monkeypatch.setattr(reading, "understand", look)
        monkeypatch.setattr(reading, "BATCH", 1)
        read()
        assert until[0] < until[1]

    def test_a_reader_whose_claim_was_taken_over_stops(
        self, maildir: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "RENEW_SECONDS", -1.0)
        monkeypatch.setattr(reading, "BATCH", 1)
        mailbox_of()
        deliver(maildir, *[b"From: ada%d\n\nHello" % n for n in range(3)])
        claimed = reading.claim()

        def taken(raw: bytes) -> Any:
            BounceMailbox.objects.update(claim_token=uuid.uuid4())
            return NO_REPORT

        monkeypatch.setattr(reading, "understand", taken)
        assert sum(reading.read(claimed).meanings.values()) == 1
        assert BounceMailbox.objects.get().claimed_until is not None

    def test_the_one_that_is_due_for_longest_comes_first(self, maildir: Path) -> None:
        mailbox_of(next_read_at=Now() - dt.timedelta(hours=1))
        due = mailbox_of(next_read_at=Now() - dt.timedelta(hours=2))
        assert reading.claim().service_id == due.pk

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

    def test_housekeeping_has_a_worker_read_what_is_due_and_asks_once(self, maildir: Path) -> None:
        subtask, _ = sent(), mailbox_of()
        deliver(maildir, sample("qmail", subtask.pk))
        housekeeping.read_bounces()
        housekeeping.read_bounces()
        (queued,) = self.queued()
        reading.read_claimed(*queued.task["args"])
        assert Event.objects.get().subtask_id == subtask.pk

    def test_housekeeping_asks_for_nothing_when_nothing_is_due(self) -> None:
        housekeeping.read_bounces()
        assert self.queued() == []

    def test_a_task_that_comes_too_late_reads_nothing(self, maildir: Path) -> None:
        mailbox_of()
        housekeeping.read_bounces()
        BounceMailbox.objects.update(claimed_until=None, claim_token=None)
        deliver(maildir, sample("qmail", sent().pk))
        reading.read_claimed(*self.queued()[0].task["args"])
        assert not Event.objects.exists()

    def test_it_is_one_of_the_chores(self) -> None:
        assert housekeeping.read_bounces in housekeeping.CHORES


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
    applying.apply_waiting()
    assert SubTask.objects.get(pk=other.pk).status == "sent"
