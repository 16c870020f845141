"""From the mailbox to the SubTask: once, whatever dies."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError, connections

from campaigns.models import Suppression
from dispatch.bounces import reading
from dispatch.bounces.mailboxes import Letter, MailboxError
from dispatch.bounces.mailboxes.maildir import MaildirMailbox
from dispatch.bounces.understanding import understand
from dispatch.models import BounceMailbox
from sandbox import Failed
from tests.dispatch.bounces.mailbox import cur, deliver, mailbox_of, read
from tests.dispatch.bounces.samples import sample
from tests.factories import in_doubt
from tests.imap_server import ImapServer, settings_of
from tests.tracking.making import now, sent
from tracking.events import apply, inbox
from tracking.links.tokens import Purpose, sign
from tracking.models import Event, RejectedRequests

pytestmark = pytest.mark.django_db


def refused() -> dict[str, int]:
    rows = RejectedRequests.objects.filter(endpoint=reading.ENDPOINT).values_list("reason", "count")
    counts: dict[str, int] = {}
    for reason, count in rows:
        counts[reason] = counts.get(reason, 0) + count
    return counts


def test_a_bounce_reaches_its_subtask_and_the_suppression_list(maildir: Path) -> None:
    subtask, mailbox = sent(), mailbox_of()
    deliver(maildir, sample("postfix-unknown-user", subtask.pk))
    outcome = read()
    apply.apply_waiting()
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
    apply.apply_waiting()
    assert now(subtask).status == "bounced"


@pytest.mark.parametrize("name", ["postfix-spam", "postfix-too-large", "exim-report"])
def test_a_refusal_for_content_or_policy_suppresses_nobody(maildir: Path, name: str) -> None:
    subtask, _ = sent(), mailbox_of()
    deliver(maildir, sample(name, subtask.pk))
    read()
    apply.apply_waiting()
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
    def fails_in_the_middle(self: MaildirMailbox) -> Iterator[Letter]:
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

    monkeypatch.setattr(inbox, "accept", fail)
    with pytest.raises(OperationalError):
        read()
    assert cur(maildir) == []


def test_the_same_bounce_delivered_twice_counts_once(maildir: Path) -> None:
    subtask, _ = sent(), mailbox_of()
    raw = sample("sendmail", subtask.pk)
    deliver(maildir, raw, b"Received: by another.example; again\n" + raw)
    assert read().events == 1
    apply.apply_waiting()
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
