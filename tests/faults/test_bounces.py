"""Two clusters send a campaign and read what bounces of it: each bounce once, nothing twice."""

from __future__ import annotations

from pathlib import Path

from campaigns.models import SubTask, SubTaskStatus, Suppression
from dispatch.encryption import encrypt
from dispatch.models import BounceMailbox
from tests.dispatch.bounces.samples import sample
from tests.faults.conftest import ScenarioReport
from tests.faults.harness import Scenario
from tests.faults.programs import wait_until
from tracking.models import Event, EventTally

RECIPIENTS = 2_000
KINDS = {
    "postfix-unknown-user": "hard_bounced",
    "qmail-mailbox-full": "soft_bounced",
    "office365-dmarc": "rejected",
    "yahoo-complaint": "complained",
}
EACH = 40
DOMAIN = "bounce.example.com"


def make_maildir(path: Path) -> Path:
    for name in ("new", "cur", "tmp"):
        (path / name).mkdir(parents=True)
    return path


def deliver(new: Path, name: str, raw: bytes) -> None:
    """Complete or not at all, as a mail server does."""
    unfinished = new.parent / "tmp" / name
    unfinished.write_bytes(raw)
    unfinished.rename(new / name)


def bounce(new: Path, n: int, subtask: SubTask) -> None:
    """Once, once again as it came by another way, and once as somebody else made it up."""
    kind = list(KINDS)[n % len(KINDS)]
    raw = sample(kind, subtask.pk, recipient=subtask.recipient_email)
    raw = raw.replace(b"Message-I", f"X-Number: {n}\nMessage-I".encode(), 1)
    deliver(new, f"{n}.first", raw)
    deliver(new, f"{n}.again", b"Received: again\n" + raw)
    deliver(new, f"{n}.forged", sample(kind, path=f"bounces+{'a' * 29}@{DOMAIN}"))


def test_what_comes_back_by_mail_is_counted_exactly_over_two_clusters(
    scenario: Scenario, report: ScenarioReport, tmp_path: Path
) -> None:
    maildir = make_maildir(tmp_path / "maildirs" / "bounces")
    scenario.settings |= {
        "BOUNCE_MAILDIRS": str(maildir.parent),
        "BOUNCE_READ_SECONDS": "1",
        "PAUSE_HARD_BOUNCE_PERCENT": "0",
        "PAUSE_COMPLAINT_PERCENT": "0",
    }
    service = scenario.service(scenario.smtp(), max_connections=4)
    BounceMailbox.objects.create(
        service=service,
        domain=DOMAIN,
        settings=encrypt({"kind": "maildir", "maildir": "bounces"}),
    )
    scenario.start_clusters(2)
    task = scenario.campaign(RECIPIENTS)
    scenario.launch(task)
    scenario.wait_sent(task, len(KINDS) * EACH)

    sent = SubTask.objects.filter(task=task, status=SubTaskStatus.SENT).order_by("pk")
    rows = list(sent[: len(KINDS) * EACH])
    for n, subtask in enumerate(rows):
        bounce(maildir / "new", n, subtask)

    expected = dict.fromkeys(KINDS.values(), EACH)
    wait_until(lambda: not list((maildir / "new").iterdir()), 60, "the mailbox is read")
    wait_until(lambda: tallies(task.pk) == expected, 30, "each is counted once")
    found = scenario.finish(task)

    assert Event.objects.count() == len(rows)
    assert Suppression.objects.count() == 2 * EACH
    flags = [path.name.partition(":2,")[2] for path in (maildir / "cur").iterdir()]
    assert (flags.count("S"), flags.count("FS")) == (2 * len(rows), len(rows))
    report(scenario, "bounces by mail", found, f"{len(rows)} events")


def tallies(task_id: int) -> dict[str, int]:
    rows = EventTally.objects.filter(task_id=task_id)
    return {row.kind: row.recipients for row in rows}
