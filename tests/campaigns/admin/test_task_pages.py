"""The list, the form and the progress of tasks."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from campaigns.models import Launch, SubTaskStatus, Task
from tests.campaigns.admin.staff import (
    MANAGER,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import (
    ContactFactory,
    ContentFactory,
    EmailServiceFactory,
    SenderFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TagFactory,
    TaskFactory,
    TemplateFactory,
    in_doubt,
)

pytestmark = pytest.mark.django_db


def url(page: str, *args: Any) -> str:
    return address("campaigns.task", page, *args)


def formset(*templates: Any, weight: str = "1") -> dict[str, Any]:
    rows = {
        f"tasktemplate_set-{n}-{name}": value
        for n, template in enumerate(templates)
        for name, value in (("template", getattr(template, "pk", template)), ("weight", weight))
    }
    return {
        "tasktemplate_set-TOTAL_FORMS": len(templates),
        "tasktemplate_set-INITIAL_FORMS": 0,
        **rows,
    }


def with_every_state() -> Task:
    """A task with one SubTask in each state, one in doubt among them."""
    task = SendingTaskFactory()
    content, service = ContentFactory(task=task), EmailServiceFactory()
    for status in SubTaskStatus:
        if status in (SubTaskStatus.ALLOCATED, SubTaskStatus.SENDING):
            continue
        failed = {"failure_reason": "rejected"} if status == SubTaskStatus.FAILED else {}
        carrier = {} if status == SubTaskStatus.PENDING else {"service": service}
        SubTaskFactory(task=task, content=content, status=status, **failed, **carrier)
    in_doubt(service, task=task, content=content)
    return task


def figures_of(page: str) -> dict[str, int]:
    found = re.findall(r'data-figure="([^"]+)">(?:<a [^>]*>)?([\d,]+)', page)
    return {label: int(number.replace(",", "")) for label, number in found}


def numbers_in_lists(client: Client, page: str) -> dict[str, int]:
    """How many rows the list has that each number leads to."""
    links = re.findall(r'data-figure="([^"]+)"><a [^>]*href="([^"]+)"', page)
    return {
        label: len(client.get(link.replace("&amp;", "&")).context["cl"].result_list)
        for label, link in links
    }


class TestTheForm:
    def test_names_each_field_of_a_template_for_whoever_hears_it(self) -> None:
        found = page_of(signed_in(member(MANAGER)).get(url("add")))
        for name, label in (("template", "Template"), ("weight", "Weight")):
            (tag,) = re.findall(rf'<[^>]* name="tasktemplate_set-0-{name}"[^>]*>', found)
            assert f'aria-label="{label}"' in tag

    @pytest.fixture
    def user(self) -> User:
        return member(MANAGER)

    def save(self, user: User, fields: dict[str, Any], task: Task | None = None) -> Any:
        form = {"name": "Spring", "priority": "0", "audience": "all", **formset(), **fields}
        page = url("change", task.pk) if task else url("add")
        return signed_in(user).post(page, form, follow=True)

    def test_makes_a_draft_of_ones_own(self, user: User) -> None:
        template, sender = TemplateFactory(owner=user), SenderFactory(owner=user)
        self.save(user, {"sender": sender.pk, **formset(template, weight="3")})
        task = Task.objects.get()
        assert (task.owner, task.status, task.sender) == (user, "draft", sender)
        assert task.tasktemplate_set.get().weight == 3
        assert entries(task)[0][0] == user.username

    def test_ignores_an_owner_from_whoever_sees_only_their_own(self, user: User) -> None:
        self.save(user, {"owner": member(MANAGER).pk})
        assert Task.objects.get().owner == user

    def test_lets_whoever_sees_everything_choose_the_owner(self, user: User) -> None:
        self.save(member(SUPERUSER), {"owner": user.pk})
        assert Task.objects.get().owner == user

    @pytest.mark.parametrize(
        ("audience", "problem"),
        [
            ("tags", "Choose a tag, or another audience."),
            ("chosen", "Choose a contact, or another"),
        ],
    )
    def test_wants_what_the_audience_needs(self, user: User, audience: str, problem: str) -> None:
        assert problem in page_of(self.save(user, {"audience": audience}))
        assert not Task.objects.exists()

    @pytest.mark.parametrize("field", ["sender", "include_tags", "exclude_tags", "contacts"])
    def test_refuses_what_belongs_to_somebody_else(self, user: User, field: str) -> None:
        factory = {"sender": SenderFactory, "contacts": ContactFactory}.get(field, TagFactory)
        page = page_of(self.save(user, {field: factory().pk}))
        assert "Select a valid choice" in page
        assert not Task.objects.exists()

    def test_refuses_somebody_elses_template(self, user: User) -> None:
        assert "Select a valid choice" in page_of(self.save(user, formset(TemplateFactory())))
        assert not Task.objects.exists()

    def test_refuses_a_service_that_is_not_for_this_user(self, user: User) -> None:
        service = EmailServiceFactory()
        service.users.add(member(MANAGER))
        assert "Select a valid choice" in page_of(self.save(user, {"services": service.pk}))
        assert not Task.objects.exists()

    @pytest.mark.parametrize("field", ["sender", "include_tags", "contacts"])
    def test_keeps_owners_apart_also_for_whoever_sees_everything(
        self, user: User, field: str
    ) -> None:
        factory = {"sender": SenderFactory, "contacts": ContactFactory}.get(field, TagFactory)
        page = page_of(self.save(member(SUPERUSER), {"owner": user.pk, field: factory().pk}))
        assert f"Not owned by {user}" in page
        assert not Task.objects.exists()

    def test_keeps_templates_with_their_owner(self, user: User) -> None:
        fields = {"owner": user.pk, **formset(TemplateFactory(name="Foreign"))}
        page = page_of(self.save(member(SUPERUSER), fields))
        assert "“Foreign” has another owner than the campaign" in page
        assert not Task.objects.exists()

    @pytest.mark.parametrize(
        "fields",
        [
            {"name": ""},
            {"name": "\x00"},
            {"name": "x" * 201},
            {"priority": "99999999999"},
            {"audience": "everybody"},
            {"sender": "99999999999999999999999"},
            {"sender": "\x00"},
            {"contacts": "x"},
            formset("99999999999999999999999"),
            {"tasktemplate_set-TOTAL_FORMS": "x"},
            {"tasktemplate_set-TOTAL_FORMS": "99999"},
        ],
    )
    def test_explains_odd_input(self, user: User, fields: dict[str, Any]) -> None:
        response = self.save(user, fields)
        assert response.status_code == 200
        assert "errornote" in page_of(response)
        assert not Task.objects.exists()

    def test_refuses_the_same_template_twice(self, user: User) -> None:
        template = TemplateFactory(owner=user)
        page = page_of(self.save(user, formset(template, template)))
        assert "is here twice: raise its weight, or give it another subject" in page
        assert not Task.objects.exists()

    @pytest.mark.parametrize("initial", [0, -1])
    def test_explains_a_template_that_was_added_in_another_tab(
        self, user: User, initial: int
    ) -> None:
        task = TaskFactory(owner=user, template__name="Spring")
        stale = {
            "name": "Renamed",
            "audience": "all",
            "priority": "0",
            **formset(task.templates.get()),
            "tasktemplate_set-INITIAL_FORMS": initial,
        }
        response = signed_in(user).post(url("change", task.pk), stale)
        assert "“Spring” was added to the campaign since this page was opened" in page_of(response)
        assert task.templates.count() == 1

    def test_changes_a_draft(self, user: User) -> None:
        task = TaskFactory(owner=user)
        row = task.tasktemplate_set.get()
        kept = {
            "tasktemplate_set-TOTAL_FORMS": 1,
            "tasktemplate_set-INITIAL_FORMS": 1,
            "tasktemplate_set-0-id": row.pk,
            "tasktemplate_set-0-task": task.pk,
            "tasktemplate_set-0-template": row.template_id,
            "tasktemplate_set-0-weight": 1,
        }
        self.save(user, {"name": "Summer", **kept}, task)
        assert Task.objects.get().name == "Summer"

    @pytest.mark.parametrize("status", ["scheduled", "queued", "sending", "completed"])
    def test_does_not_change_what_was_launched(self, user: User, status: str) -> None:
        task = TaskFactory(owner=user, status=status, scheduled_at="2100-01-01T00:00Z")
        assert self.save(user, {"name": "Summer"}, task).status_code == 403
        assert Task.objects.get().name == task.name

    def test_of_a_launched_task_is_only_shown(self, user: User) -> None:
        task = SendingTaskFactory(owner=user)
        page = signed_in(user).get(url("change", task.pk)).content.decode()
        assert not re.search(r'name="(name|sender|tasktemplate_set-0-template)"', page)
        assert 'name="_save"' not in page

    def test_deletes_a_draft_and_nothing_else(self, user: User) -> None:
        client = signed_in(user)
        draft, sent = TaskFactory(owner=user), SendingTaskFactory(owner=user)
        client.post(url("delete", draft.pk), {"post": "yes"})
        assert client.post(url("delete", sent.pk), {"post": "yes"}).status_code == 403
        assert list(Task.objects.all()) == [sent]

    def test_has_no_action_that_deletes_many(self, user: User) -> None:
        task = TaskFactory(owner=user)
        selected = {"action": "delete_selected", "_selected_action": task.pk, "post": "yes"}
        signed_in(user).post(url("changelist"), selected)
        assert Task.objects.exists()

    def test_locks_the_row_before_it_looks_at_the_status(self, user: User) -> None:
        task = TaskFactory(owner=user)
        with CaptureQueriesContext(connection) as queries:
            self.save(user, {"name": "Summer"}, task)
        assert any("FOR NO KEY UPDATE" in query["sql"] for query in queries)


class TestTheList:
    def test_shows_a_bar_and_numbers_from_tallies(self) -> None:
        with_every_state()
        page = page_of(signed_in(member(SUPERUSER)).get(url("changelist")))
        assert "5 of 8 sent, 1 failed, 1 in doubt" in page
        assert 'role="progressbar"' in page
        assert 'title="Failed: 1"' in page

    def test_says_when_only_a_person_can_go_on(self) -> None:
        in_doubt(EmailServiceFactory())
        assert "Needs attention" in page_of(signed_in(member(VIEWER)).get(url("changelist")))

    def test_does_not_claim_to_know_the_number_of_results(self) -> None:
        TaskFactory()
        page = page_of(signed_in(member(SUPERUSER)).get(url("changelist")))
        assert "Show all" not in page
        assert re.search(r"\b25000\b", page) is None


class TestTheProgress:
    def progress(self, task: Task, role: str = SUPERUSER, query: str = "") -> Any:
        return signed_in(member(role)).get(url("progress", task.pk) + query)

    def test_shows_a_funnel_and_the_sum(self) -> None:
        page = page_of(self.progress(with_every_state()))
        assert figures_of(page) == {
            "Audience": 8, "Not sent yet": 1, "In doubt": 1,
            "Failed": 1, "Rejected by the recipient&#x27;s server": 1,
            "Sent": 5, "Bounced": 1, "Sent, no delivery reported": 1,
            "Delivered": 3, "Delivered, not opened": 1,
            "Opened": 2, "Opened, not clicked": 1, "Clicked": 1,
        }  # fmt: skip
        assert "5 of 8 sent" in page

    def test_opens_the_messages_behind_each_number(self) -> None:
        client = signed_in(member(SUPERUSER))
        page = page_of(client.get(url("progress", with_every_state().pk)))
        assert {"Audience": 8, **numbers_in_lists(client, page)} == figures_of(page)

    def test_tells_why_subtasks_failed(self) -> None:
        found = figures_of(page_of(self.progress(with_every_state())))
        assert found["Rejected by the recipient&#x27;s server"] == 1

    def test_asks_for_news_while_anything_may_change(self) -> None:
        assert "hx-get" in page_of(self.progress(SendingTaskFactory()))
        assert "hx-get" not in page_of(self.progress(SendingTaskFactory(status="completed")))

    def test_has_the_page_reloaded_when_the_status_is_another_one(self) -> None:
        task = SendingTaskFactory()
        assert "HX-Refresh" not in self.progress(task, query="?status=sending").headers
        assert self.progress(task, query="?status=queued").headers["HX-Refresh"] == "true"

    def test_tells_how_far_a_launch_is(self) -> None:
        task = SendingTaskFactory(status="queued")
        assert "Waiting for a worker" in page_of(self.progress(task))
        Launch.objects.create(task=task, audience_size=2000, walked=500, inserted=499)
        assert "500 of 2,000 contacts looked at, 499 messages made (25 %)" in page_of(
            self.progress(task)
        )

    def test_tells_how_many_were_left_out(self) -> None:
        task = SendingTaskFactory()
        Launch.objects.create(task=task, suppressed={"unsubscribed": 2, "hard_bounce": 1})
        assert figures_of(page_of(self.progress(task)))["Left out"] == 3

    def test_leads_to_what_only_a_person_can_decide(self) -> None:
        subtask = in_doubt(EmailServiceFactory())
        page = page_of(self.progress(subtask.task))
        assert "All that is left is 1 message in doubt" in page
        assert "in_doubt=yes" in page

    def test_shows_the_note_as_text(self) -> None:
        task = SendingTaskFactory(note="<b>Late</b>")
        assert "&lt;b&gt;Late&lt;/b&gt;" in page_of(self.progress(task))

    def test_of_somebody_elses_task_is_not_found(self) -> None:
        assert self.progress(SendingTaskFactory(), MANAGER).status_code == 404

    def test_needs_a_permission(self) -> None:
        assert self.progress(SendingTaskFactory(), "nobody").status_code == 404
        assert self.progress(SendingTaskFactory(), OPERATOR).status_code == 200


def test_a_task_that_is_gone_leads_back_with_a_message() -> None:
    response = signed_in(member(SUPERUSER)).get(url("change", 12345), follow=True)
    assert "doesn’t exist" in texts(response)


def test_of_a_launched_task_the_results_come_first_and_what_was_sent_is_folded() -> None:
    client = signed_in(member(MANAGER))
    user = User.objects.latest("pk")
    task = SendingTaskFactory(owner=user)
    SubTaskFactory(task=task, content=ContentFactory(task=task))
    page = page_of(client.get(url("change", task.pk)))
    folded = page.index('<details id="plan"')
    assert page.index("data-figure=") < folded < page.index("field-sender")
    assert page.count("<details") == page.count("</details>")


def test_of_a_draft_nothing_is_folded() -> None:
    user = member(MANAGER)
    page = page_of(signed_in(user).get(url("change", TaskFactory(owner=user).pk)))
    assert '<details id="plan"' not in page
