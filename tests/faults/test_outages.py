"""SMTP servers that go away, or do not say what they did."""

from __future__ import annotations

import signal

from django.db.models.functions import Now

from campaigns.models import SubTask, SubTaskStatus
from dispatch.models import Attempt, AttemptOutcome, EmailService, Pace
from tests.faults.conftest import ScenarioReport
from tests.faults.harness import Scenario
from tests.faults.programs import wait_until


def test_messages_whose_fate_the_server_did_not_tell_are_in_doubt_and_never_sent_again(
    scenario: Scenario, report: ScenarioReport
) -> None:
    recipients, stored_every, dropped_every = 2_000, 50, 70
    stored = recipients // stored_every
    dropped = (recipients - stored) // dropped_every
    smtp = scenario.smtp(
        f"dot:close-stored@every={stored_every}", f"dot:close@every={dropped_every}"
    )
    for _ in range(5):
        scenario.service(smtp, sending_interval="0.01", max_connections=2)
    task = scenario.campaign(recipients)
    scenario.start_clusters(2)

    scenario.launch(task)
    found = scenario.finish(task)

    assert (found.in_doubt, found.in_doubt_accepted) == (stored + dropped, stored)
    assert Attempt.objects.filter(outcome=AttemptOutcome.UNKNOWN).count() == found.in_doubt
    assert Attempt.objects.count() == recipients
    report(
        scenario, "7 lost replies", found, f"{stored} stored and {dropped} dropped without a word"
    )


def test_a_service_that_refuses_connections_rests_while_another_takes_over(
    scenario: Scenario, report: ScenarioReport
) -> None:
    failing, steady = scenario.smtp(), scenario.smtp()
    bad = scenario.service(failing, sending_interval="0.01", max_connections=4)
    good = scenario.service(steady, sending_interval="0.01", max_connections=4)
    task = scenario.campaign(4_000)
    scenario.start_clusters(2)
    scenario.launch(task)
    wait_until(lambda: failing.accepted() > 200 and steady.accepted() > 200, 60, "both send")

    failing.signal(signal.SIGTERM)
    failing.wait_gone()
    frozen = wait_until(
        lambda: Pace.objects.filter(pk=bad.pk, frozen_until__gt=Now()).exists(), 20, "it rests"
    )
    before = steady.accepted()
    wait_until(lambda: steady.accepted() > before + 300, 60, "the other one takes over")
    working = scenario.again(failing)
    before = working.accepted()
    back = wait_until(lambda: working.accepted() > before, 60, "it sends again")

    found = scenario.finish(task)
    assert found.failed == 0
    assert sent_by(bad) + sent_by(good) == found.sent == 4_000 - found.in_doubt
    assert not SubTask.objects.exclude(attempts=0).exists()
    report(
        scenario, "7 refused connections", found, f"rests after {frozen:.1f} s, back {back:.1f} s"
    )


def sent_by(service: EmailService) -> int:
    return SubTask.objects.filter(service=service, status=SubTaskStatus.SENT).count()
