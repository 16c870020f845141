"""Reading the bounce mailboxes: one at a time over the whole installation, in the background.

Who reads a mailbox has claimed its row for a while. No transaction is open while its server is
talked to. What was understood is written down first and marked in the mailbox then: after a crash
in between it is read again, and the inbox knows it by its key.
"""

from __future__ import annotations

import datetime as dt
import logging
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from campaigns import background
from campaigns.models import BackgroundJob
from dispatch.bounces.mailboxes import Letter, Mailbox, MailboxError, open_mailbox
from dispatch.bounces.understanding import (
    ENDS_ITS_READER,
    Meaning,
    Passed,
    SetAside,
    Told,
    UnsubscribeRequest,
    understand,
)
from dispatch.encryption import CredentialsError, decrypt
from dispatch.models import BounceMailbox
from dispatch.queue import enqueue
from sandbox import Failed
from tracking import rejected_requests, subscriptions
from tracking.event_kinds import EventKind
from tracking.events import inbox

Understood = tuple[str, Meaning]
"""The name of a letter in its mailbox, and what it means."""

logger = logging.getLogger(__name__)

MESSAGES = gettext_noop("messages")
KINDS = {
    EventKind.DELIVERED: gettext_noop("delivered"),
    EventKind.DEFERRED: gettext_noop("delayed"),
    EventKind.SOFT_BOUNCED: gettext_noop("bounced for now"),
    EventKind.HARD_BOUNCED: gettext_noop("bounced for good"),
    EventKind.REJECTED: gettext_noop("refused"),
    EventKind.COMPLAINED: gettext_noop("reported as spam"),
}
"""What bounce mail is about, as the result of a reading counts it."""
ENDPOINT = gettext_noop("bounce mailbox")
"""Under this name what was not an event is counted among the rejected requests."""

CLAIM = dt.timedelta(minutes=2)
"""Renewed while reading goes on: when the reader dies, another takes over after so long."""
RENEW_SECONDS = 20.0
READ_SECONDS = 60.0
"""After so long the next reading goes on: others wait."""
BATCH = 50
"""Letters that are written down, then marked, together."""
BATCH_SECONDS = 10.0
"""Those that have been looked at for so long are written down, however few they are."""
HARMLESS = b"Subject: hello\n\nhello"
"""A letter that is understood wherever any is."""
MOST_TRIES = 3
"""A letter is looked at so often; one that has ended its reader each time is set aside unread."""
LONGEST_PAUSE = dt.timedelta(hours=1)

# One mailbox at a time: a claim sees no other claim. Those of one server or shared by
# services are so never read twice at once, and one worker of the queue is busy at most.
CLAIM_SQL = """
UPDATE dispatch_bouncemailbox SET
    claimed_until = clock_timestamp() + make_interval(secs => %(seconds)s),
    claim_token = %(token)s
WHERE service_id = (
    SELECT service_id FROM dispatch_bouncemailbox
    WHERE enabled
      AND CASE WHEN %(service)s::bigint IS NULL THEN next_read_at <= clock_timestamp()
               ELSE service_id = %(service)s::bigint END
      AND NOT EXISTS (SELECT 1 FROM dispatch_bouncemailbox WHERE claimed_until > clock_timestamp())
    ORDER BY next_read_at LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
RETURNING service_id
"""


@dataclass(slots=True)
class ReadingResult:
    """What one reading came to. `problem` says why it ended early."""

    events: int = 0
    meanings: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    is_finished: bool = False
    problem: str = ""

    def __str__(self) -> str:
        letters = sum(self.meanings.values())
        listed = _listed(self.meanings)
        return f"{letters} {MESSAGES}: {listed}" if listed else f"{letters} {MESSAGES}"


@dataclass(frozen=True, slots=True)
class Claimed:
    """A mailbox claimed for this process alone."""

    service_id: int
    token: uuid.UUID


def claim(service_id: int | None = None) -> Claimed | None:
    """The mailbox that is due for longest, or the one of this service whether it is due or not.
    None when there is none, or one is being read.
    """
    token = uuid.uuid4()
    values: dict[str, Any] = {
        "seconds": CLAIM.total_seconds(),
        "token": token,
        "service": service_id,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM_SQL, values)
        row = cursor.fetchone()
    return Claimed(row[0], token) if row else None


@background.job(enqueue.BOUNCES, seconds=180, attempts=1)
def read_claimed(service_id: int, token: str) -> None:
    """For a worker: read a claimed mailbox; nothing when its claim has run out."""
    read(Claimed(service_id, uuid.UUID(token)))


def read(claimed: Claimed) -> ReadingResult | None:
    """Read what is new, for about a minute. None when the claim is over.

    Raises only what the database raises: the mailbox is read again when the claim has run out.
    """
    row = _mailboxes(claimed).first()
    if row is None or not _renew(claimed):
        return None
    result = ReadingResult()
    try:
        with open_mailbox(decrypt(row.settings)) as mailbox:
            _read_all(claimed, mailbox, row.letter_tries, result)
    except (MailboxError, CredentialsError, Failed) as error:
        result.problem = str(error)
        logger.warning("the bounce mailbox of service %s: %s", claimed.service_id, error)
    if result.meanings:
        logger.info("the bounce mailbox of service %s: %s", claimed.service_id, result)
    _finish(claimed, row, result)
    return result


def _mailboxes(claimed: Claimed) -> QuerySet[BounceMailbox]:
    return BounceMailbox.objects.filter(pk=claimed.service_id, claim_token=claimed.token)


def _renew(claimed: Claimed) -> bool:
    """False when another process reads the mailbox now."""
    return _mailboxes(claimed).update(claimed_until=Now() + CLAIM) == 1


