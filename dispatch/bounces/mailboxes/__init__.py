"""The kinds of mailboxes that can be read, each with the form of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from dispatch.bounces.mailboxes.base import Letter, Mailbox, MailboxError
from dispatch.bounces.mailboxes.imap import ImapMailbox
from dispatch.bounces.mailboxes.maildir import MaildirMailbox

KINDS: dict[str, type[Mailbox]] = {"imap": ImapMailbox, "maildir": MaildirMailbox}


def open_mailbox(settings: Mapping[str, Any]) -> Mailbox:
    """The mailbox of these settings, connected; a context manager that closes it. Raises
    MailboxError.
    """
    kind = KINDS.get(str(settings.get("kind", "")))
    if kind is None:
        raise MailboxError(gettext_noop("No mailbox is set up. Enter where bounces arrive."))
    return kind.connect(settings)


__all__ = ["KINDS", "Letter", "Mailbox", "MailboxError", "open_mailbox"]
