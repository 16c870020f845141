"""The page of one message: how it looks, and what to decide when it is in doubt."""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from addressing.message_ids import subtask_id_in
from campaigns.models import SubTask
from dispatch.admin.subtasks.doubt import WHERE
from dispatch.models import Attempt
from dispatch.providers import PROVIDERS
from tests.campaigns.admin.staff import (
    MANAGER,
    SUPERUSER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
)
from tests.factories import ContentFactory, EmailServiceFactory, SubTaskFactory, in_doubt
from tests.tracking.making import from_launch, frozen, tell
from tracking.event_kinds import EventKind
from tracking.models import Event

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    return signed_in(member(VIEWER))


def url(page: str, subtask: SubTask) -> str:
    return address("campaigns.subtask", page, subtask.pk)


class TestTheMessage:
    def seen(self, client: Client, subtask: SubTask, view: str = "") -> str:
        return html.unescape(page_of(client.get(url("message", subtask) + f"?view={view}")))

    def message(self, **values: Any) -> SubTask:
        content = ContentFactory(
            html="<p>Dear {{ name }}</p>", text="Dear {{ name }}, in short",
            sender_name="Garden News", sender_local_part="news", reply_to="us@example.com",
        )  # fmt: skip
        service = EmailServiceFactory(domain="mail.example.com")
        return SubTaskFactory(
            content=content, task=content.task, status="sent", service=service, **values
        )

    def test_is_shown_with_what_it_said_to_this_recipient(self, client: Client) -> None:
        seen = self.seen(client, self.message(variables={"name": "Åsa"}))
        assert "<p>Dear Åsa</p>" in seen
        assert "From Garden News <news@mail.example.com>, replies to us@example.com" in seen
        assert "Hello Åsa" in seen

    def test_says_its_subject_in_words_before_it_is_opened(self, client: Client) -> None:
        content = ContentFactory(subject="{{ first_name }}, it is spring")
        subtask = SubTaskFactory(content=content, task=content.task)
        assert "[first name], it is spring" in page_of(client.get(url("change", subtask)))

    @pytest.mark.parametrize(
        ("view", "shown"), [("text", "Dear Ada, in short"), ("source", "<p>Dear Ada</p>")]
    )
    def test_is_shown_as_text_and_source(self, client: Client, view: str, shown: str) -> None:
        seen = self.seen(client, self.message(), view)
        assert shown in seen
        assert "<iframe" not in seen

    @pytest.mark.parametrize("view", ["", "desktop", "phone", "nonsense", "%00"])
    def test_is_framed_without_any_right(self, client: Client, view: str) -> None:
        assert 'sandbox="" referrerpolicy="no-referrer"' in self.seen(client, self.message(), view)

    def test_shows_markup_of_a_recipient_as_text(self, client: Client) -> None:
        page = page_of(client.get(url("message", self.message(variables={"name": "<script>"}))))
        assert "<script>&" not in page
        assert "&amp;lt;script&amp;gt;" in page

    def test_links_of_it_record_nothing(self, client: Client) -> None:
        content = frozen('<a href="https://a.example/">a</a>')
        subtask = from_launch(content)
        shown = self.seen(client, subtask, "source")
        links = [part.split('"')[0] for part in shown.split('href="') if "/c/" in part[:60]]
        assert links
        for link in links:
            Client().get("/" + link.split("/", 3)[3])
        assert not Event.objects.exists()

    def test_says_why_it_cannot_be_shown(self, client: Client) -> None:
        content = ContentFactory(html="<p>{{ name | plus: now }}{% include 'x' %}</p>")
        seen = self.seen(client, SubTaskFactory(content=content, task=content.task))
        assert "It cannot be shown." in seen

    def test_of_another_owner_is_not_found(self) -> None:
        subtask = self.message()
        assert signed_in(member(MANAGER)).get(url("message", subtask)).status_code == 404

    def test_is_one_click_from_its_page(self, client: Client) -> None:
        subtask = self.message()
        assert f'href="{url("message", subtask)}"' in page_of(client.get(url("change", subtask)))

    def test_is_reserved_until_it_is_handed_over(self, client: Client) -> None:
        service = EmailServiceFactory(name="Post")
        subtask = SubTaskFactory(status="sent", allocated_at=Now(), service=service)
        assert "Reserved for a service" in page_of(client.get(url("change", subtask)))
        Attempt.objects.create(
            subtask=subtask, service=service, dispatcher_id=1, claim_token=uuid.uuid4(),
            slot_at=Now(), started_at=Now(), outcome="accepted",
        )  # fmt: skip
        assert "Reserved for a service" not in page_of(client.get(url("change", subtask)))

    def test_what_came_back_is_told_once(self, client: Client) -> None:
        subtask = self.message()
        tell(EventKind.DELIVERED, subtask)
        page = html.unescape(page_of(client.get(url("change", subtask))))
        happened, came_back = page.split("What happened</h2>")[1].split("What came back</h2>")
        assert ("Delivered" in happened, "Delivered" in came_back) == (False, True)

    def test_an_outcome_without_its_event_is_told(self, client: Client) -> None:
        subtask = self.message(delivered_at=timezone.now())
        page = page_of(client.get(url("change", subtask)))
        assert "Delivered" in page.split("What happened</h2>")[1]

    def test_its_page_has_the_message_id(self, client: Client) -> None:
        subtask = self.message()
        page = html.unescape(page_of(client.get(url("change", subtask))))
        found = re.search(r"<[0-9a-f.]+@mail\.example\.com>", page)
        assert found and subtask_id_in(found[0]) == subtask.pk


class TestInDoubt:
    def page(self, subtask: SubTask) -> str:
        return html.unescape(page_of(signed_in(member(SUPERUSER)).get(url("change", subtask))))

    def doubtful(self, provider: str = "smtp", **values: Any) -> SubTask:
        return in_doubt(EmailServiceFactory(name="North", provider=provider), **values)

    def test_says_what_is_known_and_what_follows(self) -> None:
        page = self.page(self.doubtful())
        assert "It was handed over to “North” at" in page
        assert "The provider has told nothing about it so far." in page
        assert "Who has the message already gets it twice." in page
        assert "Message-ID: <code" in page

    def test_says_what_was_noted(self) -> None:
        assert "What was noted then: line <b> lost" in self.page(
            self.doubtful(error="line <b> lost")
        )

    def test_is_over_when_the_provider_has_spoken(self) -> None:
        subtask = self.doubtful()
        tell(EventKind.DEFERRED, subtask)
        assert "In doubt: you decide" not in self.page(subtask)

    def test_of_a_provider_that_recognises_repeats_says_until_when(self) -> None:
        subtask = self.doubtful("resend")
        assert "it is asked again by itself until" in self.page(subtask)
        SubTask.objects.update(sending_at=timezone.now() - dt.timedelta(days=2))
        assert "It is not asked again by itself" in self.page(subtask)

    def test_of_a_cancelled_campaign_cannot_be_sent_again(self) -> None:
        page = self.page(self.doubtful(task__status="cancelled"))
        assert "The campaign is cancelled: it counts as failed" in page

    @pytest.mark.parametrize("provider", [provider.name for provider in PROVIDERS])
    def test_at_every_provider_one_can_find_out(self, provider: str) -> None:
        assert str(WHERE[provider]) in self.page(self.doubtful(provider))

    def test_nothing_else_is_to_be_decided(self) -> None:
        assert "In doubt: you decide" not in self.page(SubTaskFactory())
