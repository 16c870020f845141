"""What stands beside a step: counted and shown as the form says it, before it is saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from campaigns.models import Contact, Suppression, Task
from tests.campaigns.admin.staff import address, page_of
from tests.campaigns.admin.steps.way import BEGIN, Way, row, step
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SenderFactory,
    TagFactory,
    TaskFactory,
    TemplateFactory,
)

pytestmark = pytest.mark.django_db
SHOW = {"_show": "yes"}
ALL = {"name": "Spring", "audience": "all"}


@pytest.fixture
def people(user: User) -> list[Contact]:
    """Three, one of whom is left out."""
    made = [ContactFactory(owner=user, email=f"{name}@example.com") for name in ("a", "b", "c")]
    Suppression.objects.create(email="b@example.com", reason="unsubscribed")
    return made


def beside(way: Way, url: str, fields: dict[str, Any]) -> Any:
    return way.client.post(url, {**fields, **SHOW}).context["beside"]


@pytest.mark.usefixtures("people")
class TestTheCount:
    def test_is_there_before_the_campaign_is(self, way: Way) -> None:
        shown = beside(way, BEGIN, {"audience": "all"})
        assert (shown.counts.candidates, shown.counts.sent) == (3, 2)
        assert [(each.label, each.number) for each in shown.left_out] == [
            ("The address is suppressed", 1)
        ]
        assert not Task.objects.exists()

    def test_is_that_of_what_is_chosen_now(self, way: Way, user: User) -> None:
        task, tag = TaskFactory(owner=user), TagFactory(owner=user)
        Contact.objects.get(email="a@example.com").tags.add(tag)
        fields = {"name": "Spring", "audience": "tags", "include_tags": tag.pk}
        assert beside(way, step("audience", task), fields).counts.sent == 1
        assert Task.objects.get().audience == "all"
        assert not Task.objects.get().include_tags.exists()

    def test_says_what_it_needs(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        fields = {"name": "Spring", "audience": "tags"}
        assert beside(way, step("audience", task), fields).problems == [
            "Choose a tag, or another audience. A segment will do, too."
        ]

    def test_leads_to_the_people_once_it_is_saved(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user, name="Spring")
        shown = beside(way, step("audience", task), ALL)
        assert shown.lists
        assert "b@example.com" in page_of(way.client.get(shown.left_out[0].url))
        found = page_of(way.client.get(shown.sent_url))
        assert "a@example.com" in found
        assert "b@example.com" not in found

    def test_has_no_lists_of_what_is_not_saved(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user, name="Spring")
        assert not beside(way, step("audience", task), {**ALL, "needs_consent": "on"}).lists

    def test_comes_with_the_end_that_is_foretold(self, way: Way, user: User) -> None:
        EmailServiceFactory()
        task = TaskFactory(owner=user)
        shown = beside(way, step("delivery", task), {})
        assert [name for name, _ in shown.foretold] == ["If launched now"]

    def test_lists_nobody_of_a_campaign_that_was_launched(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user, status="sending")
        url = address("campaigns.task", "recipients", task.pk)
        assert way.client.get(f"{url}?now=suppressed").status_code == 404


class TestThePreview:
    def test_is_of_what_is_written_now(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        chosen = TemplateFactory(owner=user, html="<p>It is time to sow</p>")
        fields = row(chosen, subject="Sow now")
        shown = beside(way, step("content", task), fields)
        assert shown["preview"].rendered.subject == "Sow now"
        assert "It is time to sow" in shown["message"]
        assert task.tasktemplate_set.get().template != chosen

    def test_has_the_sender_that_is_chosen_now(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        sender = SenderFactory(owner=user, display_name="Garden News")
        fields = {"sender": sender.pk, **row(TemplateFactory(owner=user))}
        assert "Garden News" in beside(way, step("content", task), fields)["preview"].sender

    def test_is_as_the_contact_that_is_asked_for(self, way: Way, user: User) -> None:
        ContactFactory(owner=user, email="cy@example.com", name="Cy")
        task = TaskFactory(owner=user)
        fields = {**row(TemplateFactory(owner=user)), "contact": "cy@example.com"}
        shown = beside(way, step("content", task), fields)
        assert shown["preview"].rendered.subject == "Hello Cy"

    def test_comes_with_the_page_of_a_saved_one(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        assert way.see("content", task).context["beside"]["preview"].rendered

    def test_is_not_there_without_a_template(self, way: Way, user: User) -> None:
        task = Task.objects.create(owner=user, name="Spring")
        assert "here you see what your recipients will see" in page_of(way.see("content", task))


@pytest.mark.parametrize("key", ["audience", "content", "delivery", "check", "launch"])
def test_a_step_takes_no_more_queries_for_many_rows(user: User, key: str) -> None:
    way = Way(user)
    EmailServiceFactory()
    task = TaskFactory(owner=user, name="Spring")

    def queries() -> int:
        way.see(key, task)
        with CaptureQueriesContext(connection) as captured:
            assert way.see(key, task).status_code == 200
        return len(captured)

    ContactFactory(owner=user)
    few = queries()
    ContactFactory.create_batch(20, owner=user)
    TagFactory.create_batch(20, owner=user)
    TaskFactory.create_batch(5, owner=user)
    TemplateFactory.create_batch(20, owner=user)
    assert queries() <= few
    assert few <= {"audience": 40, "content": 60, "delivery": 40}.get(key, 120)


def test_the_page_of_a_draft_counts_as_the_first_step_does(way: Way, user: User) -> None:
    task = TaskFactory(owner=user)
    page = page_of(way.client.get(address("campaigns.task", "change", task.pk)))
    assert f'hx-post="{step("audience", task)}"' in page


def test_the_page_of_a_campaign_that_is_under_way_counts_nothing(way: Way, user: User) -> None:
    task = TaskFactory(owner=user, status="sending")
    page = page_of(way.client.get(address("campaigns.task", "change", task.pk)))
    assert step("audience", task) not in page


def test_is_counted_from_all_that_the_page_of_a_draft_has(
    way: Way, user: User, people: list[Contact]
) -> None:
    """Fields of other steps, that are posted along, are left alone."""
    task = TaskFactory(owner=user)
    posted = {**ALL, **SHOW, "priority": "3", "track_opens": "on", "variants-TOTAL_FORMS": "0"}
    shown = page_of(way.client.post(step("audience", task), posted))
    assert 'data-figure="Will be sent"' in shown
