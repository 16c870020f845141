"""Whole campaigns over several clusters, with nothing going wrong."""

from __future__ import annotations

import json
import os

import pytest

from campaigns.models import Contact, SubTask
from tests.factories import UserFactory
from tests.faults.conftest import ScenarioReport
from tests.faults.harness import DATA, Scenario, in_half_a_day
from tests.faults.programs import manage

SCALE_TIMEOUT = 240 + int(os.environ.get("FAULTS_SCALE", "0")) // 50


def test_every_valid_address_of_a_messy_file_gets_exactly_one_mail(
    scenario: Scenario, report: ScenarioReport
) -> None:
    owner = UserFactory(username="importer")
    said = manage(
        "import_contacts", str(DATA / "contacts_messy.csv"), "--owner=importer", url=scenario.url
    )
    smtp = scenario.smtp()
    for _ in range(5):
        scenario.service(smtp, sending_interval="0.002", max_connections=4)
    scenario.start_clusters(2)
    task = scenario.newsletter(owner)

    scenario.launch(task)
    found = scenario.finish(task)

    addresses = set(Contact.objects.values_list("email", flat=True))
    recipients = [json.loads(line)["recipient"] for line in smtp.record.read_text().splitlines()]
    assert len(addresses) > 10_000
    assert f"{len(addresses):,} contacts created" in said
    assert sorted(recipients) == sorted(addresses)
    report(scenario, "1 messy file", found, said.splitlines()[-1])


@pytest.mark.timeout(SCALE_TIMEOUT)
def test_four_clusters_keep_pace_and_quota_of_twenty_services(
    scenario: Scenario, report: ScenarioReport, scale: int
) -> None:
    smtp = scenario.smtp()
    for n in range(20):
        scenario.service(
            smtp,
            sending_interval=f"{(0.005, 0.01, 0.02, 0.05)[n % 4]}",
            burst=1 + n % 3,
            daily_quota=scale // 50 if n % 2 else scale,
            quota_reset_time=in_half_a_day(),
            max_connections=4,
        )
    scenario.start_clusters(4)
    task = scenario.campaign(scale)

    scenario.launch(task)
    found = scenario.finish(task, seconds=SCALE_TIMEOUT - 60)

    assert found.sent == scale
    used = SubTask.objects.values("service").distinct().count()
    report(scenario, "2 four clusters", found, f"{used} services took part")
