"""Exporting and erasing an address: in the admin, and on the command line."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from campaigns import erased_keys
from campaigns.models import Contact, SubTaskStatus, Suppression
from privacy import export
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    NOBODY,
    OPERATOR,
    VIEWER,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SubTaskFactory,
    TagFactory,
    UserFactory,
    held,
    living_dispatcher,
)
from tests.tracking.making import sent, tell
from tracking.event_kinds import EventKind

pytestmark = pytest.mark.django_db
ADA = "ada@example.com"
URL = reverse("privacy")


def post(user: User, do: str, address: str = ADA, **more: str) -> Any:
    return signed_in(user).post(URL, {"address": address, "do": do, **more}, follow=True)


@pytest.fixture
def operator() -> User:
    return member(OPERATOR)


class TestAnExport:
    def test_tells_about_contacts_of_every_owner_with_tags_and_consent(self) -> None:
        contact = ContactFactory(email=ADA, name="Ada", tracking_consent=True)
        contact.tags.add(TagFactory(owner=contact.owner, name="VIP"))
        ContactFactory(email=ADA)
        first, second = export.collect(ADA)["contacts"]
        assert (first["name"], first["tags"], first["tracking_consent"]) == ("Ada", ["VIP"], True)
        assert second["owner"] != first["owner"]

    def test_tells_what_was_sent_and_what_came_back(self) -> None:
        subtask = sent(recipient_email=ADA)
        tell(EventKind.DELIVERED, subtask, recipient=ADA)
        (message,) = export.collect(ADA)["messages"]
        assert message["task"] == subtask.task.name
        assert message["variables"] == {"name": "Ada", "email": ADA}
        assert [event["kind"] for event in message["events"]] == ["delivered"]

    def test_tells_about_events_that_belong_to_no_message(self) -> None:
        tell(EventKind.HARD_BOUNCED, recipient=ADA)
        collected = export.collect(ADA)
        assert [event["kind"] for event in collected["other_events"]] == ["hard_bounced"]

    def test_tells_every_reason_for_which_it_is_not_mailed(self) -> None:
        for email in (ADA, "@example.com", erased_keys.key_of(ADA)):
            Suppression.objects.create(email=email)
        assert len(export.collect(ADA)["suppressions"]) == 3

    def test_tells_nothing_about_others(self) -> None:
        ContactFactory(email="bob@example.com")
        SubTaskFactory(recipient_email="bob@example.com")
        collected = export.collect(ADA)
        assert (collected["contacts"], collected["messages"]) == ([], [])

    def test_is_downloaded_and_logged_without_the_address(
        self, operator: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        ContactFactory(email=ADA)
        response = post(operator, "export", " Ada@Example.com ")
        assert "attachment" in response["Content-Disposition"]
        assert json.loads(response.content)["contacts"][0]["email"] == ADA
        entry = LogEntry.objects.get()
        assert entry.object_repr == f"Address {erased_keys.key_of(ADA)[: erased_keys.SHOWN]}"
        assert entry.get_change_message() == "Everything about it was exported."
        assert ADA not in caplog.text


class TestErasing:
    def test_says_first_what_it_will_do(self, operator: User) -> None:
        ContactFactory(email=ADA)
        SubTaskFactory(recipient_email=ADA)
        page = page_of(post(operator, "erase"))
        assert "This cannot be undone" in page
        assert "1, 1 of them not sent yet" in page
        assert Contact.objects.exists()

    def test_says_that_a_staff_account_is_not_touched(self, operator: User) -> None:
        UserFactory(email=ADA)
        assert "1 account with this address" in page_of(post(operator, "erase"))

    def test_is_done_when_confirmed_and_logged_without_the_address(
        self, operator: User, caplog: pytest.LogCaptureFixture
    ) -> None:
        ContactFactory(email=ADA)
        response = post(operator, "erase", **CONFIRM)
        assert "1 contact deleted" in texts(response)
        assert not Contact.objects.exists()
        entry = LogEntry.objects.get()
        assert (entry.user, ADA in entry.object_repr + entry.change_message) == (operator, False)
        assert ADA not in caplog.text

    def test_says_why_when_it_cannot_be_done_now(self, operator: User) -> None:
        dispatcher, service = living_dispatcher(), EmailServiceFactory()
        held(SubTaskStatus.SENDING, dispatcher, service, recipient_email=ADA, sending_at=Now())
        page = page_of(post(operator, "erase", **CONFIRM))
        assert "is being handed over at this moment" in page


@pytest.mark.parametrize("role", [MANAGER, VIEWER, NOBODY])
@pytest.mark.parametrize("do", ["export", "erase"])
def test_only_operators_may(role: str, do: str) -> None:
    ContactFactory(email=ADA)
    user = member(role)
    assert signed_in(user).get(URL).status_code == 403
    assert post(user, do, **CONFIRM).status_code == 403
    assert Contact.objects.exists()


def test_nobody_gets_in_without_an_account(client: Client) -> None:
    assert client.post(URL, {"address": ADA, "do": "export"}).status_code == 302


@pytest.mark.parametrize("address", ["", "nobody", "a\x00@example.com", "x" * 500])
def test_what_is_no_address_is_explained(operator: User, address: str) -> None:
    response = post(operator, "erase", address, **CONFIRM)
    assert response.status_code == 200
    assert response.context["form"].errors["address"]


def test_nothing_in_particular_is_refused(operator: User) -> None:
    assert post(operator, "dance").status_code == 403


@pytest.mark.parametrize("fields", [{}, {"address": ADA, "do": "erase"}])
def test_the_pages_are_not_headed_as_the_suppression_list(
    operator: User, fields: dict[str, str]
) -> None:
    assert signed_in(operator).post(URL, fields).context["opts"] is None


def test_operators_find_the_page_in_the_menu(operator: User) -> None:
    assert f'href="{URL}"' in page_of(signed_in(operator).get(reverse("admin:index")))
    assert "Export or erase" in page_of(signed_in(operator).get(URL))


class TestTheCommands:
    def run(self, *arguments: str) -> str:
        out = StringIO()
        call_command(*arguments, stdout=out)
        return out.getvalue()

    def test_export_prints_json(self) -> None:
        ContactFactory(email=ADA)
        assert json.loads(self.run("export_address", "ADA@example.com"))["address"] == ADA

    def test_export_writes_a_file(self, tmp_path: Path) -> None:
        path = tmp_path / "ada.json"
        self.run("export_address", ADA, "--output", str(path))
        assert json.loads(path.read_text())["address"] == ADA

    def test_export_explains_a_file_that_cannot_be_written(self) -> None:
        with pytest.raises(CommandError, match="cannot be written"):
            self.run("export_address", ADA, "--output", "/nowhere/ada.json")

    def test_erase_says_what_it_would_do(self) -> None:
        ContactFactory(email=ADA)
        assert "Contacts to delete: 1" in self.run("erase_address", ADA)
        assert Contact.objects.exists()

    def test_erase_does_it_when_told_so(self) -> None:
        ContactFactory(email=ADA)
        assert "1 contact deleted" in self.run("erase_address", ADA, "--yes")
        assert not Contact.objects.exists()

    def test_erase_says_when_to_try_again(self) -> None:
        dispatcher, service = living_dispatcher(), EmailServiceFactory()
        held(SubTaskStatus.SENDING, dispatcher, service, recipient_email=ADA, sending_at=Now())
        with pytest.raises(CommandError, match="erase it again in a minute"):
            self.run("erase_address", ADA, "--yes")

    @pytest.mark.parametrize("command", ["export_address", "erase_address"])
    def test_what_is_no_address_is_explained(self, command: str) -> None:
        with pytest.raises(CommandError):
            self.run(command, "nobody")
