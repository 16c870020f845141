"""What the database refuses, whoever writes."""

from __future__ import annotations

import uuid
from datetime import time
from decimal import Decimal
from typing import Any

import pytest
from django.db import DataError, IntegrityError, connection, transaction
from django.db.models import Model
from django.db.models.functions import Now

from campaigns.models import Contact, SubTask, SubTaskStatus, Suppression, Tag, Task, TaskTemplate
from dispatch.models import Attempt, ConnectionShare, EmailService, Pace, Turn
from dispatch.pace import services
from tests.factories import (
    ContactFactory,
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TagFactory,
    TaskFactory,
    change,
    held,
)

pytestmark = pytest.mark.django_db

PAST_PENDING = ["sent", "delivered", "bounced", "opened", "clicked"]


@pytest.fixture
def service() -> EmailService:
    return EmailServiceFactory()


@pytest.fixture
def allocated(service: EmailService) -> SubTask:
    return held(SubTaskStatus.ALLOCATED, DispatcherFactory(), service)


@pytest.fixture
def sending(service: EmailService) -> SubTask:
    return held(SubTaskStatus.SENDING, DispatcherFactory(), service)


def refused(constraint: str, row: Model, **values: Any) -> bool:
    """Whether the database refuses to write these values, by this constraint."""
    with pytest.raises(IntegrityError, match=constraint), transaction.atomic():
        type(row)._default_manager.filter(pk=row.pk).update(**values)
    return True


def write(row: Model, **values: Any) -> None:
    """What the database takes."""
    assert type(row)._default_manager.filter(pk=row.pk).update(**values) == 1


