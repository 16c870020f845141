"""A letter that ends its reader is known by what was written down before, and set aside in the end."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from django.db.models.functions import Now

from campaigns import background
from campaigns.models import BackgroundJob
from dispatch.admin.services.bounce_mailbox import _state
from dispatch.bounces import reading
from dispatch.bounces.mailboxes import Letter
from dispatch.models import BounceMailbox
from dispatch.process import maintenance
from tests.dispatch.bounces.mailbox import deliver, mailbox_of
from tests.dispatch.bounces.samples import sample
from tests.tracking.making import sent
from tracking.models import Event

pytestmark = pytest.mark.django_db
DEADLY = b"Subject: deadly\n\nhello"


class Killed(BaseException):
    """Ends the reader where it is: nothing that catches exceptions sees a kill -9 either."""


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> None:
    understand = reading._understand

    def die(letter: Letter) -> object:
        if letter.raw == DEADLY:
            raise Killed
        return understand(letter)

    monkeypatch.setattr(reading, "_understand", die)


def read_as_a_worker_does() -> None:
    """Maintenance asks, a worker reads and may die of it, maintenance finds that out."""
    BounceMailbox.objects.update(next_read_at=Now())
    maintenance.read_bounces()
    job = BackgroundJob.objects.get()
    try:
        reading.read_claimed(*job.args)
    except Killed:
        background.look_after([])


def names(folder: Path) -> list[str]:
    return sorted(path.name.partition(".")[0] for path in folder.iterdir())


@pytest.mark.usefixtures("deadly")
def test_it_is_set_aside_after_three_readers_and_those_behind_it_are_read(
    maildir: Path,  # noqa: F811
) -> None:
    subtask, mailbox = sent(), mailbox_of()
    deliver(maildir, sample("vacation-french"), DEADLY, sample("qmail", subtask.pk))
    for reader in range(3):
        read_as_a_worker_does()
        mailbox.refresh_from_db()
        assert mailbox.letter_tries == {f"1.{len(DEADLY)}": reader + 1}
        assert names(maildir / "new") == ["0", "1", "2"]
    read_as_a_worker_does()
    assert names(maildir / "new") == []
    assert Event.objects.get().subtask_id == subtask.pk
    flagged = [path.name for path in (maildir / "cur").iterdir() if path.name.endswith("FS")]
    assert flagged == [f"1.{len(DEADLY)}:2,FS"]


@pytest.mark.usefixtures("deadly")
def test_the_page_of_the_mailbox_says_so(maildir: Path) -> None:  # noqa: F811
    mailbox = mailbox_of()
    deliver(maildir, DEADLY)
    read_as_a_worker_does()
    mailbox.refresh_from_db()
    assert "Reading it was given up." in _state(mailbox)
    for _ in range(3):
        read_as_a_worker_does()
    mailbox.refresh_from_db()
    assert "1 ends what reads it. Look at it in the mailbox" in _state(mailbox)
    assert mailbox.problem == ""


@pytest.mark.usefixtures("deadly")
def test_a_reader_that_died_leaves_the_mailbox_to_others_after_a_pause(
    maildir: Path,  # noqa: F811
) -> None:
    mailbox = mailbox_of()
    deliver(maildir, DEADLY)
    read_as_a_worker_does()
    mailbox = BounceMailbox.objects.annotate(now=Now()).get()
    assert (mailbox.claimed_until, mailbox.failures_in_row) == (None, 1)
    assert round((mailbox.next_read_at - mailbox.now).total_seconds()) == 120


def test_letters_that_are_understood_leave_no_count(
    maildir: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[dict[str, int]] = []
    understand: Callable[[Letter], object] = reading._understand

    def look(letter: Letter) -> object:
        seen.append(BounceMailbox.objects.get().letter_tries)
        return understand(letter)

    monkeypatch.setattr(reading, "_understand", look)
    mailbox_of()
    deliver(maildir, b"From: a@b.c\n\none", b"From: a@b.c\n\nanother")
    read_as_a_worker_does()
    assert [list(tries.values()) for tries in seen] == [[1], [1]]
    assert BounceMailbox.objects.get().letter_tries == {}
