from __future__ import annotations

import pytest

from devmail import mailbox as mailbox_module
from devmail.mailbox import Mailbox

RAW = b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nHello\r\n"


def test_a_message_keeps_its_bytes_and_shows_its_decoded_subject(mailbox: Mailbox) -> None:
    mailbox.add("news@example.com", "ada@example.org", RAW)
    [summary] = mailbox.find("", before=None, limit=10)
    assert summary.subject == "Grüße"
    assert mailbox.get(summary.id) == (summary, RAW)


def test_messages_are_found_by_part_of_the_recipient_newest_first(mailbox: Mailbox) -> None:
    for recipient in ("ada@example.org", "bob@example.org", "Ada@example.net", "100%@example.org"):
        mailbox.add("news@example.com", recipient, RAW)
    found = mailbox.find("ada@", before=None, limit=10)
    assert [summary.recipient for summary in found] == ["Ada@example.net", "ada@example.org"]
    assert mailbox.count("%") == 1


def test_older_messages_come_on_the_next_page(mailbox: Mailbox) -> None:
    for n in range(3):
        mailbox.add("news@example.com", f"r{n}@example.org", RAW)
    newest = mailbox.find("", before=None, limit=2)
    older = mailbox.find("", before=newest[-1].id, limit=2)
    assert [summary.recipient for summary in older] == ["r0@example.org"]


def test_only_the_newest_messages_are_kept(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox_module, "KEEP_MESSAGES", 2)
    for n in range(5):
        mailbox.add("news@example.com", f"r{n}@example.org", RAW)
    mailbox.prune()
    assert mailbox.count() == 2
