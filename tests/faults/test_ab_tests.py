"""The release of a test's rest, whose process is killed: each message is released once."""

from __future__ import annotations

import pytest

from campaigns.ab_tests import deciding, release
from campaigns.launching import launch
from campaigns.models import ABTest, SubTask, Task, TaskTemplate
from campaigns.models.ab_test import UNTIL_RELEASED
from campaigns.state import lifecycle
from tests.campaigns.ab_tests.making import contents, rest_of, test_of
from tests.factories import UserFactory
from tests.faults.harness import START_SECONDS, Scenario
from tests.faults.programs import manage, wait_until

CONTACTS, SAMPLE = 60_000, 100


@pytest.mark.timeout(300)
def test_kill_9_in_the_middle_of_a_release_releases_each_message_once(scenario: Scenario) -> None:
    scenario.service(scenario.smtp(), sending_interval="10", max_connections=1)
    task = waiting_test(scenario)
    winner = contents(task)[1]
    deciding.choose(task.pk, winner, UserFactory())

    (first,) = scenario.start_clusters(1)
    wait_until(lambda: test_of(task).released >= release.CHUNK, START_SECONDS, "it has begun")
    first.kill()
    reached = test_of(task).released
    scenario.start_clusters(1)
    wait_until(lambda: test_of(task).state == "released", 120, "another cluster has gone on")
    audit = manage("audit_dispatch", url=scenario.url)

    rest = CONTACTS - SAMPLE
    assert release.CHUNK <= reached < rest
    assert (test_of(task).released, rest_of(task).filter(content=winner).count()) == (rest, rest)
    assert not SubTask.objects.filter(task=task, available_at=UNTIL_RELEASED).exists()
    assert "BROKEN" not in audit


def waiting_test(scenario: Scenario) -> Task:
    """Launched, with its sample drawn."""
    task = scenario.campaign(CONTACTS)
    choice = TaskTemplate.objects.get(task=task)
    TaskTemplate.objects.create(task=task, template=choice.template, subject="Another subject")
    ABTest.objects.create(task=task, sample=SAMPLE, sample_unit="number")
    lifecycle.launch(task)
    launch.expand(task.pk)
    return task
