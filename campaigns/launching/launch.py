"""Create the SubTasks of a launched task's audience: set-based, one transaction per chunk,
restartable at any point.

Each chunk is committed together with the launch's position, and the unique key on (task, address)
makes a repeated chunk harmless; so a killed launch continues where it was, and two workers on the
same launch take turns.
"""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import Counter
from itertools import accumulate

from django.db import connection, transaction
from django.db.models import Max, Q
from django.db.models.functions import Now

from campaigns import audience, background, erasure_lock, suppressions, tasks
from campaigns.launching import frozen_content, number_check, rehearsal
from campaigns.models import BackgroundJob, Contact, Content, Launch, Task, TaskStatus, TaskTemplate
from campaigns.rendering import content
from campaigns.state import lifecycle

CHUNK = 20_000
SLICE_SECONDS = 60.0
STALLED = dt.timedelta(seconds=10)

DOMAIN = suppressions.DOMAIN_SQL.format(address="c.email")
# The contacts of a chunk with the reason of their suppression, the SubTasks made of the others, and
# what to remember.
CHUNK_SQL = """
WITH audience AS MATERIALIZED (
    SELECT c.id, c.email, c.name, c.attributes, c.tracking_consent,
           random() * %s AS pick,
           coalesce(s.reason, d.reason,
                    CASE WHEN c.email = ANY(%s::text[]) THEN 'erased' END) AS suppressed
    FROM ({contacts}) AS c
    LEFT JOIN campaigns_suppression s ON s.email = c.email
    LEFT JOIN campaigns_suppression d ON d.email = {domain}
), inserted AS (
    INSERT INTO campaigns_subtask (task_id, content_id, recipient_email, variables, status,
                                   attempts, failure_reason, error, provider_message_id)
    SELECT %s, (SELECT w.id FROM unnest(%s::bigint[], %s::float8[]) AS w(id, up_to)
                WHERE a.pick < w.up_to ORDER BY w.up_to LIMIT 1),
           a.email, a.attributes || jsonb_build_object('name', a.name, 'email', a.email,
                                                       'tracking_consent', a.tracking_consent),
           'pending', 0, '', '', ''
    FROM audience a WHERE a.suppressed IS NULL
    ORDER BY a.id
    ON CONFLICT (task_id, recipient_email) DO NOTHING
    RETURNING 1
)
SELECT (SELECT max(id) FROM audience), (SELECT count(*) FROM audience),
       (SELECT count(*) FROM inserted),
       (SELECT count(*) FROM audience WHERE suppressed IS NULL AND tracking_consent),
       (SELECT jsonb_object_agg(suppressed, n)
        FROM (SELECT suppressed, count(*) AS n FROM audience WHERE suppressed IS NOT NULL
              GROUP BY 1) AS counted)
"""


@background.job(tasks.LAUNCH, seconds=180)
def expand(task_id: int) -> None:
    """Create the SubTasks of a launched task, then start sending. Runs in a worker; safe to
    repeat."""
    task = (
        Task.objects.filter(pk=task_id, status=TaskStatus.QUEUED).select_related("sender").first()
    )
    if task is None:
        return
    try:
        prepare(task)
    except (content.TemplateError, lifecycle.NotPossible) as error:
        give_up(task, str(error))
        return
    until = time.monotonic() + SLICE_SECONDS
    while expand_chunk(task):
        background.progressed(tasks.LAUNCH, task_id)
        if time.monotonic() > until:
            tasks.expand_later(task_id)
            return


def prepare(task: Task) -> None:
    """Freeze what the task says and how far its audience goes, once. Raises TemplateError, or
    NotPossible for a scheduled task that has lost what it had when it was scheduled, or Failed when
    it may be tried again. Locks the Task row, not while it compiles.
    """
    if Launch.objects.filter(task=task).exists():
        return
    if task.scheduled_at and (lacks := lifecycle.missing(task)):
        raise lifecycle.NotPossible(f"“{task}” cannot be launched. " + " ".join(lacks))
    choices = TaskTemplate.objects.filter(task=task).select_related("template")
    compiled = [frozen_content.compile_content(task, choice) for choice in choices]
    for made in compiled:
        number_check.check_numbers(task, made.content)
        rehearsal.check_cost(task, made.content)
    with transaction.atomic():
        locked = Task.objects.select_for_update(no_key=True).get(pk=task.pk)
        is_begun = Launch.objects.filter(task=task).exists()
        if locked.status == TaskStatus.QUEUED and not is_begun:
            _begin(task, compiled)