class TestSubTask:
    def test_a_recipient_is_in_a_task_once(self) -> None:
        task = SendingTaskFactory()
        content = ContentFactory(task=task)
        SubTaskFactory(task=task, content=content, recipient_email="ada@example.com")
        with pytest.raises(IntegrityError, match="subtask_recipient_once"), transaction.atomic():
            SubTaskFactory(task=task, content=content, recipient_email="ada@example.com")

    def test_a_recipient_may_be_in_two_tasks(self) -> None:
        SubTaskFactory.create_batch(2, recipient_email="ada@example.com")
        assert SubTask.objects.values("task").distinct().count() == 2

    def test_a_pending_one_has_no_service(self, service: EmailService) -> None:
        assert refused("subtask_service_past_pending", SubTaskFactory(), service=service)

    @pytest.mark.parametrize("status", PAST_PENDING)
    def test_one_past_pending_has_a_service(self, status: str) -> None:
        assert refused("subtask_service_past_pending", SubTaskFactory(), status=status)

    @pytest.mark.parametrize("status", PAST_PENDING)
    def test_one_past_pending_keeps_its_service(self, status: str, service: EmailService) -> None:
        write(SubTaskFactory(), status=status, service=service)

    def test_a_held_one_has_a_service(self, allocated: SubTask, sending: SubTask) -> None:
        assert refused("subtask_service_past_pending", allocated, service=None)
        assert refused("subtask_service_past_pending", sending, service=None)

    def test_a_failed_one_may_have_a_service_or_none(self, service: EmailService) -> None:
        failed = SubTaskFactory(status=SubTaskStatus.FAILED, failure_reason="rejected")
        write(failed, service=service)
        write(failed, service=None)

    def test_a_held_one_has_a_token(self, allocated: SubTask, sending: SubTask) -> None:
        assert refused("subtask_token_while_held", allocated, claim_token=None)
        assert refused("subtask_token_while_held", sending, claim_token=None)

    def test_one_that_nobody_holds_has_no_token(self) -> None:
        assert refused("subtask_token_while_held", SubTaskFactory(), claim_token=uuid.uuid4())

    @pytest.mark.parametrize("status", PAST_PENDING)
    def test_one_that_is_handed_over_has_no_token(self, status: str, sending: SubTask) -> None:
        values = {"status": status, "dispatcher_id": None}
        assert refused("subtask_token_while_held", sending, **values)

    def test_an_allocated_one_belongs_to_a_dispatcher(self, allocated: SubTask) -> None:
        assert refused("subtask_held_or_in_doubt", allocated, dispatcher_id=None)

    def test_an_allocated_one_is_never_in_doubt(self, allocated: SubTask) -> None:
        assert refused("subtask_held_or_in_doubt", allocated, in_doubt_since=Now())
        values = {"in_doubt_since": Now(), "dispatcher_id": None}
        assert refused("subtask_held_or_in_doubt", allocated, **values)

    def test_a_sending_one_belongs_to_a_dispatcher_or_is_in_doubt(self, sending: SubTask) -> None:
        assert refused("subtask_held_or_in_doubt", sending, dispatcher_id=None)
        assert refused("subtask_held_or_in_doubt", sending, in_doubt_since=Now())
        write(sending, dispatcher_id=None, in_doubt_since=Now())

    def test_one_that_nobody_holds_belongs_to_no_dispatcher(self) -> None:
        assert refused("subtask_held_or_in_doubt", SubTaskFactory(), dispatcher_id=1)

    def test_one_that_nobody_holds_is_not_in_doubt(self) -> None:
        assert refused("subtask_held_or_in_doubt", SubTaskFactory(), in_doubt_since=Now())

    def test_a_failed_one_has_a_reason(self) -> None:
        assert refused("subtask_failed_has_reason", SubTaskFactory(), status="failed")

    def test_one_that_has_not_failed_has_no_reason(self) -> None:
        assert refused("subtask_failed_has_reason", SubTaskFactory(), failure_reason="invalid")

    def test_attempts_are_never_negative(self) -> None:
        assert refused("campaigns_subtask_attempts_check", SubTaskFactory(), attempts=-1)

    def test_raw_sql_is_refused_as_well(self) -> None:
        SubTaskFactory()
        with (
            pytest.raises(IntegrityError, match="subtask_failed_has_reason"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute("UPDATE campaigns_subtask SET status = 'failed'")

    def test_a_task_with_subtasks_cannot_be_deleted_even_by_sql(self) -> None:
        SubTaskFactory()
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM campaigns_task")
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")

    def test_a_new_one_is_pending_available_and_untried(self) -> None:
        subtask = SubTask.objects.get(pk=SubTaskFactory().pk)
        assert (subtask.status, subtask.attempts) == (SubTaskStatus.PENDING, 0)
        assert subtask.available_at == subtask.created_at


class TestTask:
    def test_a_scheduled_one_has_a_time(self) -> None:
        assert refused("task_scheduled_has_time", TaskFactory(), status="scheduled")

    def test_an_unknown_status_is_refused(self) -> None:
        assert refused("task_status_known", TaskFactory(), status="stuck")

    def test_a_template_is_in_a_task_once(self) -> None:
        choice = TaskTemplate.objects.get(task=TaskFactory())
        with pytest.raises(IntegrityError, match="task_template_once"), transaction.atomic():
            TaskTemplate.objects.create(task=choice.task, template=choice.template)

    def test_a_template_weighs_something(self) -> None:
        choice = TaskTemplate.objects.get(task=TaskFactory())
        assert refused("task_template_weight", choice, weight=0)

    def test_a_name_longer_than_its_column_is_refused(self) -> None:
        with pytest.raises(DataError), transaction.atomic():
            Task.objects.filter(pk=TaskFactory().pk).update(name="x" * 201)


class TestContacts:
    def test_an_address_is_an_owners_once(self) -> None:
        contact = ContactFactory()
        with (
            pytest.raises(IntegrityError, match="contact_email_unique_per_owner"),
            transaction.atomic(),
        ):
            ContactFactory(owner=contact.owner, email=contact.email)

    def test_two_owners_may_have_the_same_address(self) -> None:
        ContactFactory(email=ContactFactory().email)
        assert Contact.objects.count() == 2

    @pytest.mark.parametrize("email", ["Ada@example.com", ""])
    def test_an_address_is_in_lower_case_and_not_empty(self, email: str) -> None:
        assert refused("contact_email_lower_case", ContactFactory(), email=email)

    @pytest.mark.parametrize("email", ["Ada@example.com", ""])
    def test_a_suppressed_address_is_in_lower_case_and_not_empty(self, email: str) -> None:
        row = Suppression.objects.create(email="ada@example.com")
        assert refused("suppression_lower_case", row, email=email)

    def test_an_address_is_suppressed_once(self) -> None:
        Suppression.objects.create(email="ada@example.com")
        with pytest.raises(IntegrityError), transaction.atomic():
            Suppression.objects.create(email="ada@example.com")

    def test_tags_that_differ_in_case_only_are_one_tag(self) -> None:
        tag = TagFactory(name="News")
        with pytest.raises(IntegrityError, match="tag_name_unique_per_owner"), transaction.atomic():
            Tag.objects.create(owner=tag.owner, name="NEWS")


class TestEmailService:
    def test_the_interval_is_not_negative(self, service: EmailService) -> None:
        values = {"sending_interval": Decimal("-0.001")}
        assert refused("service_interval_not_negative", service, **values)

    def test_the_quota_is_not_negative(self, service: EmailService) -> None:
        assert refused("dispatch_emailservice", service, daily_quota=-1)

    def test_a_quota_of_nothing_is_a_quota(self, service: EmailService) -> None:
        change(service, daily_quota=0)
        assert EmailService.objects.get(pk=service.pk).daily_quota == 0

    def test_the_burst_is_at_least_one(self, service: EmailService) -> None:
        assert refused("service_burst_positive", service, burst=0)

    def test_there_is_at_least_one_connection(self, service: EmailService) -> None:
        assert refused("service_connections_positive", service, max_connections=0)

    def test_the_domain_is_in_lower_case(self, service: EmailService) -> None:
        assert refused("service_domain_lower_case", service, domain="Mail.example.com")

    def test_a_name_is_one_services_only(self, service: EmailService) -> None:
        with pytest.raises(IntegrityError), transaction.atomic():
            EmailServiceFactory(name=service.name)

    def test_used_quota_is_not_negative(self, service: EmailService) -> None:
        assert refused("dispatch_pace", service.pace, quota_used=-1)

    def test_each_has_its_pace_row_from_the_beginning(self, service: EmailService) -> None:
        assert Pace.objects.filter(service=service).count() == 1

    def test_a_change_of_its_limits_is_remembered(self, service: EmailService) -> None:
        before = Pace.objects.get(service=service).limits_changed_at
        Pace.objects.update(limits_changed_at=before.replace(year=2000))
        service.quota_reset_time = time(6)
        services.save(service)
        assert Pace.objects.get(service=service).limits_changed_at.year > 2000

    def test_a_change_of_anything_else_leaves_the_time_of_its_limits(
        self, service: EmailService
    ) -> None:
        before = Pace.objects.get(service=service).limits_changed_at
        service.name = "renamed"
        services.save(service)
        assert Pace.objects.get(service=service).limits_changed_at == before


class TestDispatch:
    def test_a_claim_has_one_attempt(self, sending: SubTask, service: EmailService) -> None:
        values = {
            "subtask": sending,
            "service": service,
            "dispatcher_id": 1,
            "claim_token": sending.claim_token,
            "slot_at": Now(),
            "outcome": "accepted",
        }
        Attempt.objects.create(**values)
        with pytest.raises(IntegrityError, match="attempt_once_per_claim"), transaction.atomic():
            Attempt.objects.create(**values)

    def test_a_dispatcher_has_one_share_of_a_services_connections(
        self, service: EmailService
    ) -> None:
        dispatcher = DispatcherFactory()
        values = {"service": service, "dispatcher": dispatcher, "connections": 1}
        ConnectionShare.objects.create(**values)
        with pytest.raises(IntegrityError, match="connection_share_once"), transaction.atomic():
            ConnectionShare.objects.create(**values)

    def test_a_service_has_one_turn_for_a_task(self, service: EmailService) -> None:
        values = {"service": service, "task_id": 1, "served_at": Now()}
        Turn.objects.create(**values)
        with pytest.raises(IntegrityError, match="turn_once"), transaction.atomic():
            Turn.objects.create(**values)
