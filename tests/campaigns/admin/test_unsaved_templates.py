"""The preview of text that is not saved yet: nothing is saved by it, and nothing is lost."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from campaigns.models import Template
from tests.campaigns.admin.staff import (
    MANAGER,
    NOBODY,
    SUPERUSER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
)
from tests.factories import ContactFactory, SenderFactory, TemplateFactory
from tests.responses import ClientResponse

pytestmark = pytest.mark.django_db

TEXT = {
    "name": "Spring",
    "subject": "Hi {{ name }}",
    "format": "html",
    "mjml": "",
    "html": "<p>Sow, {{ name }}!</p>",
}
ADD = address("campaigns.template", "add")
UNSAVED = "This text is not saved yet."


class Inputs(HTMLParser):
    """What the forms of a page post beside what is written into their visible fields; without those
    of the user menu."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}
        self.is_menu = False
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self.is_menu = found.get("action") == reverse("own_language")
        if tag == "input" and found.get("type") == "hidden" and not self.is_menu:
            self.hidden[found.get("name") or ""] = found.get("value") or ""


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def change(template: Template) -> str:
    return address("campaigns.template", "change", template.pk)


def preview(user: User, url: str = ADD, **fields: str) -> Any:
    return signed_in(user).post(url, {**TEXT, **fields, "_preview": ""})


def message(response: ClientResponse) -> str:
    found = re.search(r'srcdoc="([^"]*)"', response.content.decode())
    assert found is not None
    return html.unescape(found[1])


def carried(response: ClientResponse) -> dict[str, str]:
    hidden = Inputs(response.content.decode()).hidden
    return {name: value for name, value in hidden.items() if name != "csrfmiddlewaretoken"}


class TestThePreview:
    def test_of_a_new_template_saves_nothing(self, user: User) -> None:
        ContactFactory(owner=user, name="Ada")
        response = preview(user)
        assert "Sow, Ada!" in message(response)
        assert UNSAVED in page_of(response)
        assert not Template.objects.exists()
        assert not LogEntry.objects.exists()

    def test_of_a_changed_template_leaves_the_saved_one(self, user: User) -> None:
        template = TemplateFactory(owner=user, name="Old", html="<p>old</p>")
        response = preview(user, change(template))
        assert "Sow, Ada Lovelace!" in message(response)
        assert UNSAVED in page_of(response)
        template.refresh_from_db()
        assert (template.name, template.html) == ("Old", "<p>old</p>")

    def test_of_text_without_a_change_is_that_of_the_saved_one(self, user: User) -> None:
        template = TemplateFactory(owner=user, **TEXT)
        response = preview(user, change(template))
        assert response.url == address("campaigns.template", "preview", template.pk)

    def test_is_the_message_with_its_sender_and_footer(self, user: User) -> None:
        SenderFactory(owner=user, postal_address="1 High St")
        other = SenderFactory(owner=user, postal_address="Elsewhere")
        assert "1 High St" in message(preview(user))
        assert "Elsewhere" in message(preview(user, contact="", sender=str(other.pk)))

    def test_shows_the_contact_that_is_asked_for(self, user: User) -> None:
        ContactFactory(owner=user, name="Ada")
        ContactFactory(owner=user, name="Bob", email="bob@example.com")
        assert "Sow, Bob!" in message(preview(user, contact="Bob@example.com"))

    def test_does_not_know_the_contacts_of_others(self, user: User) -> None:
        ContactFactory(email="bob@example.com")
        response = preview(user, contact="bob@example.com")
        assert "You have no contact with this address." in page_of(response)
        assert carried(response)["html"] == TEXT["html"]

    def test_is_for_a_contact_of_the_owner_that_is_chosen(self, user: User) -> None:
        ContactFactory(owner=user, name="Ada")
        response = preview(member(SUPERUSER), owner=str(user.pk))
        assert "Sow, Ada!" in message(response)
        assert carried(response)["owner"] == str(user.pk)

    def test_may_load_what_the_message_loads_and_runs_nothing(self, user: User) -> None:
        response = preview(user, html='"><script>alert(1)</script>')
        policy = response["Content-Security-Policy"]
        assert "img-src 'self' data: https: http:" in policy
        assert "script-src 'self' 'unsafe-eval'" in policy
        assert 'sandbox=""' in response.content.decode()
        assert "<script>alert(1)" not in response.content.decode()

    def test_leads_to_a_test_of_the_text(self, user: User) -> None:
        template = TemplateFactory(owner=user)
        response = preview(user, change(template))
        test = address("dispatch.emailservice", "test_mail")
        assert f'formaction="{test}"' in page_of(response)
        assert carried(response)["template"] == str(template.pk)


