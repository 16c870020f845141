"""Each number that staff read has one owner: pages do not contradict each other."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.db.models.expressions import RawSQL
from django.db.models.functions import Now

from campaigns.models import Suppression, Task, TaskStatus
from dispatch.models import AccountReport, Attempt, AttemptOutcome, EmailService
from tests.campaigns.admin.staff import (
    MANAGER,
    SUPERUSER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
)
from tests.factories import (
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    in_doubt,
)
from tracking.event_kinds import Actor, EventKind
from tracking.models import EventTally

pytestmark = pytest.mark.django_db


def page(task: Task, role: str = SUPERUSER) -> str:
    user = member(role)
    return page_of(signed_in(user).get(address("campaigns.task", "change", task.pk)))


def figures(task: Task) -> dict[str, str]:
    return dict(re.findall(r'data-figure="([\w, ]+)">(?:<a [^>]*>)?([\d,]+)', page(task)))


def failed(task: Task, reason: str, **kwargs: Any) -> Any:
    return SubTaskFactory(task=task, status="failed", failure_reason=reason, **kwargs)


def cancelled_task(**kwargs: Any) -> Task:
    return SendingTaskFactory(status=TaskStatus.CANCELLED, cancelled_at=Now(), **kwargs)


def test_what_was_sent_is_not_said_twice_with_different_numbers() -> None:
    task, service = SendingTaskFactory(), EmailServiceFactory()
    content = ContentFactory(task=task)
    for status in ("sent", "sent", "bounced"):
        SubTaskFactory(task=task, content=content, status=status, service=service)
    assert "3 of 3 sent" in page(task)
    found = figures(task)
    assert (found["Sent"], found["Sent, no delivery reported"], found["Bounced"]) == ("3", "2", "1")


def test_what_was_cancelled_has_not_failed() -> None:
    task = cancelled_task()
    content = ContentFactory(task=task)
    for reason in ("cancelled", "cancelled", "rejected"):
        failed(task, reason, content=content)
    assert (figures(task)["Cancelled"], figures(task)["Failed"]) == ("2", "1")
    assert "0 of 3 sent, 1 failed, 2 cancelled" in page(task)


def test_the_list_of_what_has_failed_is_without_what_was_cancelled() -> None:
    task = cancelled_task()
    content = ContentFactory(task=task)
    for reason in ("cancelled", "rejected"):
        failed(task, reason, content=content)
    (url,) = re.findall(r'data-figure="Failed"><a [^>]*href="([^"]+)"', page(task))
    listed = signed_in(member(SUPERUSER)).get(url.replace("&amp;", "&")).context["cl"].result_list
    assert [row.failure_reason for row in listed] == ["rejected"]
    assert "failure_reason__exact=rejected" in page(task)


@pytest.mark.parametrize(("reason", "word"), [("cancelled", "Cancelled"), ("rejected", "Failed")])
def test_a_row_that_was_cancelled_is_not_shown_as_failed(reason: str, word: str) -> None:
    other = {"Cancelled": "Failed", "Failed": "Cancelled"}[word]
    row = failed(SendingTaskFactory(), reason, failed_at=Now())
    client = signed_in(member(SUPERUSER))
    shown = page_of(client.get(address("campaigns.subtask", "changelist")))
    labels = re.findall(r"<td class=\"field-status_label[^>]*>(.*?)</td>", shown)
    assert len(labels) == 1 and word in labels[0]
    story = page_of(client.get(address("campaigns.subtask", "change", row.pk)))
    assert f"> {word} <" in story
    assert f"> {other} <" not in story


def test_what_was_under_way_when_a_task_was_cancelled_is_explained() -> None:
    task = cancelled_task()
    content = ContentFactory(task=task)
    SubTaskFactory(task=task, content=content)
    assert "1 message comes to an end just now" in page(task)
    failed(task, "cancelled", content=content)
    SubTaskFactory(task=task, content=content)
    assert "2 messages come to an end just now" in page(task)


def test_a_cancelled_task_whose_messages_have_all_ended_says_nothing_of_them() -> None:
    task = cancelled_task()
    failed(task, "cancelled")
    assert "to an end just now" not in page(task)


def test_doubts_of_a_cancelled_task_stay_on_the_start_page() -> None:
    task = cancelled_task(name="Spring")
    in_doubt(EmailServiceFactory(), task=task, content=ContentFactory(task=task))
    start_page = page_of(signed_in(member(VIEWER)).get("/admin/"))
    assert "Spring" in start_page
    assert "1 message of “Spring” was handed over, and no reply came back." in start_page
    assert "Needs attention" in page(task)


def test_a_task_that_is_over_and_has_no_doubts_leaves_the_start_page() -> None:
    cancelled_task(name="Spring")
    assert "Spring" not in page_of(signed_in(member(VIEWER)).get("/admin/"))


@pytest.mark.parametrize(
    ("reason", "is_suppressed", "is_offered"),
    [
        ("rejected", False, True),
        ("rejected", True, False),
        ("cancelled", False, False),
        ("suppressed", True, False),
    ],
)
def test_a_retry_is_offered_where_one_can_be_sent_again(
    reason: str, is_suppressed: bool, is_offered: bool
) -> None:
    task = SendingTaskFactory()
    subtask = failed(task, reason)
    if is_suppressed:
        Suppression.objects.create(email=subtask.recipient_email)
    assert ("Retry failed" in page(task)) is is_offered


def test_bounces_are_told_by_servers_and_done_by_no_person() -> None:
    task = SendingTaskFactory()
    kinds = ((EventKind.HARD_BOUNCED, 13), (EventKind.OPENED, 7))
    for kind, number in kinds:
        EventTally.objects.create(
            task_id=task.pk, kind=kind, actor=Actor.PERSON, events=number, recipients=number
        )
    rows = re.findall(r"<tr> <th[^>]* scope=\"row\">.*?</tr>", page(task))
    cells = [re.findall(r"<t[hd][^>]*>(?:<span[^>]*>)?([^<]*)", row) for row in rows]
    by_label = {cell[0].split(":")[0]: cell[1:] for cell in cells}
    assert by_label["Bounced for good"] == ["–", "–", "–", "13", "13"]
    assert by_label["Opened"] == ["7", "0", "0", "–", "7"]


class TestAServiceThatCouldNotBeConnectedTo:
    @pytest.fixture
    def service(self) -> EmailService:
        service = EmailServiceFactory(name="Post")
        service.refresh_from_db()
        AccountReport.objects.create(
            service=service,
            checked_at=Now(),
            connection_changed_at=service.connection_changed_at,
            works=False,
            answer="Nothing listens there.",
        )
        return service

    def test_is_not_ready(self, service: EmailService) -> None:
        for url in ("/admin/", address("dispatch.emailservice", "change", service.pk)):
            shown = page_of(signed_in(member(SUPERUSER)).get(url))
            assert "No connection" in shown
            assert "Nothing listens there, as of" in shown
            assert " Ready " not in shown

    def test_says_nothing_of_the_provider_to_those_who_may_not_read_it(
        self, service: EmailService
    ) -> None:
        shown = page_of(signed_in(member(MANAGER)).get("/admin/"))
        assert "No connection" in shown
        assert "Nothing listens there" not in shown

    def test_is_ready_once_a_message_was_accepted_since(self, service: EmailService) -> None:
        Attempt.objects.create(
            subtask=SubTaskFactory(),
            service=service,
            dispatcher_id=1,
            claim_token=uuid.uuid4(),
            slot_at=Now(),
            sending_at=Now(),
            started_at=RawSQL("clock_timestamp()", []),
            outcome=AttemptOutcome.ACCEPTED,
        )
        checked_at = AccountReport.objects.get().checked_at
        assert Attempt.objects.filter(started_at__gt=checked_at).exists()
        url = address("dispatch.emailservice", "change", service.pk)
        for shown in (signed_in(member(SUPERUSER)).get(each) for each in ("/admin/", url)):
            assert "No connection" not in page_of(shown)