def _begin(task: Task, compiled: list[frozen_content.Compiled]) -> None:
    for made in compiled:
        made.store()
    newest = Contact.objects.aggregate(newest=Max("id"))["newest"] or 0
    Launch.objects.create(
        task=task,
        up_to_contact_id=newest,
        audience_size=audience.contacts_of(task).filter(pk__lte=newest).count(),
        agreed=0,
    )


def expand_chunk(task: Task) -> bool:
    """Create the next CHUNK of SubTasks. False when none are left. Locks the Launch row."""
    with transaction.atomic():
        launch = Launch.objects.select_for_update(no_key=True).filter(task=task).first()
        task.refresh_from_db(fields=["status"])
        if launch is None or task.status != TaskStatus.QUEUED or launch.finished_at is not None:
            return False
        erasure_lock.begin()
        last, walked, inserted, agreed, suppressed = _run_chunk(task, launch)
        launch.walked += walked
        launch.inserted += inserted
        if launch.agreed is not None:
            launch.agreed += agreed
        launch.suppressed = dict(Counter(launch.suppressed) + Counter(suppressed))
        launch.last_contact_id = last or launch.last_contact_id
        launch.progressed_at = Now()
        is_last = walked < CHUNK
        if is_last:
            launch.finished_at = Now()
        else:
            _commit_asynchronously()
        launch.save()
        if is_last and launch.inserted:
            lifecycle.start_sending(task)
        elif is_last:
            give_up(task, "It was not sent: every recipient is on the suppression list.")
    return not is_last


def _commit_asynchronously() -> None:
    """A chunk that a crash of the database loses is made again, as how far the launch got is lost
    with it. Nothing is sent of it before the last chunk's commit, which waits for all before it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")


def give_up(task: Task, why: str) -> None:
    """Undo a failed launch: the task is a draft again."""
    with transaction.atomic():
        Launch.objects.filter(task=task).delete()
        Content.objects.filter(task=task).delete()
        lifecycle.back_to_draft(task, why)


def requeue_stalled() -> int:
    """Ask for a worker for launches that have none. Returns how many."""
    asked = BackgroundJob.objects.filter(kind=tasks.LAUNCH, set_aside_at=None).values("about")
    seconds_ago = Now() - STALLED
    stalled = Task.objects.filter(status=TaskStatus.QUEUED, launched_at__lt=seconds_ago).filter(
        Q(launch__isnull=True) | Q(launch__progressed_at__lt=seconds_ago)
    )
    ids = list(stalled.exclude(pk__in=asked).values_list("pk", flat=True))
    for task_id in ids:
        tasks.expand_later(task_id)
    return len(ids)


def _run_chunk(task: Task, launch: Launch) -> tuple[int | None, int, int, int, dict[str, int]]:
    contacts = (
        audience.contacts_of(task)
        .filter(pk__gt=launch.last_contact_id, pk__lte=launch.up_to_contact_id)
        .order_by("pk")
        .values("id", "email", "name", "attributes", "tracking_consent")[:CHUNK]
    )
    contacts_sql, contacts_params = contacts.query.sql_with_params()
    # By a hash whose key the database must not know: looked up here, by the claim once more.
    erased = suppressions.erased_among(contacts.values_list("email", flat=True))
    contents = list(Content.objects.filter(task=task).order_by("pk").values_list("pk", "weight"))
    up_to = [float(bound) for bound in accumulate(weight for _, weight in contents)]
    content_ids = [pk for pk, _ in contents]
    # In the order of their places in CHUNK_SQL.
    params = [up_to[-1], sorted(erased), *contacts_params, task.pk, content_ids, up_to]
    with connection.cursor() as cursor:
        cursor.execute(CHUNK_SQL.format(contacts=contacts_sql, domain=DOMAIN), params)
        row = cursor.fetchone()
    last, walked, inserted, agreed, suppressed = row
    return last, walked, inserted, agreed, json.loads(suppressed) if suppressed else {}
