"""The history says what was changed, from what to what, and shows no secret and no address."""

from __future__ import annotations

import html
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.models import Task
from tests.campaigns.admin.staff import (
    MANAGER,
    address,
    entries,
    member,
    page_of,
    signed_in,
)
from tests.factories import (
    ContactFactory,
    SenderFactory,
    TagFactory,
    TaskFactory,
    TemplateFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def save(user: User, row: Any, form: dict[str, Any]) -> str:
    """Post the form of a row. Returns the entry about it."""
    url = address(row._meta.label_lower, "change", row.pk)
    response = signed_in(user).post(url, form, follow=True)
    assert response.status_code == 200
    [(who, what)] = entries(row)
    assert who == user.username
    return what


def template_form(**fields: str) -> dict[str, str]:
    return {"name": "Spring", "subject": "Hi", "html": "<p>Hi</p>", **fields}


def task_form(task: Task, **fields: Any) -> dict[str, Any]:
    [choice] = task.tasktemplate_set.all()
    return {
        "name": task.name,
        "sender": task.sender_id,
        "priority": "0",
        "audience": "all",
        "track_clicks": "on",
        "tasktemplate_set-TOTAL_FORMS": 1,
        "tasktemplate_set-INITIAL_FORMS": 1,
        "tasktemplate_set-0-id": choice.pk,
        "tasktemplate_set-0-task": task.pk,
        "tasktemplate_set-0-template": choice.template_id,
        "tasktemplate_set-0-weight": "1",
        **fields,
    }


def test_of_a_template_has_the_old_and_the_new_value(user: User) -> None:
    template = TemplateFactory(owner=user, name="Spring", subject="Hi", html="<p>Hi</p>")
    what = save(user, template, template_form(subject="Hello", preview_text="New"))
    assert what == "Changed Subject from “Hi” to “Hello” and Preview text from nothing to “New”."


def test_of_a_long_text_has_the_place_of_the_difference(user: User) -> None:
    old, new = "<p>" + "a" * 500 + "old" + "b" * 500, "<p>" + "a" * 500 + "new" + "b" * 500
    template = TemplateFactory(owner=user, name="Spring", subject="Hi", html=old)
    what = save(user, template, template_form(html=new))
    assert f"“…{'a' * 20}old{'b' * 57}…” to “…{'a' * 20}new{'b' * 57}…”" in what
    assert len(what) < 300


def test_of_a_task_names_rows_and_choices_as_staff_see_them(user: User) -> None:
    task = TaskFactory(owner=user, name="Spring", sender=SenderFactory(owner=user))
    tag, sender = TagFactory(owner=user, name="vip"), SenderFactory(owner=user, display_name="Mia")
    fields = {
        "audience": "tags", "include_tags": [tag.pk], "sender": sender.pk, "track_clicks": "",
        "scheduled_at_0": "", "scheduled_at_1": "",
    }  # fmt: skip
    what = save(user, task, task_form(task, **fields))
    assert f"Sender from “{task.sender}” to “Mia <news@…>”" in what
    assert "from nothing to “vip”" in what
    assert "Record clicks from “yes” to “no”" in what
    assert "to “tags”" not in what


def test_of_a_task_has_the_weight_of_a_template(user: User) -> None:
    task = TaskFactory(owner=user, name="Spring")
    what = save(user, task, task_form(task, **{"tasktemplate_set-0-weight": "3"}))
    assert "Weight from “1” to “3”" in what


def test_counts_the_contacts_of_a_task_and_keeps_no_address(user: User) -> None:
    task = TaskFactory(owner=user, name="Spring")
    contact = ContactFactory(owner=user, email="ada@example.com")
    form = task_form(task, audience="chosen", contacts=[contact.pk])
    what = save(user, task, form)
    assert "from “0 contacts” to “1 contact”" in what
    assert "ada@" not in what


def test_is_in_the_history_of_the_row(user: User) -> None:
    template = TemplateFactory(owner=user, name="Spring", subject="Hi", html="<p>Hi</p>")
    save(user, template, template_form(subject="<b>Hello</b>"))
    url = address("campaigns.template", "history", template.pk)
    page = page_of(signed_in(user).get(url))
    assert html.escape("Changed Subject from “Hi” to “<b>Hello</b>”.") in page
    assert user.username in page
