"""The failures of the system that this one replaces, in the order of the table in docs/past-failures.md.

Each test fails if that failure became possible again.
"""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.checks import run_checks
from django.db import IntegrityError, connection, transaction
from django.db.models import Count, F
from pytest_django import DjangoAssertNumQueries, Settings

from campaigns import audience
from campaigns.launching import launch
from campaigns.models import (
    Audience,
    SubTask,
    SubTaskStatus,
    Suppression,
    Tally,
    Task,
)
from campaigns.state import lifecycle, states
from dispatch.claiming import claims, fairness
from dispatch.claiming.agenda import TaskPlan
from dispatch.errors import ServiceError
from dispatch.models import Attempt, EmailService, Pace
from dispatch.pace import pace_rows
from dispatch.pace.slots import due_slots
from dispatch.providers import provider_choices
from dispatch.providers.connect import transport_for
from dispatch.results import recovery
from tests.dispatching import Dispatch, MakeService
from tests.factories import (
    ContactFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SubTaskFactory,
    TagFactory,
    TaskFactory,
    UserFactory,
    held,
    sending_task,
    token_of,
)
from tests.tracking.making import now, sent, tell
from tracking.event_kinds import EventKind
from tracking.models import EventTally

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_01_two_services_claiming_at_the_same_moment_never_take_the_same_subtask() -> None:
    task = sending_task(60)
    services = EmailServiceFactory.create_batch(4)
    dispatchers = DispatcherFactory.create_batch(4)
    taken: list[int] = []
    ready = threading.Barrier(4)

    def claim(service: EmailService, dispatcher_id: int) -> None:
        try:
            ready.wait()
            for _ in range(15):
                with transaction.atomic():
                    found = claims.lock_claimable(task.pk, 1)
                    token = uuid.uuid4()
                    claims.take([(c, service.pk) for c in found], token, dispatcher_id)
                taken.extend(claim.id for claim in found)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=claim, args=(service, dispatcher.pk))
        for service, dispatcher in zip(services, dispatchers, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(taken) == len(set(taken)) == SubTask.objects.filter(status="allocated").count()


def test_02_a_claim_changes_exactly_as_many_rows_as_it_was_allowed() -> None:
    task = sending_task(50)
    service, dispatcher = EmailServiceFactory(), DispatcherFactory()

    found = claims.lock_claimable(task.pk, 3)
    claims.take([(claim, service.pk) for claim in found], uuid.uuid4(), dispatcher.pk)

    assert Tally.objects.counts(task.pk).by_status == {"pending": 47, "allocated": 3}


def test_03_no_subtask_stays_allocated_after_its_message_was_accepted(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service()
    task = sending_task(30)

    dispatch()

    assert Tally.objects.counts(task.pk).by_status == {
        "pending": 0,
        "allocated": 0,
        "sending": 0,
        "sent": 30,
    }


def test_04_the_database_refuses_a_status_that_is_not_in_the_enum() -> None:
    with pytest.raises(Exception, match="invalid input value for enum"), transaction.atomic():
        SubTask.objects.filter(pk=SubTaskFactory().pk).update(status="processing")


def test_04_a_status_that_only_the_database_or_only_the_code_knows_fails_the_system_check() -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TYPE subtask_status RENAME VALUE 'clicked' TO 'processing'")

    messages = run_checks(databases=["default"], tags=["database"])

    assert [m.id for m in messages] == ["campaigns.E001"]
    assert "clicked" in messages[0].msg and "processing" in messages[0].msg


def test_05_the_next_slot_is_an_interval_after_the_last_start_not_after_a_poll() -> None:
    limits = EmailServiceFactory(sending_interval=31).limits
    last_start = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
    due = limits.after(last_start - dt.timedelta(days=1), last_start)

    slots = due_slots(limits, due, last_start + dt.timedelta(seconds=30.9), 5)

    assert slots == [last_start + dt.timedelta(seconds=31)]


def test_06_the_interval_of_a_service_says_that_it_is_in_seconds() -> None:
    field = EmailService._meta.get_field("sending_interval")

    assert "seconds" in str(field.verbose_name)
    assert "Seconds" in str(field.help_text)
    assert EmailServiceFactory(sending_interval=60).limits.interval == dt.timedelta(minutes=1)


def test_07_after_a_crash_reserved_rows_go_back_and_handed_over_ones_are_in_doubt() -> None:
    service = EmailServiceFactory()
    crashed = DispatcherFactory()
    reserved = held(SubTaskStatus.ALLOCATED, crashed, service)
    handed_over = held(SubTaskStatus.SENDING, crashed, service, sending_at=dt.datetime.now(dt.UTC))

    recovery.expire_leases([crashed.pk])
    recovery.recover_dead()

    reserved.refresh_from_db()
    handed_over.refresh_from_db()
    assert (reserved.status, reserved.service) == (SubTaskStatus.PENDING, None)
    assert handed_over.status == SubTaskStatus.SENDING
    assert handed_over.in_doubt_since is not None


def test_08_what_happens_to_a_subtask_never_brings_a_paused_campaign_back() -> None:
    service, dispatcher = EmailServiceFactory(), DispatcherFactory()
    subtask = held(SubTaskStatus.SENDING, dispatcher, service)
    lifecycle.pause(subtask.task)

    states.settle([states.Settlement(subtask.pk, token_of(subtask), SubTaskStatus.SENT)])
    lifecycle.complete_finished()

    subtask.task.refresh_from_db()
    assert subtask.task.status == "paused"


def test_08_counts_are_read_without_counting_subtasks(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    task = sending_task(5)

    with django_assert_num_queries(1) as queries:
        assert Tally.objects.counts(task.pk).total == 5
    assert "campaigns_subtask" not in queries[0]["sql"]


def test_09_a_person_with_two_of_the_tags_gets_one_message() -> None:
    owner = UserFactory()
    first, second = TagFactory.create_batch(2, owner=owner)
    contact = ContactFactory(owner=owner)
    contact.tags.add(first, second)
    task = _queued(owner, audience=Audience.TAGS)
    task.include_tags.add(first, second)

    launch.expand(task.pk)

    assert SubTask.objects.filter(task=task).count() == 1


def test_09_the_database_refuses_a_second_subtask_for_the_same_recipient() -> None:
    subtask = SubTaskFactory()

    with pytest.raises(IntegrityError), transaction.atomic():
        SubTaskFactory(
            task=subtask.task, content=subtask.content, recipient_email=subtask.recipient_email
        )


def test_09_everybody_with_an_excluded_tag_is_left_out_however_many_they_are() -> None:
    owner = UserFactory()
    tag = TagFactory(owner=owner)
    excluded = ContactFactory.create_batch(120, owner=owner)
    tag.contacts.add(*excluded)
    wanted = ContactFactory(owner=owner)
    task: Task = TaskFactory(owner=owner)
    task.exclude_tags.add(tag)

    assert list(audience.contacts_of(task)) == [wanted]


def test_10_suppressed_people_are_left_out_at_the_launch() -> None:
    owner = UserFactory()
    kept, unsubscribed = ContactFactory.create_batch(2, owner=owner)
    Suppression.objects.create(email=unsubscribed.email)
    task = _queued(owner)

    launch.expand(task.pk)

    assert [s.recipient_email for s in SubTask.objects.filter(task=task)] == [kept.email]


def test_10_people_who_unsubscribe_after_the_launch_are_left_out_by_the_claim() -> None:
    task = sending_task(2)
    gone, kept = SubTask.objects.order_by("pk")
    Suppression.objects.create(email=gone.recipient_email)

    assert [claim.id for claim in claims.lock_claimable(task.pk, 5)] == [kept.pk]


def test_11_a_status_only_moves_up() -> None:
    for later, earlier in [
        ("delivered", "sent"),
        ("opened", "delivered"),
        ("clicked", "opened"),
        ("clicked", "delivered"),
    ]:
        assert SubTaskStatus(earlier) not in states.NEXT[SubTaskStatus(later)]


def test_11_a_late_delivered_does_not_overwrite_an_open() -> None:
    subtask = sent("opened")
    tell(EventKind.DELIVERED, subtask)
    assert now(subtask).status == "opened"


def test_11_an_event_that_is_told_twice_counts_once() -> None:
    subtask = sent()
    for _ in range(2):
        tell(EventKind.OPENED, subtask, dedupe_key="the same")
    assert EventTally.objects.get().events == 1


def test_12_a_quota_whose_boundary_nobody_saw_begins_anew() -> None:
    service = EmailServiceFactory(daily_quota=10)
    pace = Pace.objects.get(service=service)
    pace.quota_period_start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    pace.quota_used = 10

    days_later = dt.datetime(2026, 1, 4, 0, 0, 0, 1, tzinfo=dt.UTC)

    assert pace_rows.quota_left(pace, service.limits, days_later) == 10


def test_13_the_owner_who_was_served_longest_ago_comes_first() -> None:
    now = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    huge, small = (
        TaskPlan(pk, owner_id, 0, now, frozenset()) for pk, owner_id in ((1, 100), (2, 200))
    )

    order = fairness.in_turn([huge, small], {1: now, 2: now - dt.timedelta(seconds=1)})

    assert order == [small, huge]


def test_13_a_huge_campaign_does_not_starve_a_small_one(
    make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service(sending_interval="0.02")
    huge = sending_task(300)
    small = sending_task(5)

    dispatch(until=lambda: Attempt.objects.filter(subtask__task=small).count() == 5)

    assert Attempt.objects.filter(subtask__task=huge).count() <= 60


def test_14_the_development_transport_refuses_to_run_in_production(settings: Settings) -> None:
    settings.DEBUG = False
    service = EmailServiceFactory(provider="maildir", settings={"folder": "x"})

    with pytest.raises(ServiceError, match="DEBUG"):
        transport_for(service).open()
    assert "maildir" not in dict(provider_choices())


def test_no_subtask_was_handed_over_twice(make_service: MakeService, dispatch: Dispatch) -> None:
    for _ in range(3):
        make_service()
    sending_task(100)

    dispatch()

    again = Attempt.objects.values("subtask").annotate(n=Count("pk")).filter(n__gt=1)
    assert not again.exists()
    assert not Attempt.objects.filter(started_at__lt=F("slot_at")).exists()


def _queued(owner: User, **kwargs: Any) -> Task:
    task: Task = TaskFactory(owner=owner, status="queued", **kwargs)
    return task
