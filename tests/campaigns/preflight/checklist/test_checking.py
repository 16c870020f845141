"""The checklist of templates and campaigns, for the owner's contacts."""

from __future__ import annotations

import datetime as dt

import pytest

from campaigns.blocks import making
from campaigns.launching import launch
from campaigns.models import Brand, Task, TaskTemplate
from campaigns.preflight import merge_fields
from campaigns.preflight.checklist import checking
from campaigns.preflight.checklist.findings import Finding, Level
from campaigns.state import lifecycle
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SenderFactory,
    TaskFactory,
    TemplateFactory,
)

pytestmark = pytest.mark.django_db


def of_template(**fields: str) -> dict[str, Finding]:
    template = TemplateFactory(**fields)
    ContactFactory(owner=template.owner, name="Ada", attributes={"city": "Paris"})
    SenderFactory(owner=template.owner)
    return {found.check: found for found in checking.of_template(template)}


def ready(**template: str) -> Task:
    task: Task = TaskFactory()
    task.templates.update(**template)
    ContactFactory(owner=task.owner, name="Ada")
    EmailServiceFactory()
    return task


def of_task(task: Task) -> list[Finding]:
    contacts = type(ContactFactory.build()).objects.filter(owner=task.owner)
    return checking.of_task(task, contacts, merge_fields.NO_FIELDS)


def test_a_subject_that_is_empty_for_everyone_blocks() -> None:
    assert of_template(subject="{{ title }}")["empty_subject"].level == Level.BLOCKER


def test_a_message_that_cannot_be_rendered_for_anyone_blocks() -> None:
    found = of_template(html="<p>{{ name | divided_by: 0 }}</p>")
    assert found["not_rendered"].level == Level.BLOCKER


def test_a_variable_that_no_contact_has_is_told_with_the_number() -> None:
    found = of_template(html="<p>{{ town }}</p>")["variables"]
    assert found.what == "{{ town }} is empty for the only contact."


def test_a_variable_that_few_have_is_told_with_how_many() -> None:
    template = TemplateFactory(html="<p>{{ city }}</p>")
    ContactFactory.create_batch(3, owner=template.owner)
    ContactFactory(owner=template.owner, attributes={"city": "Paris"})
    found = {each.check: each for each in checking.of_template(template)}
    assert found["few_have"].what == "Few contacts have {{ city }} (1 of 4)."


def test_the_size_is_that_with_links_rewritten() -> None:
    rows = f'<p>{"words " * 5} <a href="https://a.example">y</a></p>' * 990
    assert len(rows) < 80_000 and "size" in of_template(html=rows)


def test_the_size_is_that_with_styles_in_place() -> None:
    rows = f"<p>{'words ' * 10}</p>" * 1_000
    style = "<style>p { color: #222222; margin: 0 0 12px; font-family: Arial }</style>"
    assert "size" not in of_template(html=rows)
    assert "size" in of_template(html=style + rows)


def test_braces_and_shown_addresses_are_findings_too() -> None:
    found = of_template(html='<p>\n{ name } <a href="https://a.example">https://a.example</a></p>')
    assert [(place.field, place.line) for place in found["braces"].places] == [("html", 2)]
    assert found["shown_addresses"].level == Level.NOTE


def test_a_template_in_blocks_is_told_the_number_of_the_block() -> None:
    blocks = [
        {"id": "k1", "kind": "heading", "text": "Spring"},
        {"id": "k2", "kind": "text", "text": "See [our shop](http://shop.example/)."},
    ]
    stored = {"version": 1, "blocks": blocks}
    template = TemplateFactory(format="blocks", blocks=stored)
    template.html = making.html_of(stored, making.look_of(template.owner_id))
    found = {each.check: each for each in checking.of_template(template)}
    assert [(each.block, each.block_id) for each in found["links_http"].places] == [(2, "k2")]


def test_recipients_in_china_are_counted_where_the_owner_asks_for_it() -> None:
    template = TemplateFactory()
    for values in (
        {"email": "a@example.cn"},
        {"attributes": {"language": "zh-CN"}},
        {"attributes": {"country": "China"}},
        {"attributes": {"language": "zh-TW"}},
    ):
        ContactFactory(owner=template.owner, **values)
    assert "china_label" not in {each.check for each in checking.of_template(template)}
    Brand.objects.create(owner=template.owner, asks_for_label=True)
    found = {each.check: each for each in checking.of_template(template)}
    assert "3 contacts are in China" in found["china_label"].what


def test_each_variant_is_checked_by_what_it_says_otherwise() -> None:
    task = ready(subject="Spring")
    other = TemplateFactory(owner=task.owner, name="Other")
    TaskTemplate.objects.create(task=task, template=other, subject="Last chance")
    found = {(each.of, each.check) for each in of_task(task)}
    assert ("Variant 2 (Other)", "claims") in found
    assert not any(check == "claims" and of != "Variant 2 (Other)" for of, check in found)


def test_a_subject_of_the_campaign_is_mended_in_the_campaign() -> None:
    task = ready(html="<a href='#'>x</a>")
    TaskTemplate.objects.filter(task=task).update(subject="Last chance")
    found = {each.check: each for each in of_task(task)}
    assert found["claims"].places[0].in_campaign and found["claims"].task_id == task.pk
    assert not found["links_empty"].places[0].in_campaign


def test_a_blocker_keeps_a_task_from_being_launched_and_scheduled() -> None:
    task = ready(html='<a href="{{ unsubscribe_url }}" style="display:none">x</a>')
    with pytest.raises(lifecycle.NotPossible, match="no unsubscribe link that every reader sees"):
        lifecycle.launch(task)
    with pytest.raises(lifecycle.NotPossible, match="no unsubscribe link that every reader sees"):
        lifecycle.schedule(task, task.created_at)
    task.refresh_from_db()
    assert task.status == "draft"


def test_a_blocker_that_came_after_the_schedule_makes_it_a_draft_at_its_time() -> None:
    task = ready()
    lifecycle.schedule(task, dt.datetime(2100, 1, 1, tzinfo=dt.UTC))
    task.templates.update(html='<a href="{{ unsubscribe_url }}"></a>')
    Task.objects.update(scheduled_at="2020-01-01T00:00Z")
    lifecycle.launch_due()
    launch.expand(task.pk)
    task.refresh_from_db()
    assert task.status == "draft" and "no unsubscribe link" in task.note


def test_warnings_do_not_keep_it() -> None:
    task = ready(subject="Re: last chance", html="<a href='http://localhost'>x</a>")
    lifecycle.launch(task)
    assert task.status == "queued"