class TestTheTextOnThePage:
    """Is carried along, so that another contact is chosen, and it is saved, without the form."""

    def test_is_what_was_typed_to_the_letter(self, user: User) -> None:
        typed = {**TEXT, "html": "<p title=\"a\">\r\n {{ name }} & 'b' &amp;</p>\r\n", "text": "é"}
        others = {"preview_text": "", "folder": "", "default_sender": ""}
        assert carried(preview(user, **typed)) == {**typed, **others}

    def test_is_saved_from_there(self, user: User) -> None:
        text = carried(preview(user))
        signed_in(user).post(ADD, {**text, "contact": "", "sender": "", "_continue": ""})
        assert Template.objects.get().html == TEXT["html"]

    def test_goes_back_into_the_form_unsaved(self, user: User) -> None:
        response = signed_in(user).post(ADD, {**carried(preview(user)), "_edit": ""})
        assert response.context["adminform"].form["html"].value() == TEXT["html"]
        assert UNSAVED in page_of(response)
        assert not Template.objects.exists()

    def test_stays_in_its_pop_up(self, user: User) -> None:
        assert carried(preview(user, _popup="1"))["_popup"] == "1"


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"subject": "{{ name"}, "Subject, line 1"),
        ({"html": "<p>\n{{ name | nonsense }}"}, "HTML, line 2"),
        ({"html": ""}, "This field is required."),
        ({"html": "x" * 1_000_001}, "HTML: longer than 1,000,000 characters"),
        ({"html": "\x00"}, "Null characters are not allowed"),
        ({"name": "n" * 201}, "at most 200 characters"),
        ({"subject": "a\nb"}, "Enter one line of text"),
    ],
)
def test_a_mistake_is_named_in_the_form_which_keeps_the_text(
    user: User, fields: dict[str, str], problem: str
) -> None:
    response = preview(user, **{"text": "what I wrote", **fields})
    assert problem in page_of(response)
    assert response.context["adminform"].form["text"].value() == "what I wrote"
    assert not Template.objects.exists()


@pytest.mark.parametrize("button", ["_preview", "_edit"])
@pytest.mark.parametrize("also", ["_save", "_continue", "_addanother", "_saveasnew"])
def test_a_post_with_two_buttons_saves_nothing(user: User, button: str, also: str) -> None:
    signed_in(user).post(ADD, {**TEXT, button: "", also: ""})
    assert not Template.objects.exists()


@pytest.mark.parametrize("contact", ["nobody", "\x00", "a" * 300, "<script>"])
@pytest.mark.parametrize("sender", ["", "x", "9" * 30, "\x00", "²"])
def test_odd_contacts_and_senders_are_explained(user: User, contact: str, sender: str) -> None:
    response = preview(user, contact=contact, sender=sender)
    assert response.status_code == 200
    assert response.context["form"].errors


@pytest.mark.parametrize("button", ["_preview", "_edit"])
def test_a_post_of_nothing_else_is_explained(user: User, button: str) -> None:
    for url in (ADD, change(TemplateFactory(owner=user))):
        response = signed_in(user).post(url, {button: ""})
        assert "This field is required." in page_of(response)


class TestWhoMay:
    @pytest.mark.parametrize("button", ["_preview", "_edit"])
    def test_a_foreign_template_is_not_found(self, user: User, button: str) -> None:
        url = change(TemplateFactory())
        assert signed_in(user).post(url, {**TEXT, button: ""}).status_code == 404

    def test_who_may_only_look_is_refused(self) -> None:
        template = TemplateFactory()
        assert preview(member(VIEWER), change(template)).status_code == 403
        assert preview(member(VIEWER)).status_code == 403
        assert preview(member(NOBODY)).status_code == 403

    def test_the_button_is_there_for_those_who_may_save(self, user: User) -> None:
        template = TemplateFactory(owner=user)
        for url in (ADD, change(template)):
            assert 'name="_preview"' in page_of(signed_in(user).get(url))
        assert 'name="_preview"' not in page_of(signed_in(member(VIEWER)).get(change(template)))

    def test_another_site_is_refused(self, user: User) -> None:
        client = Client(enforce_csrf_checks=True)
        client.force_login(user)
        assert client.post(ADD, {**TEXT, "_preview": ""}).status_code == 403
