"""How often what the product makes of a bounce agrees with a public corpus that says what each is:

    .venv/bin/python -m tests.load.bounce_corpus DIRECTORY [host ...]

DIRECTORY is a clone of sisimai's Ruby edition (rb-sisimai, BSD-2-Clause), which holds the messages
in set-of-emails/maildir/bsd and what they mean in test/public. Its reasons become our kinds: a hard
bounce, one that is none (soft or refused), and what is neither. With several recipients the mildest
counts, as a message of ours has one. Hosts, such as lhost-exim, limit what is looked at and what
differs is listed.

Where the corpus calls a bounce soft whose words are hard here by decision, it is printed with and
without these: sisimai calls "user unknown" *filtered* by the code or the step at which it is said.
"""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from dispatch.bounces.examining import Found, Says, examine  # noqa: E402  # Django first
from dispatch.bounces.mailboxes.base import READ_BYTES  # noqa: E402
from sandbox import LimitReached  # noqa: E402
from tracking.event_kinds import EventKind  # noqa: E402

MAILS = Path("set-of-emails/maildir/bsd")
EXPECTATIONS = Path("test/public")
_OF_A_FILE = re.compile(r"^ +'(\d+)' => (\[\[.*?\]\])(?:,|$)", re.MULTILINE | re.DOTALL)
_OF_A_RECIPIENT = re.compile(r"\['[^']*', *'[^']*', *'(\w+)', *(true|false)")

HARD, SOFT, UNRECOGNISED = "hard", "soft", "not recognised"
OTHER = {"delivered": "delivered", "feedback": "feedback", "vacation": "vacation"}
MILDEST_FIRST = ("delivered", "feedback", "vacation", SOFT, HARD)
KINDS = {
    EventKind.HARD_BOUNCED: HARD,
    EventKind.SOFT_BOUNCED: SOFT,
    EventKind.REJECTED: SOFT,
    EventKind.DEFERRED: SOFT,
    EventKind.DELIVERED: "delivered",
    EventKind.ACCEPTED: "delivered",
    EventKind.COMPLAINED: "feedback",
    EventKind.UNSUBSCRIBED: "feedback",
}
DECIDED_OTHERWISE = {
    "no such user": re.compile(
        rb"unknown user|user unknown|no such user|mailbox does not exist|recipient not found|"
        rb"doesn't have an? \S+ account|invalid address",
        re.IGNORECASE,
    ),
    "null MX": re.compile(rb"null mx", re.IGNORECASE),
}
"""Words in a bounce that are hard here whoever says them."""

REASONS_DECIDED = frozenset({"filtered", "userunknown", "notaccept"})
"""What the corpus calls such a bounce, if nothing else."""


class Compared(NamedTuple):
    """One message of the corpus: what it is said to be, and what we take it for."""

    name: str
    expected: str
    reasons: str
    found: str
    detail: str
    decided: str = ""
    """Which of DECIDED_OTHERWISE makes the difference."""


def compared(directory: Path, hosts: list[str]) -> Iterator[Compared]:
    for path in sorted((directory / EXPECTATIONS).glob("*.rb")):
        if not path.stem.startswith(("lhost-", "rhost-", "arf", "rfc3464", "rfc3834")):
            continue
        if hosts and path.stem not in hosts:
            continue
        for number, reasons in _OF_A_FILE.findall(path.read_text("utf-8")):
            mail = directory / MAILS / f"{path.stem}-{number}.eml"
            said = _OF_A_RECIPIENT.findall(reasons)
            if mail.exists() and said:
                yield _compare(mail, said)


def _compare(mail: Path, said: list[tuple[str, str]]) -> Compared:
    kinds = [OTHER.get(reason, HARD if hard == "true" else SOFT) for reason, hard in said]
    expected = min(kinds, key=MILDEST_FIRST.index)
    reasons = " ".join(dict.fromkeys(reason for reason, _ in said))
    try:
        found = examine(mail.read_bytes()[:READ_BYTES])
    except LimitReached as limit:
        return Compared(mail.stem, expected, reasons, UNRECOGNISED, str(limit))
    kind = _kind(found)
    is_one = (expected, kind) == (SOFT, HARD) and REASONS_DECIDED.issuperset(reasons.split())
    decided = _decided(mail.read_bytes()) if is_one else ""
    return Compared(mail.stem, expected, reasons, kind, found.detail or found.says, decided)


def _decided(raw: bytes) -> str:
    return next((name for name, words in DECIDED_OTHERWISE.items() if words.search(raw)), "")


def _kind(found: Found) -> str:
    if found.says in (Says.AUTOMATIC_REPLY, Says.READ_RECEIPT):
        return "vacation"
    if found.says == Says.OTHER_FEEDBACK:
        return "feedback"
    return KINDS[found.kind] if found.kind else UNRECOGNISED


def main() -> None:
    directory, *hosts = sys.argv[1:]
    each = list(compared(Path(directory), hosts))
    for one in each:
        if hosts and one.expected != one.found:
            print(f"{one.name}: {one.expected} ({one.reasons}), taken as {one.found}")
            print(f"    {' '.join(one.detail.split())[:300]}")
    _print_agreement(each)
    if decided := [one for one in each if one.decided]:
        print("\nSoft in the corpus, hard here by decision:")
        for (why, reasons), count in Counter((d.decided, d.reasons) for d in decided).items():
            print(f"{count:5} {why}, which the corpus calls {reasons}")
        print("Without these:")
        _print_agreement([one for one in each if not one.decided])


def _print_agreement(each: list[Compared]) -> None:
    pairs = Counter((one.expected, one.found) for one in each)
    agreed = sum(count for (expected, found), count in pairs.items() if expected == found)
    print(f"{agreed} of {len(each)} agree ({agreed / max(len(each), 1):.1%})")
    for (expected, found), count in sorted(pairs.items()):
        if expected != found:
            print(f"{count:5} {expected} taken as {found}")


if __name__ == "__main__":
    main()
