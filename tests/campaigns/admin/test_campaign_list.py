"""The list of campaigns says what state each is in, what came back, and why it waits."""

from __future__ import annotations

import datetime as dt
import re

import pytest
from django.contrib.auth.models import User

from campaigns.models import TaskStatus
from dispatch.pace import pace_rows
from tests.campaigns.admin.staff import MANAGER, VIEWER, address, member, page_of, signed_in
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TaskFactory,
    sending_task,
)

pytestmark = pytest.mark.django_db
LIST = address("campaigns.task", "changelist")
NOON = dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC)


def columns(user: User, query: str = "") -> dict[str, str]:
    """The columns of the only campaign in the list, without markup."""
    page = page_of(signed_in(user).get(LIST + query))
    cells = re.findall(r'<t[dh] class="field-(\w+)[^>]*>(.*?)</t[dh]>', page)
    return {name: " ".join(re.sub("<[^>]*>", " ", cell).split()) for name, cell in cells}


def test_a_draft_says_when_it_was_made() -> None:
    TaskFactory(created_at=NOON)
    shown = columns(member(VIEWER))
    assert (shown["status_label"], shown["when"]) == ("Draft", "Made 1 Mar 2026, 12:00")


def test_one_that_is_scheduled_says_for_when() -> None:
    TaskFactory(status=TaskStatus.SCHEDULED, scheduled_at=NOON)
    shown = columns(member(VIEWER))
    assert shown["when"] == "To be launched 1 Mar 2026, 12:00"


def test_one_that_is_over_shows_its_size_and_its_rates() -> None:
    task = SendingTaskFactory(status=TaskStatus.COMPLETED, completed_at=NOON)
    content, service = ContentFactory(task=task), EmailServiceFactory()
    for status in ("sent", "delivered", "clicked", "bounced"):
        SubTaskFactory(task=task, content=content, status=status, service=service)
    shown = columns(member(VIEWER))
    assert shown["progress_bar"] == "4 of 4 sent"
    assert [shown[rate] for rate in ("delivered", "opened", "clicked")] == ["50.0 %", "–", "33.3 %"]
    assert shown["when"] == "Done 1 Mar 2026, 12:00"


def test_what_no_service_reports_is_not_shown_as_nothing() -> None:
    task = SendingTaskFactory(status=TaskStatus.COMPLETED)
    SubTaskFactory(
        task=task, content=ContentFactory(task=task), status="sent", service=EmailServiceFactory()
    )
    assert columns(member(VIEWER))["delivered"] == "–"


def test_one_that_waits_says_why() -> None:
    pace_rows.freeze(EmailServiceFactory(name="North"), "The contract ended")
    DispatcherFactory()
    sending_task()
    said = columns(member(VIEWER))["progress_bar"]
    assert said.endswith("“North” is frozen until a person unfreezes it.")


def test_a_draft_opens_where_its_steps_go_on() -> None:
    task = TaskFactory(owner=member(MANAGER))
    page = page_of(signed_in(task.owner).get(LIST))
    assert f'href="/admin/campaigns/task/{task.pk}/steps/' in page


def test_it_can_be_filtered_by_state_by_time_and_by_service() -> None:
    manager, service = member(MANAGER), EmailServiceFactory()
    old = SendingTaskFactory(owner=manager, name="Old", launched_at=NOON)
    new = SendingTaskFactory(owner=manager, name="New", launched_at=NOON + dt.timedelta(days=9))
    new.services.add(service)
    for query, found in (
        ("?launched_at_to_0=2026-03-02", old),
        ("?launched_at_from_0=2026-03-05", new),
        (f"?services__id__exact={service.pk}", new),
    ):
        assert columns(manager, query)["name"] == found.name
    assert columns(manager, "?status__exact=completed") == {}
