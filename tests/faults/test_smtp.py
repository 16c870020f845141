"""SMTP servers that misbehave in every phase, each behind a service of its own, while a good one goes on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from campaigns.models import Task
from dispatch.encryption import encrypt
from dispatch.models import Attempt, AttemptOutcome, EmailService
from tests.dispatch.providers.certificates import self_signed
from tests.faults.conftest import ScenarioReport
from tests.faults.harness import Scenario, counts
from tests.faults.programs import wait_until
from tests.smtp_server import SmtpServer

BEFORE_THE_DOT = ("connect", "ehlo", "mail", "rcpt", "data")
WORDLESS = ("close", "hang", "garbage", "partial")
REPLIES = (421, 450, 451, 452, 454, 535, 550, 552, 554)
SILENT_BEFORE = tuple(f"{phase}:{action}" for phase in BEFORE_THE_DOT for action in WORDLESS)
# A short message and its dot have left before the client can see what happens to the body.
SILENT_AFTER = tuple(f"{phase}:{action}" for phase in ("body", "dot") for action in WORDLESS)
STORED = tuple(f"dot:{action}-stored" for action in ("close", "hang", "garbage"))
SAYING_NO = tuple(
    f"{phase}:reply:{code} no"
    for phase in ("connect", "ehlo", "mail", "rcpt", "data", "dot")
    for code in REPLIES
)
SLOW = tuple(f"{phase}:delay:0.3" for phase in (*BEFORE_THE_DOT, "body", "dot"))
EVERY_OTHER = "@every=2"


class Servers:
    """SMTP servers in this process, each with its record."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._open = ExitStack()
        self.records: list[Path] = []

    def start(self, *behaviours: str, **options: object) -> SmtpServer:
        record = self._directory / f"bad{len(self.records)}.jsonl"
        record.touch()
        self.records.append(record)
        return self._open.enter_context(
            SmtpServer(behaviours, record=record, store=False, **options)  # type: ignore[arg-type]
        )

    def close(self) -> None:
        self._open.close()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    made = Servers(tmp_path)
    yield made
    made.close()


def service(scenario: Scenario, server: SmtpServer, name: str, **settings: object) -> EmailService:
    """One that loses patience soon."""
    quick = {"security": "none", "timeout": 1, "reply_timeout": 1, **settings}
    made = scenario.service(server, name=name, sending_interval="0.05", max_connections=2)  # type: ignore[arg-type]
    address = {"host": "127.0.0.1", "port": server.port}
    EmailService.objects.filter(pk=made.pk).update(credentials=encrypt({**address, **quick}))
    return made


def outcomes(behaviour_of: dict[int, str]) -> dict[str, set[str]]:
    """What became of hand-overs, by how the service's server behaves."""
    found: dict[str, set[str]] = defaultdict(set)
    for pk, outcome in Attempt.objects.values_list("service", "outcome").distinct():
        found[behaviour_of.get(pk, "good")].add(outcome)
    return found


def bad_services(
    scenario: Scenario, servers: Servers, behaviours: tuple[str, ...], every: str = EVERY_OTHER
) -> dict[int, str]:
    return {
        service(scenario, servers.start(behaviour + every), behaviour).pk: behaviour
        for behaviour in behaviours
    }


def send_through(scenario: Scenario, recipients: int) -> Task:
    """A campaign over all services, one of which is good; two clusters."""
    scenario.service(scenario.smtp(), sending_interval="0.01", max_connections=4)
    task = scenario.campaign(recipients)
    scenario.start_clusters(2)
    scenario.launch(task)
    return task


def test_servers_that_fall_silent_before_the_final_dot_never_leave_anything_in_doubt(
    scenario: Scenario, servers: Servers, report: ScenarioReport
) -> None:
    behaviours = bad_services(scenario, servers, SILENT_BEFORE)
    task = send_through(scenario, 2_000)
    found = scenario.finish(task, records=servers.records)

    assert found.in_doubt == found.failed == 0
    assert set().union(*outcomes(behaviours).values()) <= {"accepted", "service_error", "rejected"}
    report(scenario, "7 silent before the dot", found, f"{len(behaviours)} bad services, one good")


def test_servers_that_fall_silent_after_the_final_dot_leave_it_in_doubt_stored_or_not(
    scenario: Scenario, servers: Servers, report: ScenarioReport
) -> None:
    behaviours = bad_services(scenario, servers, SILENT_AFTER + STORED)
    task = send_through(scenario, 1_000)
    found = scenario.finish(task, records=servers.records)

    unknown = Attempt.objects.filter(outcome=AttemptOutcome.UNKNOWN)
    stored = [pk for pk, behaviour in behaviours.items() if behaviour in STORED]
    assert unknown.count() == found.in_doubt > 0
    assert (
        0 < unknown.filter(service__in=stored).count() <= found.in_doubt_accepted < found.in_doubt
    )
    report(scenario, "7 silent after the dot", found, f"{len(behaviours)} bad services, one good")


def test_servers_that_say_no_in_any_phase_lose_and_double_nothing(
    scenario: Scenario, servers: Servers, report: ScenarioReport
) -> None:
    behaviours = bad_services(scenario, servers, SAYING_NO)
    task = send_through(scenario, 3_000)
    found = scenario.finish(task, records=servers.records)

    assert found.in_doubt == 0
    assert counts(task).accepted + found.failed == 3_000
    report(scenario, "7 every refusal", found, f"{len(behaviours)} bad services, one good")


def test_slow_servers_are_only_slow(
    scenario: Scenario, servers: Servers, report: ScenarioReport
) -> None:
    bad_services(scenario, servers, SLOW, every="")
    task = send_through(scenario, 1_000)
    found = scenario.finish(task, records=servers.records)

    assert found.sent == 1_000
    report(scenario, "7 slow replies", found, f"{len(SLOW)} slow services")


def test_a_service_whose_certificate_is_not_valid_waits_for_a_person_and_sends_nothing(
    scenario: Scenario, servers: Servers, tmp_path: Path, report: ScenarioReport
) -> None:
    context = self_signed("other.example.com", tmp_path).context
    bad = [
        service(scenario, servers.start(tls=context), "starttls", security="starttls"),
        service(scenario, servers.start(tls=context, implicit_tls=True), "tls", security="tls"),
    ]
    task = send_through(scenario, 500)
    wait_until(
        lambda: (
            EmailService.objects.filter(pk__in=[b.pk for b in bad], pace__needs_person=True).count()
            == 2
        ),
        60,
        "both are frozen until a person looks",
    )
    found = scenario.finish(task, records=servers.records)

    assert found.sent == 500
    assert not Attempt.objects.filter(service__in=bad).exists()
    report(scenario, "7 bad certificates", found, "STARTTLS and TLS")
