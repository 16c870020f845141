"""Claiming alone: `dispatch.claiming.claims` from tables of several sizes, against pgbench doing
the same to the same rows in one prepared statement.

A round is about 5,000 claims, a hundred at a time, by 1 to 32 processes. The product and pgbench
take turns on the same table, so that both find it as full of dead rows; each goes on where the last
has stopped. A table that has not enough left is made as new, outside of what is measured.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from statistics import median, quantiles

import psycopg

from bench import product, report
from bench.context import Bench
from bench.measures import pgbench
from bench.measures.claimer import BATCH, DISPATCHER
from bench.report import Headline, Table
from bench.rig import crew
from bench.rig.programs import Program, wait_until
from campaigns.launching import frozen_content
from campaigns.models import TaskTemplate

BATCHES = 50
CLAIMERS = (1, 2, 8, 32)
TOLD_OF = 2
"""The claimers of the headline: one for each of two cores."""
SEED_AT_A_TIME = 500_000
PRODUCT, PGBENCH = "this project", "pgbench"

SEED_SQL = """
INSERT INTO campaigns_subtask (task_id, content_id, recipient_email, variables, status, attempts,
                               failure_reason, error, provider_message_id)
SELECT %s::bigint, %s::bigint, 'person' || n || '@example.com',
       jsonb_build_object('name', 'Person ' || n, 'email', 'person' || n || '@example.com',
                          'first_name', 'Person ' || n, 'company', 'Example Ltd'),
       'pending', 0, '', '', ''
FROM generate_series(%s::int, %s::int) AS n
"""
RESET_SQL = """
UPDATE campaigns_subtask SET status = 'pending', service_id = NULL, claim_token = NULL,
    dispatcher_id = NULL WHERE status = 'allocated'
