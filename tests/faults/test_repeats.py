"""A cluster is killed while a provider that de-duplicates has messages and has not answered."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.db.models.functions import Now

from campaigns.models import SubTask
from dispatch.models import Attempt, AttemptOutcome, EmailService
from tests.deduplicating_provider import DeduplicatingProvider
from tests.factories import EmailServiceFactory
from tests.faults.harness import START_SECONDS, Scenario, counts
from tests.faults.programs import manage, wait_until

RECIPIENTS = 1_000  # ten seconds, so that some are left however late it is noticed that 50 are sent
LINES = 4


@pytest.fixture
def provider() -> Iterator[DeduplicatingProvider]:
    with DeduplicatingProvider() as server:
        yield server


def test_what_a_killed_cluster_had_handed_over_is_repeated_and_arrives_once(
    scenario: Scenario, provider: DeduplicatingProvider
) -> None:
    service: EmailService = EmailServiceFactory(
        provider="resend",
        settings=provider.settings(),
        sending_interval="0.01",
        max_connections=LINES,
    )
    task = scenario.campaign(RECIPIENTS)
    (victim,) = scenario.start_clusters(1)
    scenario.launch(task)
    scenario.wait_sent(task, 50)

    provider.always = "hang"
    wait_until(lambda: len(provider.withheld) >= LINES, 30, "messages on the line")
    victim.kill()
    provider.always = ""
    unsettled = SubTask.objects.in_doubt()
    scenario.start_clusters(1)
    wait_until(lambda: unsettled.count() >= LINES, START_SECONDS, "the dead are recovered")
    in_doubt = unsettled.count()
    unsettled.update(in_doubt_since=Now() - dt.timedelta(seconds=31))  # the pause is over
    wait_until(lambda: counts(task).accepted == RECIPIENTS, 60, "everything is sent")

    scenario.stop_clusters()
    manage("audit_dispatch", url=scenario.url)
    assert sorted(provider.accepted.values()) == sorted(
        SubTask.objects.values_list("recipient_email", flat=True)
    )
    attempts = Attempt.objects.filter(service=service)
    assert attempts.filter(outcome=AttemptOutcome.ACCEPTED).count() == RECIPIENTS
    assert attempts.filter(outcome=AttemptOutcome.UNKNOWN).count() == in_doubt
