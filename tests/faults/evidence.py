"""What the SMTP servers recorded against what the database says."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from campaigns.models import SubTask, SubTaskStatus
from dispatch.models import Attempt, AttemptOutcome, EmailService

JITTER_SECONDS = 0.5
"""How much later than its recorded start a server may see MAIL on a busy machine: by so much may two messages come closer
there than they started. What is too fast by design adds up over the messages, and soon exceeds this.
"""
CLOCK_STEP_SECONDS = 0.000002
"""Rounding of times to microseconds."""

NOT_ACCEPTED = frozenset({SubTaskStatus.PENDING, SubTaskStatus.ALLOCATED, SubTaskStatus.FAILED})


@dataclass(slots=True)
class Evidence:
    """All lists and figures that ought to be empty or zero are so when the guarantees hold."""

    subtasks: int = 0
    sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    in_doubt_accepted: int = 0
    open: int = 0
    duplicates: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    unaccounted: list[int] = field(default_factory=list)
    """Accepted by a server although the database says that they were not sent."""
    earliest_start: float = 0.0
    """Seconds by which a start came before its time, by the recorded starts."""
    earliest_arrival: float = 0.0
    """The same by the times at which the servers saw MAIL."""
    smallest_gap: str = "-"
    quota: str = "-"
    overruns: list[str] = field(default_factory=list)

    def check(self) -> None:
        assert not self.duplicates, f"accepted twice: {self.duplicates[:10]}"
        assert not self.lost, f"sent, but no server has them: {self.lost[:10]}"
        assert not self.unaccounted, f"accepted, but not sent: {self.unaccounted[:10]}"
        assert not self.overruns, self.overruns
        assert self.earliest_start <= CLOCK_STEP_SECONDS, f"{self.earliest_start} s too early"
        assert self.earliest_arrival <= JITTER_SECONDS, f"{self.earliest_arrival} s too early"
        assert self.subtasks == self.sent + self.failed + self.in_doubt + self.open


def gather(records: Sequence[Path]) -> Evidence:
    evidence = Evidence()
    _compare_messages(evidence, read(records))
    _compare_limits(evidence, arrivals_by_domain(records))
    return evidence


def subtask_of(mail: dict[str, Any]) -> int:
    return int(mail["message_id"].lstrip("<").partition(".")[0])


def too_early(starts: Sequence[float], interval: float, burst: int) -> float:
    """By how many seconds at most a start came too early after any of those before it."""
    latest, worst = float("-inf"), 0.0
    for number, start in enumerate(sorted(starts)):
        even = start - number * interval
        worst = max(worst, latest - (burst - 1) * interval - even)
        latest = max(latest, even)
    return worst


def latenesses(starts: Sequence[float], interval: float, burst: int) -> list[float]:
    """Seconds between each start but the first and the moment at which the pace allowed it, where there is work from the
    first start on."""
    ordered = sorted(starts)
    due, found = float("-inf"), []
    for start in ordered:
        found.append(start - max(due - (burst - 1) * interval, ordered[0]))
        due = max(due, start) + interval
    return found[1:]


def arrivals_by_domain(records: Iterable[Path]) -> dict[str, list[float]]:
    """When the servers saw MAIL, by the sending domain."""
    arrivals: dict[str, list[float]] = defaultdict(list)
    for mail in read(records):
        arrivals[mail["sender"].rpartition("@")[2]].append(mail["mail_at"])
    return arrivals


def read(records: Iterable[Path]) -> list[dict[str, Any]]:
    return [json.loads(line) for record in records for line in record.read_text().splitlines()]


def _compare_messages(evidence: Evidence, mails: list[dict[str, Any]]) -> None:
    accepted = Counter(map(subtask_of, mails))
    evidence.duplicates = [pk for pk, times in accepted.items() if times > 1]
    rows = SubTask.objects.values_list("id", "status", "in_doubt_since")
    for pk, status, in_doubt_since in rows.iterator():
        evidence.subtasks += 1
        if in_doubt_since:
            evidence.in_doubt += 1
            evidence.in_doubt_accepted += pk in accepted
        elif status in NOT_ACCEPTED or status == SubTaskStatus.SENDING:
            evidence.failed += status == SubTaskStatus.FAILED
            evidence.open += status != SubTaskStatus.FAILED
            if pk in accepted:
                evidence.unaccounted.append(pk)
        else:
            evidence.sent += 1
            if pk not in accepted:
                evidence.lost.append(pk)


def _compare_limits(evidence: Evidence, arrivals: dict[str, list[float]]) -> None:
    gaps, uses = [], []
    for service in EmailService.objects.all():
        interval, burst = float(service.sending_interval), service.burst
        attempts = Attempt.objects.filter(service=service)
        began = attempts.exclude(started_at=None).values_list("started_at", flat=True)
        starts = sorted(start.timestamp() for start in began if start)
        arrived = arrivals[service.domain]
        if interval:
            early = too_early(starts, interval, burst)
            evidence.earliest_start = max(evidence.earliest_start, early)
            early = too_early(arrived, interval, burst)
            evidence.earliest_arrival = max(evidence.earliest_arrival, early)
            gaps += [
                (later - start - interval, later - start, interval)
                for start, later in zip(starts, starts[1:], strict=False)
            ]
        if service.daily_quota:
            handed_over = attempts.exclude(outcome=AttemptOutcome.NOT_STARTED)
            used = max(handed_over.count(), len(arrived))
            uses.append((used / service.daily_quota, f"{used}/{service.daily_quota}"))
            if used > service.daily_quota:
                evidence.overruns.append(f"{service}: {used} of {service.daily_quota}")
    if gaps:
        _, gap, interval = min(gaps)
        evidence.smallest_gap = f"{1000 * gap:.3f}/{1000 * interval:.0f} ms"
    if uses:
        evidence.quota = max(uses)[1]