"""
PGBENCH_SQL = """
WITH found AS MATERIALIZED (
    SELECT id FROM campaigns_subtask
    WHERE task_id = {task} AND status = 'pending' AND available_at <= statement_timestamp()
    ORDER BY available_at, id LIMIT {batch} FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE campaigns_subtask s
SET status = 'allocated', service_id = {service}, claim_token = gen_random_uuid(),
    dispatcher_id = {dispatcher}, allocated_at = clock_timestamp()
FROM found WHERE s.id = found.id
RETURNING s.id, s.task_id, s.content_id, s.recipient_email, s.variables, s.attempts;
"""


@dataclass(slots=True)
class Series:
    """The rounds of one kind of claimer on one table."""

    rows: int
    claimers: int
    who: str
    rates: list[float] = field(default_factory=list)
    """Rows a second, by round."""
    seconds: list[float] = field(default_factory=list)
    """Of every claim of a batch."""

    @property
    def rate(self) -> float:
        return median(self.rates)

    def percentile(self, percent: int) -> float:
        return quantiles(self.seconds, n=100, method="inclusive")[percent - 1]


def run(bench: Bench) -> None:
    found = [series for rows in bench.options.claims for series in on_table(bench, rows)]
    for series in found:
        bench.keep(
            "claims", rows=series.rows, claimers=series.claimers, who=series.who,
            rates=series.rates, seconds=series.seconds,
        )  # fmt: skip
    bench.tables.append(table_of(found))
    bench.headlines.extend(headlines_of(found))


def on_table(bench: Bench, rows: int) -> list[Series]:
    with product.fresh_database(bench):
        service, task, content = prepare()
        with psycopg.connect(bench.database_url, autocommit=True) as session:
            seed(session, task, content, rows)
            bench.server.checkpoint()
            bench.say(f"claims: {rows:,} SubTasks made")
            found = []
            for claimers in CLAIMERS:
                found += with_claimers(bench, session, rows, claimers, service, task)
        return found


def prepare() -> tuple[int, int, int]:
    """A service, a task and its content, by their ids."""
    [service] = product.make_services(port=1, count=1, connections=1)
    task = product.make_campaign(0)
    content = frozen_content.freeze(task, TaskTemplate.objects.get(task=task))
    return service.pk, task.pk, content.pk


def seed(session: psycopg.Connection, task: int, content: int, rows: int) -> None:
    for first in range(0, rows, SEED_AT_A_TIME):
        last = min(first + SEED_AT_A_TIME, rows) - 1
        session.execute(SEED_SQL, (task, content, first, last))
    session.execute("VACUUM (ANALYZE) campaigns_subtask")


def with_claimers(
    bench: Bench, session: psycopg.Connection, rows: int, claimers: int, service: int, task: int
) -> list[Series]:
    """Let the product and pgbench take turns."""
    own, other = (Series(rows, claimers, who) for who in (PRODUCT, PGBENCH))
    share = max(1, round(BATCHES / claimers))
    script = bench.directory / "claim.sql"
    script.write_text(
        PGBENCH_SQL.format(task=task, batch=BATCH, service=service, dispatcher=DISPATCHER)
    )
    words = ["bench.measures.claimer", service, task]
    with crew.crew("bench.rig.with_django", claimers, words, share, bench.directory) as members:
        for number in bench.repeats(bench.options.rounds):
            make_room(session, claimers * share * BATCH)
            claim_round(own, members, number)
            make_room(session, claimers * share * BATCH)
            before = allocated(session)
            times = pgbench.run(bench, script, claimers, share)
            other.rates.append((allocated(session) - before) / times.wall_seconds)
            other.seconds += times.seconds
    bench.say(
        f"claims: {rows:,} SubTasks, {claimers} claimers: {own.rate:,.0f} rows/s, "
        f"pgbench {other.rate:,.0f}"
    )
    return [own, other]


def claim_round(series: Series, members: list[Program], number: int) -> None:
    crew.begin(members)
    answers = []
    for member in members:
        wait_until(lambda m=member: len(crew.answers(m)) >= number, 120, "all have claimed")  # type: ignore[misc]
        answers.append(json.loads(crew.answers(member)[number - 1]))
    took = max(answer["ended"] for answer in answers) - min(answer["began"] for answer in answers)
    series.rates.append(sum(answer["claimed"] for answer in answers) / took)
    for answer in answers:
        series.seconds += answer["seconds"]


def make_room(session: psycopg.Connection, wanted: int) -> None:
    """See to it that so many SubTasks are pending."""
    pending = (
        "SELECT count(*) FROM (SELECT FROM campaigns_subtask WHERE status = 'pending' LIMIT %s)"
    )
    row = session.execute(pending, (wanted,)).fetchone()
    if row and row[0] < wanted:
        session.execute(RESET_SQL)
        session.execute("VACUUM (ANALYZE) campaigns_subtask")


def allocated(session: psycopg.Connection) -> int:
    counted = "SELECT count(*) FROM campaigns_subtask WHERE status = 'allocated'"
    row = session.execute(counted).fetchone()
    return int(row[0]) if row else 0


def table_of(found: list[Series]) -> Table:
    table = Table(
        f"Claims alone, {BATCH} at a time",
        ["SubTasks", "claimers", "rows/s", "p50 ms", "p99 ms", "pgbench rows/s", "p50 ms", "p99 ms",
         "ratio"],
    )  # fmt: skip
    for own, other in zip(found[::2], found[1::2], strict=True):
        figures = [
            cell
            for series in (own, other)
            for cell in (
                report.count(series.rate),
                report.milliseconds(series.percentile(50)),
                report.milliseconds(series.percentile(99)),
            )
        ]
        table.add(
            f"{own.rows:,}", str(own.claimers), *figures,
            report.ratio(own.rate / other.rate),
        )  # fmt: skip
    return table


def headlines_of(found: list[Series]) -> list[Headline]:
    mine = {s.rows: s for s in found if s.who == PRODUCT and s.claimers == TOLD_OF}
    theirs = {s.rows: s for s in found if s.who == PGBENCH and s.claimers == TOLD_OF}
    least, most = min(mine), max(mine)
    against = mine[most].rate / theirs[most].rate
    grown = mine[most].percentile(99) / mine[least].percentile(99)
    return [
        Headline(
            f"claims against pgbench, {TOLD_OF} claimers, {most:,} SubTasks",
            report.ratio(against), "≥ 0.70 ×", against >= 0.7,
        ),
        Headline(
            f"claim p99 at {most:,} SubTasks against {least:,}",
            report.ratio(grown), "≤ 1.50 ×", grown <= 1.5,
        ),
    ]  # fmt: skip
