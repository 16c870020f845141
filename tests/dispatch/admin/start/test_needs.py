"""What needs the reader of the start page: only what the reader may see and do."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import DjangoAssertNumQueries

from campaigns.approvals import asking, fingerprint
from campaigns.models import ABTest, Brand, OperationState, TaskStatus
from dispatch.admin import start_page
from dispatch.admin.start.needs import Need, needs
from dispatch.models import BounceMailbox, DomainReport, Pace
from dispatch.pace import pace_rows
from tests.campaigns.admin.staff import MANAGER, OPERATOR, VIEWER, member, signed_in
from tests.factories import (
    DispatcherFactory,
    EmailServiceFactory,
    OperationFactory,
    SegmentFactory,
    SendingTaskFactory,
    TagFactory,
    TaskFactory,
    UserFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db


def needed(user: User) -> list[Need]:
    user = User.objects.get(pk=user.pk)  # permissions are read once
    services = start_page.services(user) if user.has_perm("dispatch.view_emailservice") else []
    return needs(user, services)


def words(user: User) -> list[str]:
    return [need.word for need in needed(user)]


@pytest.fixture
def manager() -> User:
    return member(MANAGER)


def test_with_nothing_to_do_nothing_is_needed(manager: User) -> None:
    SendingTaskFactory(owner=manager)
    assert words(manager) == []


@pytest.mark.parametrize("status", [TaskStatus.SENDING, TaskStatus.COMPLETED, TaskStatus.CANCELLED])
def test_what_is_in_doubt_of_any_campaign_needs_a_decision(manager: User, status: str) -> None:
    in_doubt(
        EmailServiceFactory(), task=SendingTaskFactory(owner=manager, status=status, name="Spring")
    )
    (need,) = needed(manager)
    assert (need.word, need.button) == ("In doubt", "Decide")
    assert need.text.startswith("1 message of “Spring” was handed over")


def test_what_is_in_doubt_of_others_is_theirs(manager: User) -> None:
    in_doubt(EmailServiceFactory())
    assert words(manager) == []


def test_who_may_not_decide_is_only_told() -> None:
    in_doubt(EmailServiceFactory())
    DispatcherFactory()
    (need,) = needed(member(VIEWER))
    assert (need.word, need.button) == ("In doubt", "See them")


def test_a_frozen_service_needs_who_may_unfreeze_it(manager: User) -> None:
    pace_rows.freeze(EmailServiceFactory(name="North"), "The contract ended")
    (need,) = needed(member(OPERATOR))
    assert (need.word, "North" in need.text) == ("Frozen", True)
    assert words(manager) == []


def test_a_service_that_fails_again_and_again_needs_a_look() -> None:
    service = EmailServiceFactory()
    Pace.objects.filter(pk=service.pk).update(failures_in_row=2)
    assert words(member(OPERATOR)) == []
    Pace.objects.filter(pk=service.pk).update(failures_in_row=3)
    assert words(member(OPERATOR)) == ["Failing"]


def test_a_domain_that_is_not_ready_is_named_with_its_problem() -> None:
    service = EmailServiceFactory(domain="mail.shop.de")
    checks = [
        {"name": "SPF", "verdict": "problem", "words": "There is none.", "publish": ""},
        {"name": "DKIM", "verdict": "ok", "words": "Fine.", "publish": ""},
    ]
    DomainReport.objects.update_or_create(
        service=service,
        defaults={
            "domain": "mail.shop.de",
            "checked_at": Now(),
            "verdict": "problem",
            "checks": checks,
        },
    )
    (need,) = needed(member(OPERATOR))
    assert need.word == "Domain not ready"
    assert "mail.shop.de is not ready for bulk mail (SPF)" in need.text


def test_a_bounce_mailbox_that_cannot_be_read_needs_a_look() -> None:
    BounceMailbox.objects.create(
        service=EmailServiceFactory(), domain="bounces.example.com", problem="Wrong password"
    )
    assert words(member(OPERATOR)) == ["Bounces not read"]


def test_a_service_that_is_switched_off_needs_nobody() -> None:
    service = EmailServiceFactory(enabled=False)
    Pace.objects.filter(pk=service.pk).update(failures_in_row=9)
    assert words(member(OPERATOR)) == []


def test_a_launch_that_failed_says_why(manager: User) -> None:
    TaskFactory(owner=manager, name="Spring", note="The template is gone.")
    (need,) = needed(manager)
    assert (need.word, need.text) == ("Launch failed", "“Spring”: The template is gone.")


def test_a_campaign_that_was_paused_with_a_reason_is_told(manager: User) -> None:
    task = TaskFactory(owner=manager, status=TaskStatus.PAUSED, note="Paused automatically: 9 %.")
    TaskFactory(owner=manager, status=TaskStatus.PAUSED)
    (need,) = needed(manager)
    assert need.url.endswith(f"/campaigns/task/{task.pk}/change/")


def test_an_import_that_failed_lately_is_told(manager: User) -> None:
    failed: dict[str, Any] = {
        "owner": manager,
        "state": OperationState.FAILED,
        "problem": "The file is empty.",
    }
    OperationFactory(**failed, finished_at=Now())
    OperationFactory(**failed, finished_at=Now(), params={"file_of": 1})
    (need,) = needed(manager)
    assert (need.word, need.text) == ("Import failed", "“contacts.csv”: The file is empty.")


def test_an_approval_is_asked_of_who_may_give_it() -> None:
    asker, approver = member(MANAGER), member(OPERATOR)
    task = TaskFactory(owner=asker, name="Spring")
    asking.ask(task, asker, "Please look.")
    texts = [need.text for need in needed(approver)]
    may = approver.has_perm("campaigns.approve_task")
    assert texts == ([f"“Spring”: {asker} asks for your approval. Please look."] if may else [])
    assert words(asker) == []


def approved_draft(asker: User) -> None:
    """With all that an approval may be of."""
    task = TaskFactory(owner=asker, audience="tags")
    inner = SegmentFactory(owner=asker)
    within = {"field": "segment", "operator": "in", "value": inner.pk}
    outer = SegmentFactory(owner=asker, condition={"match": "all", "lines": [within]})
    task.include_segments.add(outer)
    task.include_tags.add(TagFactory(owner=asker))
    task.exclude_tags.add(TagFactory(owner=asker))
    ABTest.objects.create(task=task)
    asking.ask(task, asker)
    asking.approve(task, UserFactory(), asking.mark(fingerprint.of(task)))


def test_approved_drafts_take_as_many_queries_as_one(
    manager: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    Brand.objects.create(owner=manager, needs_approval=True)
    approved_draft(manager)
    needed(manager)
    with CaptureQueriesContext(connection) as of_one:
        assert words(manager) == ["Approved"]
    for _ in range(4):
        approved_draft(manager)
    with django_assert_max_num_queries(len(of_one)):
        assert words(manager) == ["Approved"] * 5


def test_each_need_leads_to_a_page_that_its_reader_may_open(manager: User) -> None:
    in_doubt(EmailServiceFactory(), task=SendingTaskFactory(owner=manager))
    TaskFactory(owner=manager, note="The template is gone.")
    OperationFactory(owner=manager, state=OperationState.FAILED, finished_at=Now())
    found = needed(manager)
    assert len(found) == 3
    client = signed_in(manager)
    for need in found:
        assert client.get(need.url).status_code == 200, need


def test_that_no_dispatcher_runs_is_told_to_who_sees_everything(manager: User) -> None:
    SendingTaskFactory(owner=manager)
    assert words(member(OPERATOR)) == ["Nothing is sent"]
    DispatcherFactory()
    assert words(member(OPERATOR)) == []
