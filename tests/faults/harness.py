"""One scenario: a database, SMTP servers, clusters, a campaign, and the comparison of what they all say at the end."""

from __future__ import annotations

import datetime as dt
import signal
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.contrib.auth.models import AbstractBaseUser

from campaigns.models import Contact, SubTask, SubTaskStatus, Tally, Task, TaskStatus
from campaigns.models.tally import TaskCounts
from campaigns.state import lifecycle
from dispatch.models import Dispatcher, EmailService
from tests.factories import EmailServiceFactory, TaskFactory, TemplateFactory, UserFactory
from tests.faults import evidence
from tests.faults.evidence import Evidence
from tests.faults.programs import Cluster, Smtp, manage, wait_until

DATA = Path(settings.BASE_DIR) / "tests" / "data"
START_SECONDS = 60.0
"""How long clusters may take to come up on a busy machine."""

UNDER_WAY = [TaskStatus.SENDING, TaskStatus.COMPLETED]


class Scenario:
    """What a scenario has started. `close` ends all of it, whatever state it is in."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self.directory = directory
        self.settings: dict[str, str] = {}
        """Environment variables of the clusters that are started from now on."""
        self.clusters: list[Cluster] = []
        self.servers: list[Smtp] = []
        self._began = time.monotonic()

    # Setting up

    def smtp(self, *behaviours: str, host: str = "127.0.0.1") -> Smtp:
        """Start a recording SMTP server that misbehaves so."""
        server = Smtp(self.directory, f"smtp{len(self.servers)}", behaviours, 0, host)
        self.servers.append(server)
        return server

    def again(self, server: Smtp) -> Smtp:
        """Start a server that has ended once more, on its port and with its record."""
        new = Smtp(self.directory, server.record.stem, server.behaviours, server.port, server.host)
        self.servers[self.servers.index(server)] = new
        return new

    def cluster_on(self, prefix: Sequence[str], url: str) -> Cluster:
        """Start one by a command with this prefix, which reaches the database by this URL."""
        log = self.directory / f"cluster{len(self.clusters)}.log"
        cluster = Cluster(url, log, self.settings, prefix)
        self.clusters.append(cluster)
        return cluster

    def start_clusters(self, count: int) -> list[Cluster]:
        """Start that many and wait until each has a dispatcher."""
        started = [self.cluster_on([], self.url) for _ in range(count)]
        self.wait_for_dispatchers()
        return started

    def wait_for_dispatchers(self) -> None:
        for cluster in [one for one in self.clusters if one.process.poll() is None]:
            what = f"a dispatcher runs in {cluster.log.name}"
            wait_until(lambda c=cluster: dispatchers(c), START_SECONDS, what)  # type: ignore[misc]

    def service(self, server: Smtp, **limits: Any) -> EmailService:
        transport = {
            "host": server.host,
            "port": server.port,
            "security": "none",
            "timeout": 10,
            "reply_timeout": 10,
            "messages_per_connection": 200,
        }
        made: EmailService = EmailServiceFactory(settings=transport, **limits)
        return made

    def campaign(self, recipients: int) -> Task:
        """A draft to so many contacts."""
        owner = UserFactory(username=f"owner{time.monotonic_ns()}")
        Contact.objects.bulk_create(
            (
                Contact(owner=owner, email=f"person{n}@example.com", name=f"Person {n}")
                for n in range(recipients)
            ),
            batch_size=5_000,
        )
        task: Task = TaskFactory(owner=owner)
        return task

    def newsletter(self, owner: AbstractBaseUser) -> Task:
        html = (DATA / "newsletter.html").read_text()
        template = TemplateFactory(owner=owner, html=html, subject="Hello {{ first_name }}")
        task: Task = TaskFactory(owner=owner, template=template)
        return task

    # Running

    def terminate_sessions_of_dispatchers(self) -> None:
        """Drop the database sessions of everybody else."""
        with psycopg.connect(self.url, autocommit=True) as session:
            session.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name <> 'taker'"
            )

    def launch(self, task: Task) -> None:
        lifecycle.launch(task)
        wait_until(lambda: is_under_way(task), START_SECONDS, "the task is being sent")

    def wait_sent(self, task: Task, messages: int, seconds: float = 60) -> None:
        wait_until(lambda: counts(task).accepted >= messages, seconds, f"{messages} sent")

    def finish(self, task: Task, seconds: float = 120, records: Sequence[Path] = ()) -> Evidence:
        """Wait until nothing is left to do, stop everything in order, and compare what everybody says: `records` are
        those of further servers."""
        wait_until(
            lambda: is_under_way(task) and not counts(task).open, seconds, "nothing left to send"
        )
        found = self.stop_half_way(records)
        assert not found.open, f"{found.open} SubTasks are not done"
        return found

    def stop_half_way(self, records: Sequence[Path] = ()) -> Evidence:
        """Stop everything in order and compare what everybody says."""
        self.stop_clusters()
        found = evidence.gather([*[server.record for server in self.servers], *records])
        manage("audit_dispatch", url=self.url)
        found.check()
        return found

    def run_for(self, seconds: float) -> None:
        """Let everything go on for so long: what is measured takes its time."""
        threading.Event().wait(seconds)

    def stop_clusters(self) -> None:
        """SIGTERM to every supervisor; each must end in time, in order, and leave nobody behind."""
        running = [cluster for cluster in self.clusters if cluster.pids()]
        for cluster in running:
            cluster.process.send_signal(signal.SIGTERM)
        for cluster in running:
            cluster.wait_gone()
            assert cluster.process.wait() == 0
        assert not SubTask.objects.filter(status=SubTaskStatus.ALLOCATED).exists()

    def close(self) -> None:
        for program in (*self.clusters, *self.servers):
            program.kill()

    def row(self, name: str, found: Evidence, notes: str = "") -> str:
        """A line of the summary table."""
        seconds = time.monotonic() - self._began
        doubt = f"{found.in_doubt} ({found.in_doubt_accepted})"
        return (
            f"{name:<27} {seconds:>5.0f} {found.subtasks:>7} {found.sent:>7} {found.failed:>6} {doubt:>9}"
            f" {len(found.duplicates):>4} {len(found.lost):>4} {found.smallest_gap:>14}"
            f" {1000 * found.earliest_arrival:>6.0f} {found.quota:>11}  {notes}"
        )


HEADER = (
    f"{'scenario':<27} {'s':>5} {'total':>7} {'sent':>7} {'failed':>6} {'doubt':>9}"
    f" {'dup':>4} {'lost':>4} {'gap/interval':>14} {'jitter':>6} {'quota':>11}  notes"
)
LEGEND = (
    "doubt: in doubt (of which the server has accepted); gap/interval: the smallest gap between two starts, against the"
    " service's interval; jitter: by how many ms MAIL came too early at the server; quota: the highest use of one"
)


def counts(task: Task) -> TaskCounts:
    return Tally.objects.counts(task.pk)


def is_under_way(task: Task) -> bool:
    return Task.objects.filter(pk=task.pk, status__in=UNDER_WAY).exists()


def dispatchers(*clusters: Cluster) -> list[int]:
    """The ids of the dispatchers that run in the processes of these clusters."""
    pids = [pid for cluster in clusters for pid in cluster.pids()]
    running = Dispatcher.objects.filter(pid__in=pids, ended_at=None).order_by("pk")
    return list(running.values_list("pk", flat=True))


def in_flight(dispatcher_ids: Sequence[int]) -> int:
    """How many SubTasks these have marked as sending. They must be stopped: it waits until their last commit is through."""
    looks = [-1, -2, -3]

    def is_stable() -> bool:
        rows = SubTask.objects.filter(dispatcher_id__in=dispatcher_ids)
        looks.append(rows.filter(status=SubTaskStatus.SENDING).count())
        return len(set(looks[-3:])) == 1

    wait_until(is_stable, 10, "the stopped dispatchers' transactions are over")
    return looks[-1]


def in_half_a_day() -> dt.time:
    """A quota reset that no scenario runs into."""
    return (dt.datetime.now(dt.UTC) + dt.timedelta(hours=12)).time().replace(microsecond=0)
