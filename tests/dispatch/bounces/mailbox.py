"""A mailbox for bounces in a test: what is delivered to it, and reading it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dispatch.bounces import reading
from dispatch.encryption import encrypt
from dispatch.models import BounceMailbox, EmailService
from tests.factories import EmailServiceFactory


def mailbox_of(service: EmailService | None = None, **values: Any) -> BounceMailbox:
    """A mailbox for bounces, in the Maildir of the test unless it is told otherwise."""
    told = {"kind": "maildir", "maildir": "bounces"}
    return BounceMailbox.objects.create(
        service=service or EmailServiceFactory(),
        domain="bounce.example.com",
        settings=encrypt(values.pop("told", told)),
        **values,
    )


def deliver(maildir: Path, *letters: bytes) -> None:
    for n, raw in enumerate(letters):
        (maildir / "new" / f"{n}.{len(raw)}").write_bytes(raw)


def cur(maildir: Path) -> list[str]:
    """The flags of the letters that were read."""
    return sorted(path.name.partition(":2,")[2] for path in (maildir / "cur").iterdir())


def claimed() -> reading.Claimed:
    """The mailbox whose turn it is; there is one."""
    claimed = reading.claim()
    assert claimed is not None
    return claimed


def read() -> reading.ReadingResult:
    """Read the mailbox whose turn it is, as its only reader."""
    outcome = reading.read(claimed())
    assert outcome is not None
    return outcome
