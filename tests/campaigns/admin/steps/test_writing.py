"""A template that is written for a campaign."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.models import ABTest, Task, Template
from tests.campaigns.admin.staff import address, entries, page_of, signed_in
from tests.campaigns.admin.steps.way import Way, row, step
from tests.factories import SenderFactory, TaskFactory, TemplateFactory, UserFactory

pytestmark = pytest.mark.django_db
TEXT = {
    "name": "Seeds",
    "subject": "Seeds",
    "format": "html",
    "html": "<p>Sow</p>",
    "_save": "Save",
}


@pytest.fixture
def task(user: User) -> Task:
    made: Task = Task.objects.create(owner=user, name="Spring")
    return made


def post(user: User, url: str, fields: dict[str, Any]) -> Any:
    return signed_in(user).post(url, fields)


def write(user: User, task: Task, **fields: Any) -> Any:
    url = f"{address('campaigns.template', 'add')}?campaign={task.pk}"
    return post(user, url, {**TEXT, **fields})


def templates_of(task: Task) -> list[str]:
    return list(task.tasktemplate_set.order_by("pk").values_list("template__name", flat=True))


def test_the_step_leads_to_the_editors(user: User, task: Task) -> None:
    shown = page_of(Way(user).see("content", task))
    add = address("campaigns.template", "add")
    assert f'href="{add}?campaign={task.pk}&amp;owner={user.pk}&amp;name=Spring' in shown
    assert f'href="{address("campaigns.template", "starters")}?campaign={task.pk}' in shown


def test_a_sample_is_taken_for_the_campaign(user: User, task: Task) -> None:
    url = f"{address('campaigns.template', 'starters')}?campaign={task.pk}"
    shown = page_of(signed_in(user).get(url))
    add = address("campaigns.template", "add")
    assert f'href="{add}?campaign={task.pk}&amp;starter=newsletter"' in shown


def test_the_way_to_an_editor_keeps_what_is_written(user: User) -> None:
    task, fields = TaskFactory(owner=user), {}
    message = task.tasktemplate_set.get()
    for name, value in {"id": message.pk, "template": message.template_id, "weight": 1}.items():
        fields[f"tasktemplate_set-0-{name}"] = value
    counts = {"tasktemplate_set-TOTAL_FORMS": 1, "tasktemplate_set-INITIAL_FORMS": 1}
    written = {**fields, **counts, "tasktemplate_set-0-subject": "Sow now", "_next": ""}
    way = Way(user)
    starters = address("campaigns.template", "starters")
    assert way.save("content", task, **written, _write="sample").url.startswith(starters)
    assert task.tasktemplate_set.get().subject == "Sow now"
    edited = way.save("content", task, **written, _edit=message.template_id).url
    page = address("campaigns.template", "change", message.template_id)
    assert edited == f"{page}?campaign={task.pk}"


def test_the_editor_begins_with_the_words_of_a_message_that_has_no_template(
    user: User, task: Task
) -> None:
    written = {**row(subject="Sow now", preview_text="Soon"), "_next": "", "_write": "code"}
    way = Way(user)
    url = way.save("content", task, **written).url
    assert 'value="Sow now"' in page_of(way.client.get(url))
    assert templates_of(task) == []


@pytest.mark.parametrize("fields", [{"_write": "https://a.example"}, {"_edit": "12345"}])
def test_no_other_address_is_led_to(user: User, task: Task, fields: dict[str, str]) -> None:
    assert Way(user).save("content", task, **row(), **fields).url == step("delivery", task)


def test_the_editor_says_for_what_it_is(user: User, task: Task) -> None:
    url = f"{address('campaigns.template', 'add')}?campaign={task.pk}"
    assert "It is written for the campaign “Spring”" in page_of(signed_in(user).get(url))


def test_the_campaign_uses_it_once_it_is_saved(user: User, task: Task) -> None:
    assert write(user, task).url == step("content", task)
    assert templates_of(task) == ["Seeds"]
    assert entries(task) == [(user.username, "The campaign uses the template “Seeds” from now on.")]


def test_the_campaign_takes_its_sender_if_it_has_none(user: User, task: Task) -> None:
    sender = SenderFactory(owner=user)
    write(user, task, default_sender=sender.pk)
    task.refresh_from_db()
    assert task.sender == sender


def test_it_takes_the_place_of_the_only_one(user: User) -> None:
    task = TaskFactory(owner=user)
    task.tasktemplate_set.update(subject="Other words")
    write(user, task)
    assert templates_of(task) == ["Seeds"]
    assert task.tasktemplate_set.get().subject == ""


def test_it_comes_beside_several(user: User) -> None:
    task = TaskFactory(owner=user)
    task.tasktemplate_set.create(template=TemplateFactory(owner=user, name="B"))
    write(user, task)
    assert len(templates_of(task)) == 3


def test_what_is_saved_and_gone_on_with_stays_with_the_campaign(user: User, task: Task) -> None:
    url = f"{address('campaigns.template', 'add')}?campaign={task.pk}"
    going_on = {**TEXT, "_continue": "yes"}
    del going_on["_save"]
    response = post(user, url, going_on)
    written = address("campaigns.template", "change", Template.objects.get().pk)
    assert response.url == f"{written}?campaign={task.pk}"
    assert templates_of(task) == ["Seeds"]


def test_a_text_for_a_test_of_one_variant_is_another_variant(user: User) -> None:
    task = TaskFactory(owner=user)
    ABTest.objects.create(task=task)
    [first] = templates_of(task)
    write(user, task)
    assert templates_of(task) == [first, "Seeds"]


def test_a_text_that_is_edited_leads_back(user: User) -> None:
    task = TaskFactory(owner=user)
    template = task.templates.get()
    url = f"{address('campaigns.template', 'change', template.pk)}?campaign={task.pk}"
    assert post(user, url, TEXT).url == step("content", task)


@pytest.mark.parametrize("status", ["scheduled", "sending"])
def test_a_campaign_that_is_no_draft_is_left_alone(user: User, status: str) -> None:
    task = TaskFactory(owner=user, status=status, scheduled_at="2100-01-01T00:00Z")
    before = templates_of(task)
    assert write(user, task).url == address("campaigns.template", "changelist")
    assert templates_of(task) == before
    assert Template.objects.filter(name="Seeds").exists()


def test_another_owners_campaign_is_left_alone(user: User) -> None:
    task = Task.objects.create(owner=UserFactory(), name="Spring")
    assert write(user, task).url == address("campaigns.template", "changelist")
    assert templates_of(task) == []


@pytest.mark.parametrize("key", ["x", "99999999999999999999", "%00", ""])
def test_an_odd_key_is_no_campaign(user: User, key: str) -> None:
    url = f"{address('campaigns.template', 'add')}?campaign={key}"
    assert signed_in(user).get(url).status_code == 200