def _while_claimed(claimed: Claimed, letters: Iterable[Letter]) -> Iterator[Letter]:
    renewed_at = time.monotonic()
    for letter in letters:
        yield letter
        if time.monotonic() - renewed_at > RENEW_SECONDS:
            if not _renew(claimed):
                return
            renewed_at = time.monotonic()


def _read_all(
    claimed: Claimed, mailbox: Mailbox, tries: dict[str, int], result: ReadingResult
) -> None:
    until = time.monotonic() + READ_SECONDS
    letters = _while_claimed(claimed, mailbox.new())
    for batch in _batches((letter.name, _look_at(claimed, tries, letter)) for letter in letters):
        _deal_with(mailbox, batch, result)
        if time.monotonic() > until:
            return
    result.is_finished = True


def _batches(letters: Iterable[Understood]) -> Iterator[list[Understood]]:
    """The letters in batches. When no more can be read, those that could come before the error."""
    batch: list[Understood] = []
    started_at = time.monotonic()
    try:
        for letter in letters:
            batch.append(letter)
            if len(batch) == BATCH or time.monotonic() - started_at > BATCH_SECONDS:
                yield batch
                batch, started_at = [], time.monotonic()
    except (MailboxError, Failed):
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _deal_with(mailbox: Mailbox, letters: Iterable[Understood], result: ReadingResult) -> None:
    meanings = dict(letters)
    result.events += _write_down(meanings.values())
    for meaning in meanings.values():
        result.meanings[_in_words(meaning)] += 1
    aside = {name: each.why for name, each in meanings.items() if isinstance(each, SetAside)}
    mailbox.set_aside(list(aside))
    mailbox.done([name for name in meanings if name not in aside])
    result.set_aside.update(aside.values())


def _look_at(claimed: Claimed, tries: dict[str, int], letter: Letter) -> Meaning:
    """Write down which letter is looked at, before: one that ends its reader is known by it."""
    if tries.get(letter.name, 0) >= MOST_TRIES:
        return ENDS_ITS_READER
    tries[letter.name] = tries.get(letter.name, 0) + 1
    _write_tries(claimed, tries)
    try:
        return _understand(letter)
    finally:
        del tries[letter.name]


def _write_tries(claimed: Claimed, tries: dict[str, int]) -> None:
    """For when this process dies, not for when the database does: the disk is not waited for."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        _mailboxes(claimed).update(letter_tries=tries)


def _understand(letter: Letter) -> Meaning:
    """A letter that nothing can look at, while others can be, is set aside: it must not keep those
    behind it from being read. Raises Failed when none can be.
    """
    try:
        return understand(letter.raw)
    except Failed:
        understand(HARMLESS)
    try:
        return understand(letter.raw)
    except Failed as error:
        logger.error("a message of the bounce mailbox was set aside: %s", error)
        return ENDS_ITS_READER


def _write_down(meanings: Iterable[Meaning]) -> int:
    """How many events are new."""
    meanings = list(meanings)
    new = inbox.accept(meaning.event for meaning in meanings if isinstance(meaning, Told))
    for meaning in meanings:
        if isinstance(meaning, Passed | SetAside):
            rejected_requests.count(ENDPOINT, _in_words(meaning))
        elif isinstance(meaning, UnsubscribeRequest):
            _unsubscribe(meaning)
    set_aside = Counter(_in_words(m) for m in meanings if isinstance(m, SetAside))
    for why, count in set_aside.items():
        logger.warning("%d messages of the bounce mailbox were set aside: %s", count, why)
    return new


def _unsubscribe(request: UnsubscribeRequest) -> None:
    """Nothing is left to unsubscribe when the SubTask was deleted."""
    if subscriber := subscriptions.subscriber(request.subtask_id):
        subscriptions.unsubscribe(subscriber)


def _in_words(meaning: Meaning) -> str:
    match meaning:
        case Told():
            return KINDS[meaning.event.kind]
        case Passed():
            return meaning.what
        case SetAside():
            return meaning.why
        case UnsubscribeRequest():
            return gettext_noop("unsubscribed by mail")


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count} {what}" for what, count in counts.most_common(8))


@background.when_given_up(enqueue.BOUNCES)
def reader_died(job: BackgroundJob) -> bool:
    """End the claim of a reader that was killed or took too long: the mailbox rests like one that
    cannot be read.
    """
    claimed = Claimed(job.about, uuid.UUID(job.args[1]))
    for row in _mailboxes(claimed):
        problem = gettext_noop(
            "Reading it was given up. %(reason)s It is read again after a pause."
        ) % {"reason": job.reason}
        _finish(claimed, row, ReadingResult(problem=problem))
    return True


def _what_was_set_aside(result: ReadingResult) -> dict[str, Any]:
    return {"set_aside": _listed(result.set_aside)[:500], "set_aside_at": Now()}


def _finish(claimed: Claimed, row: BounceMailbox, result: ReadingResult) -> None:
    """A mailbox that cannot be read rests longer each time, one that is not empty not at all."""
    every = dt.timedelta(seconds=settings.BOUNCE_READ_SECONDS)
    failures = row.failures_in_row + 1 if result.problem else 0
    pause = min(every * 2 ** min(failures, 10), LONGEST_PAUSE) if failures else every
    if not (result.is_finished or failures):
        pause = dt.timedelta()
    _mailboxes(claimed).update(
        claimed_until=None,
        claim_token=None,
        next_read_at=Now() + pause,
        failures_in_row=failures,
        letter_tries={} if result.is_finished else row.letter_tries,
        problem=result.problem,
        **({} if result.problem and not result.meanings else {"result": str(result)[:500]}),
        **({} if result.problem else {"read_at": Now()}),
        **(_what_was_set_aside(result) if result.set_aside else {}),
    )
