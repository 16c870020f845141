"""Notices while the processes that send them are killed: all arrive, and again only what was handed over."""

from __future__ import annotations

import json
import signal
from collections import Counter

from django.db.models.functions import Now
from django.test import override_settings

from campaigns.models import BackgroundJob
from notices.models import Delivery
from tests.faults.conftest import ScenarioReport
from tests.faults.harness import Scenario
from tests.faults.programs import Smtp, send, wait_until
from tests.notices.telling import ada, note

NOTICES = 200
KILLS = 5
PATIENCE_SECONDS = 60.0


def test_kill_9_loses_no_notice_and_repeats_only_what_was_handed_over(
    scenario: Scenario, report: ScenarioReport
) -> None:
    smtp = scenario.smtp("dot:delay:0.05")
    scenario.servers.remove(smtp)  # it gets no messages of campaigns
    try:
        kill_and_compare(scenario, report, smtp)
    finally:
        smtp.kill()


def kill_and_compare(scenario: Scenario, report: ScenarioReport, smtp: Smtp) -> None:
    scenario.settings |= {
        "EMAIL_HOST": smtp.host,
        "EMAIL_PORT": str(smtp.port),
        "EMAIL_SECURITY": "none",
        "EMAIL_FROM": "edm@example.com",
    }
    write()
    scenario.start_clusters(1)
    for number in range(1, KILLS + 1):
        kill_sender(smtp, after=20 * number)
    wait_until(lambda: sent() >= NOTICES - KILLS, PATIENCE_SECONDS, "all but the claimed are sent")
    Delivery.objects.filter(state="waiting").update(next_try_at=Now())  # the claims run out
    wait_until(lambda: sent() == NOTICES, PATIENCE_SECONDS, "all are sent")

    arrived = arrivals(smtp)
    found = scenario.stop_half_way()
    again = sum(arrived.values()) - NOTICES
    report(scenario, "notices, kill -9", found, f"{NOTICES} notices, {KILLS} kills, {again} again")
    assert len(arrived) == NOTICES
    assert max(arrived.values()) <= 2 and again <= KILLS


def kill_sender(smtp: Smtp, after: int) -> None:
    """Once so many mails came; its next try does not wait for its pause."""
    wait_until(lambda: smtp.accepted() >= after, PATIENCE_SECONDS, "mails come")
    killed = sender()
    send(killed, signal.SIGKILL)
    wait_until(lambda: sender() != killed, PATIENCE_SECONDS, "the kill is noticed")
    BackgroundJob.objects.filter(started_at=None).update(next_try_at=Now())


def write() -> None:
    owner = ada()
    with override_settings(EMAIL_HOST="127.0.0.1"):
        for number in range(NOTICES):
            assert note(owner, f"Campaign {number}")


def sender() -> int:
    """The process that sends at this moment; 0 when none does."""
    jobs = BackgroundJob.objects.filter(kind="notices").exclude(started_at=None)
    return jobs.values_list("pid", flat=True).first() or 0


def sent() -> int:
    return Delivery.objects.filter(state="sent").count()


def arrivals(smtp: Smtp) -> Counter[str]:
    """How often each came, by its Message-ID."""
    lines = smtp.record.read_text(encoding="utf-8").splitlines()
    return Counter(json.loads(line)["message_id"] for line in lines)
