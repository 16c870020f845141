from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from dispatch.bounces.mailboxes import MailboxError, open_mailbox
from dispatch.bounces.mailboxes.base import READ_BYTES
from dispatch.bounces.mailboxes.maildir import MaildirMailbox


@pytest.fixture
def maildir(tmp_path: Path, settings: Settings) -> Path:
    settings.BOUNCE_MAILDIRS = str(tmp_path)
    for name in ("new", "cur", "tmp"):
        (tmp_path / "bounces" / name).mkdir(parents=True)
    return tmp_path / "bounces"


SETTINGS = {"kind": "maildir", "maildir": "bounces"}


def test_what_is_in_new_is_new_and_reading_it_moves_nothing(maildir: Path) -> None:
    (maildir / "new" / "1.a").write_bytes(b"one")
    (maildir / "new" / ".hidden").write_bytes(b"x")
    (maildir / "cur" / "2.b:2,S").write_bytes(b"two")
    (maildir / "tmp" / "3.c").write_bytes(b"unfinished")
    with open_mailbox(SETTINGS) as mailbox:
        assert [(letter.name, letter.raw) for letter in mailbox.new()] == [("1.a", b"one")]
        assert mailbox.describe() == "The Maildir was opened: 1 new messages."
    assert (maildir / "new" / "1.a").exists()


def test_of_a_large_message_only_the_beginning_is_read(maildir: Path) -> None:
    (maildir / "new" / "1.a").write_bytes(b"A" * 10_000_000)
    with open_mailbox(SETTINGS) as mailbox:
        (letter,) = mailbox.new()
    assert len(letter.raw) == READ_BYTES


def test_what_is_done_is_seen_and_what_is_set_aside_is_flagged(maildir: Path) -> None:
    for name in ("1.a", "2.b:2,", "3.c"):
        (maildir / "new" / name).write_bytes(b"x")
    with open_mailbox(SETTINGS) as mailbox:
        mailbox.done(["1.a", "2.b:2,", "gone"])
        mailbox.set_aside(["3.c"])
    assert sorted(p.name for p in (maildir / "cur").iterdir()) == ["1.a:2,S", "2.b:2,S", "3.c:2,FS"]
    assert list((maildir / "new").iterdir()) == []


def test_what_is_done_is_deleted_when_asked_for_and_never_what_is_set_aside(maildir: Path) -> None:
    for name in ("1.a", "2.b"):
        (maildir / "new" / name).write_bytes(b"x")
    with open_mailbox({**SETTINGS, "delete": True}) as mailbox:
        mailbox.done(["1.a", "gone"])
        mailbox.set_aside(["2.b"])
    assert [p.name for p in (maildir / "cur").iterdir()] == ["2.b:2,FS"]


@pytest.mark.parametrize("name", ["", "..", "../etc", "/etc", "a/b", "nothing", ".hidden", "a\0b"])
def test_no_other_folder_of_the_machine_is_read(maildir: Path, name: str) -> None:
    with pytest.raises(MailboxError):
        open_mailbox({"kind": "maildir", "maildir": name})


def test_a_message_that_disappears_meanwhile_is_passed_over(maildir: Path) -> None:
    for name in ("1.a", "2.b"):
        (maildir / "new" / name).write_bytes(b"x")
    with open_mailbox(SETTINGS) as mailbox:
        letters = mailbox.new()
        next(letters)
        (maildir / "new" / "2.b").unlink()
        assert list(letters) == []


def test_a_message_that_cannot_be_read_keeps_no_other_from_being_read(
    maildir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (maildir / "new" / "1.a").mkdir()
    (maildir / "new" / "2.b").write_bytes(b"x")
    monkeypatch.setattr(MaildirMailbox, "_names", lambda self: ["1.a", "2.b"])
    with open_mailbox(SETTINGS) as mailbox:
        letters = mailbox.new()
        assert next(letters).name == "2.b"
        with pytest.raises(MailboxError, match="A message cannot be read"):
            next(letters)
