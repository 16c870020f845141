"""The checklist on pages: told at save, shown with its places, overruled by name at the launch."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from campaigns.models import Task
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import ContactFactory, EmailServiceFactory, TaskFactory, TemplateFactory

pytestmark = pytest.mark.django_db

HIDDEN = '<a href="{{ unsubscribe_url }}" style="display:none">x</a>'
BOX = re.compile(r'name="(although-[0-9a-f]+)"')


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def ready(user: User, **template: str) -> Task:
    task: Task = TaskFactory(owner=user, name="Spring")
    task.templates.update(**template)
    ContactFactory(owner=user, name="Ada")
    EmailServiceFactory()
    return task


def url(task: Task, page: str = "launch") -> str:
    return address("campaigns.task", page, task.pk)


def boxes(page: str) -> dict[str, str]:
    return dict.fromkeys(BOX.findall(page), "on")


def test_a_save_tells_what_is_wrong_and_where_the_rest_is_listed(user: User) -> None:
    form = {"name": "A", "subject": "Last chance", "html": f"<p>Hi</p>{HIDDEN}"}
    response: Any = signed_in(user).post(address("campaigns.template", "add"), form, follow=True)
    told = texts(response)
    assert "no unsubscribe link that every reader sees" in told and "“Last chance”" in told
    assert "Checklist" in told and "1 blocker" in told
    assert '#line-html-1">HTML, line 1</a>' in told


def test_what_is_left_of_a_sample_is_overruled_by_name(user: User) -> None:
    task = ready(user, html="<p>Two sentences on the second story.</p>")
    page = page_of(signed_in(user).get(url(task)))
    assert "“Two sentences on the second story”" in page and len(boxes(page)) == 1


def test_the_page_links_each_finding_to_its_line(user: User) -> None:
    template = TemplateFactory(owner=user, html="<p>\n<a href='http://example.com'>x</a></p>")
    client = signed_in(user)
    page = page_of(client.get(address("campaigns.template", "checklist", template.pk)))
    change = address("campaigns.template", "change", template.pk)
    assert f'href="{change}#line-html-2"' in page and 'data-check="links_http"' in page


def test_a_viewer_sees_the_checklist_without_links_to_change_it(user: User) -> None:
    template = TemplateFactory(owner=user, html="<p>\n<a href='http://example.com'>x</a></p>")
    viewer = member(VIEWER)
    template.owner = viewer
    template.save()
    page = page_of(signed_in(viewer).get(address("campaigns.template", "checklist", template.pk)))
    assert "HTML, line 2" in page and "#line-html-2" not in page


def test_a_strangers_checklist_is_not_there(user: User) -> None:
    template = TemplateFactory()
    response = signed_in(user).get(address("campaigns.template", "checklist", template.pk))
    assert response.status_code in (302, 404)


def test_a_warning_has_a_box_without_which_nothing_is_launched(user: User) -> None:
    task, client = ready(user, subject="Last chance"), signed_in(user)
    page = page_of(client.get(url(task)))
    assert "Launch although: The subject says “Last chance”." in page and len(boxes(page)) == 1
    again = page_of(client.post(url(task), CONFIRM))
    task.refresh_from_db()
    assert task.status == "draft" and "Mend it, or say that it may be so." in again


def test_a_launch_says_in_a_line_what_the_checklist_found(user: User) -> None:
    task = ready(user, subject="Last chance")
    page = page_of(signed_in(user).get(url(task)))
    check = reverse("admin:campaigns_task_step_check", args=[task.pk])
    assert re.search(r"The checklist found 1 warning and \d notes?\.", page)
    assert f'href="{check}">See the check</a>' in page
    assert "data-check=" not in page


def test_a_launch_without_warnings_says_that_all_checks_are_passed(user: User) -> None:
    page = page_of(signed_in(user).get(url(ready(user))))
    assert "All checks are passed." in page and "The checklist found" not in page


def test_a_blocker_is_named_on_the_launch_and_has_no_button(user: User) -> None:
    task = ready(user, html=f"<p>Hi</p>{HIDDEN}")
    page = page_of(signed_in(user).get(url(task)))
    assert "This cannot be done now" in page and 'name="confirmed"' not in page
    assert "no unsubscribe link that every reader sees" in page
    assert re.search(r"The checklist found 1 blocker", page)


def test_who_cannot_open_the_check_reads_all_of_it_at_the_launch(user: User) -> None:
    task, client = ready(user, subject="Last chance"), signed_in(user)
    Task.objects.update(status="scheduled", scheduled_at="2030-01-01T10:00Z")
    page = page_of(client.get(url(task)))
    assert 'data-level="warning"' in page and "See the check" not in page


def test_what_is_overruled_is_in_the_history_by_name(user: User) -> None:
    task, client = ready(user, subject="Last chance"), signed_in(user)
    client.post(url(task), {**CONFIRM, **boxes(page_of(client.get(url(task))))})
    task.refresh_from_db()
    assert task.status == "queued"
    who, said = entries(task)[0][:2]
    assert who == user.username
    assert "Launched. Although: “The subject says “Last chance”.”" in said


def test_a_warning_that_came_since_is_not_overruled(user: User) -> None:
    task, client = ready(user, subject="Last chance"), signed_in(user)
    ticked = boxes(page_of(client.get(url(task))))
    task.templates.update(subject="Final hours")
    client.post(url(task), {**CONFIRM, **ticked})
    task.refresh_from_db()
    assert task.status == "draft"


def test_a_schedule_asks_for_the_same(user: User) -> None:
    task, client = ready(user, subject="Last chance"), signed_in(user)
    later = {"at_0": "2030-01-01", "at_1": "10:00", "at": "2027-01-01T10:00"}
    page = page_of(client.get(url(task, "schedule")))
    assert "Schedule although: The subject says" in page
    client.post(url(task, "schedule"), {**CONFIRM, **later})
    task.refresh_from_db()
    assert task.status == "draft"
    client.post(url(task, "schedule"), {**CONFIRM, **later, **boxes(page)})
    task.refresh_from_db()
    assert task.status == "scheduled"


def test_a_blocker_has_no_button(user: User) -> None:
    task, client = ready(user, html=HIDDEN), signed_in(user)
    page = page_of(client.get(url(task)))
    assert "This cannot be done now" in page and "no unsubscribe link" in page
    client.post(url(task), {**CONFIRM, **boxes(page)})
    task.refresh_from_db()
    assert task.status == "draft"
