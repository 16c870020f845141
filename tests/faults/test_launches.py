"""Launches whose workers are killed: each candidate is recorded once."""

from __future__ import annotations

import pytest

from campaigns.launching import launch
from campaigns.models import Contact, Launch, LeftOut, SubTask, Suppression, Task, TaskStatus
from campaigns.recipients import promises
from campaigns.state import lifecycle
from tests.faults.harness import START_SECONDS, Scenario
from tests.faults.programs import manage, wait_until

CONTACTS = 200_000
SUPPRESSED = 20_000
REFUSED = 10_000


@pytest.mark.timeout(420)
def test_kill_9_in_the_middle_of_a_launch_leaves_each_candidate_recorded_once(
    scenario: Scenario,
) -> None:
    smtp = scenario.smtp()
    scenario.service(smtp, sending_interval="10", max_connections=1)
    task = campaign(scenario)
    promise = promises.show(task, None)
    (first,) = scenario.start_clusters(1)

    lifecycle.launch(task, promise)
    wait_until(lambda: walked(task) >= launch.CHUNK, START_SECONDS, "the launch has begun")
    first.kill()
    reached = walked(task)
    scenario.start_clusters(1)
    wait_until(lambda: is_sending(task), 180, "another cluster has gone on with the launch")
    audit = manage("audit_dispatch", url=scenario.url)

    ended = Launch.objects.get(task=task)
    left_out = {"suppressed": SUPPRESSED, "refused": REFUSED}
    assert launch.CHUNK <= reached < CONTACTS
    assert (ended.walked, ended.left_out) == (CONTACTS, left_out)
    assert ended.differences == []
    assert SubTask.objects.filter(task=task).count() == CONTACTS - SUPPRESSED - REFUSED
    assert LeftOut.objects.filter(task=task).count() == SUPPRESSED + REFUSED
    assert "ok     12 the count is the truth: 200000 candidates" in audit


def campaign(scenario: Scenario) -> Task:
    """Each tenth contact is suppressed, and each twentieth refused."""
    task = scenario.campaign(CONTACTS)
    Suppression.objects.bulk_create(
        Suppression(email=f"person{n}@example.com") for n in range(0, CONTACTS, 10)
    )
    Contact.objects.filter(email__regex="^person[0-9]*[13579]5@").update(mail_consent="refused")
    return task


def walked(task: Task) -> int:
    return sum(Launch.objects.filter(task=task).values_list("walked", flat=True))


def is_sending(task: Task) -> bool:
    return Task.objects.filter(pk=task.pk, status=TaskStatus.SENDING).exists()
