"""The list of SubTasks: its columns, and what it is narrowed by."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db.models.functions import Now

from campaigns.models import SubTask
from tests.campaigns.admin.staff import MANAGER, SUPERUSER, VIEWER, member, page_of, signed_in
from tests.dispatch.admin.test_subtasks import LIST, MANY
from tests.factories import (
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db


def headings(query: str) -> list[str]:
    page = page_of(signed_in(member(SUPERUSER)).get(f"{LIST}?{query}"))
    return re.findall(r'<th scope="col" [^>]*> <span>([^<]*)</span>', page)


class TestTheColumns:
    """A column that says the same in each row is left out."""

    def test_says_of_which_campaign_each_message_is(self) -> None:
        SubTaskFactory()
        assert headings("") == [
            *("Recipient", "Campaign", "Status", "Failure reason", "Service", "Sent at")
        ]

    def test_of_one_campaign_names_it_in_no_row(self) -> None:
        subtask = SubTaskFactory()
        query = f"task__id__exact={subtask.task_id}"
        assert headings(query) == [*("Recipient", "Status", "Failure reason", "Service", "Sent at")]

    def test_of_a_campaign_with_variants_tells_them(self) -> None:
        task = SendingTaskFactory()
        for _ in range(2):
            SubTaskFactory(task=task, content=ContentFactory(task=task))
        assert "Variant or language" in headings(f"task__id__exact={task.pk}")

    def test_of_what_did_not_fail_has_no_reasons(self) -> None:
        SubTaskFactory(status="sent", service=EmailServiceFactory())
        assert "Failure reason" not in headings("stage=sent")

    @pytest.mark.parametrize("asked", ["x", "-1", "9" * 30])
    def test_of_what_is_no_campaign_is_empty(self, asked: str) -> None:
        response = signed_in(member(SUPERUSER)).get(f"{LIST}?task__id__exact={asked}")
        assert response.status_code in (200, 302)


class TestTheList:
    def found(self, query: str, user: Any = None) -> list[int]:
        response = signed_in(user or member(SUPERUSER)).get(LIST + query)
        return [row.pk for row in response.context["cl"].result_list]

    @pytest.fixture
    def rows(self) -> dict[str, SubTask]:
        task = SendingTaskFactory()
        content, service = ContentFactory(task=task), EmailServiceFactory()
        return {
            "pending": SubTaskFactory(task=task, content=content),
            "sent": SubTaskFactory(
                task=task, content=content, status="sent", service=service, sent_at=Now()
            ),
            "failed": SubTaskFactory(
                task=task, content=content, status="failed", failure_reason="render_error"
            ),
            "in_doubt": in_doubt(service, task=task, content=content),
            "other": SubTaskFactory(),
        }

    @pytest.mark.parametrize(
        ("query", "expected"),
        [
            ("?task__id__exact={task}", {"pending", "sent", "failed", "in_doubt"}),
            ("?status__exact=sent", {"sent"}),
            ("?status__exact=sending", {"in_doubt"}),
            ("?status__exact=sent&status__exact=pending", {"pending", "sent", "other"}),
            ("?in_doubt=yes", {"in_doubt"}),
            ("?in_doubt=no", {"pending", "sent", "failed", "other"}),
            ("?failure_reason__exact=render_error", {"failed"}),
            ("?service={service}", {"sent", "in_doubt"}),
            ("?task__id__exact={task}&status__exact=pending&in_doubt=no", {"pending"}),
            ("?sent_at_from_0=2001-01-01&sent_at_to_0=2100-01-01", {"sent"}),
            ("?sent_at_from_0=2100-01-01&sent_at_from_1=12:00", set()),
            ("?q={recipient}", {"failed"}),
        ],
    )
    def test_is_narrowed_by(self, rows: dict[str, SubTask], query: str, expected: set[str]) -> None:
        query = query.format(
            task=rows["sent"].task_id,
            service=rows["sent"].service_id,
            recipient=rows["failed"].recipient_email.upper(),
        )
        assert set(self.found(query)) == {rows[name].pk for name in expected}

    def test_finds_an_address_in_another_spelling(self) -> None:
        subtask = SubTaskFactory(recipient_email="ada@xn--bcher-kva.example")
        assert self.found("?q=Ada@Bücher.example") == [subtask.pk]

    def test_finds_nothing_for_part_of_an_address(self) -> None:
        SubTaskFactory(recipient_email="ada@example.com")
        assert self.found("?q=ada") == []

    def test_shows_what_is_in_doubt_as_such(self, rows: dict[str, SubTask]) -> None:
        page = page_of(signed_in(member(VIEWER)).get(LIST + "?in_doubt=yes"))
        assert "In doubt" in page
        assert rows["in_doubt"].recipient_email in page

    def test_with_nothing_to_show_says_so(self) -> None:
        client = signed_in(member(SUPERUSER))
        assert "There is nothing here yet." in page_of(client.get(LIST))
        assert "Nothing matches this search" in page_of(client.get(LIST + "?q=nobody"))

    def test_offers_each_action_only_to_those_who_may_run_it(self) -> None:
        SubTaskFactory()
        page = page_of(signed_in(member(MANAGER)).get(LIST))
        assert all(f'value="{action}"' in page for action in MANY)
        assert not any(
            f'value="{action}"' in page_of(signed_in(member(VIEWER)).get(LIST)) for action in MANY
        )
        assert "delete_selected" not in page
