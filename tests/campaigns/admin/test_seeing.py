"""The page of a preview: its views and colours, the contacts it picks, and the variants of campaigns."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.models import Task, TaskTemplate, Template
from campaigns.preflight import previews, samples
from tests.campaigns.admin.staff import (
    MANAGER,
    NOBODY,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.campaigns.attachments.making import attach
from tests.campaigns.languages.making import in_languages
from tests.factories import ContactFactory, ContentFactory, TaskFactory, TemplateFactory

pytestmark = pytest.mark.django_db
OFFERED = address("campaigns.template", "contacts")
DARK = "<style>@media (prefers-color-scheme: dark) { p { color: white } }</style><p>Hi</p>"


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def see(user: User, row: Template | Task, **query: Any) -> Any:
    return signed_in(user).get(address(row._meta.label_lower, "preview", row.pk), query)


def message(response: Any) -> str:
    found = re.search(r'srcdoc="([^"]*)"', response.content.decode())
    return html.unescape(found[1]) if found else ""


class TestTheViews:
    def test_are_of_the_width_of_a_phone(self, user: User) -> None:
        page = see(user, TemplateFactory(owner=user), view="phone").content.decode()
        assert "edm-message-phone" in page

    @pytest.mark.parametrize(("view", "shown"), [("text", "HI THERE"), ("source", "<h1>Hi there")])
    def test_are_texts(self, user: User, view: str, shown: str) -> None:
        template = TemplateFactory(owner=user, html="<h1>Hi there</h1>", text="HI THERE")
        response = see(user, template, view=view)
        assert html.escape(shown) in response.content.decode()
        assert message(response) == ""

    def test_say_beside_the_subject_what_an_inbox_does(self, user: User) -> None:
        ContactFactory(owner=user, name="Ada")
        template = TemplateFactory(owner=user, preview_text="Sow now,\n{{ name }} & <co>")
        assert '<p dir="auto">Sow now, Ada &amp; &lt;co&gt;</p>' in page_of(see(user, template))

    @pytest.mark.parametrize("name", ["view", "scheme", "pick"])
    def test_that_there_are_not_are_the_first(self, user: User, name: str) -> None:
        response = see(user, TemplateFactory(owner=user), **{name: "\x00x"})
        assert "Hello Ada Lovelace" in message(response)

    def test_in_the_dark_go_by_the_messages_own_styles(self, user: User) -> None:
        response = see(user, TemplateFactory(owner=user, html=DARK), scheme="on")
        assert "prefers-color-scheme" not in message(response)
        assert "such as Apple Mail" in page_of(response)

    def test_with_colours_turned_around_are_called_an_approximation(self, user: User) -> None:
        response = see(user, TemplateFactory(owner=user, html=DARK), scheme="inverted")
        assert "filter:invert(1)" in message(response)
        assert "Each does it in a way of its own" in page_of(response)


class TestTheContact:
    def test_is_found_by_words_that_it_alone_has(self, user: User) -> None:
        ContactFactory(owner=user, name="Ada", email="ada@example.com")
        ContactFactory(owner=user, name="Bob Stone", email="bob@example.com")
        assert "Hello Bob Stone" in message(see(user, TemplateFactory(owner=user), contact="stone"))

    def test_is_asked_for_again_when_several_have_the_words(self, user: User) -> None:
        ContactFactory(owner=user, name="Ada", email="ada@example.com")
        ContactFactory(owner=user, name="Bob", email="bob@example.com")
        page = page_of(see(user, TemplateFactory(owner=user), contact="example"))
        assert "Which of these? bob@example.com, ada@example.com" in page

    def test_is_not_searched_for_among_those_of_others(self, user: User) -> None:
        ContactFactory(name="Stone")
        page = page_of(see(user, TemplateFactory(owner=user), contact="stone"))
        assert "You have no contact with “stone”" in page

    def test_is_the_next_one(self, user: User) -> None:
        ContactFactory(owner=user, name="Ada", email="ada@example.com")
        ContactFactory(owner=user, name="Bob", email="bob@example.com")
        response = see(user, TemplateFactory(owner=user), contact="ada@example.com", pick="next")
        assert "Hello Bob" in message(response)
        assert 'value="bob@example.com"' in page_of(response)

    def test_is_one_for_whom_something_is_missing_which_is_marked(self, user: User) -> None:
        ContactFactory(owner=user, attributes={"city": "Rome"})
        ContactFactory(owner=user, email="bob@example.com")
        template = TemplateFactory(owner=user, html="<p>{{ city }}</p>")
        response = see(user, template, pick="gap")
        assert ">no city</mark>" in message(response)
        assert "Empty for" in page_of(response)

    def test_of_unsaved_text_is_picked_without_saving_it(self, user: User) -> None:
        ContactFactory(owner=user, name="Ada", email="ada@example.com")
        ContactFactory(owner=user, name="Bob")
        text = {"name": "Spring", "subject": "Hi", "html": "<p>Hi {{ name }}</p>"}
        form = {**text, "_preview": "next", "contact": "ada@example.com", "sender": ""}
        response = signed_in(user).post(address("campaigns.template", "add"), form)
        assert "Hi Bob" in message(response)
        assert not Template.objects.exists()


def test_a_default_that_stands_for_a_variable_is_said_and_not_marked(user: User) -> None:
    template = TemplateFactory(owner=user, html='<p>{{ city | default: "town" }} {{ zip }}</p>')
    contact = ContactFactory(owner=user)
    made = previews.preview(template, contact, samples.usual_sender(template))
    assert (made.missing, made.fall_back) == (["zip"], ["city"])
    assert "<p>town <mark" in made.marked


class TestOfACampaign:
    def test_shows_each_variant_as_the_campaign_says(self, user: User) -> None:
        task = TaskFactory(owner=user, template=TemplateFactory(owner=user, subject="First"))
        second = TaskTemplate.objects.create(
            task=task, template=TemplateFactory(owner=user, html="<p>B</p>"), subject="Second"
        )
        first_page, second_page = see(user, task), see(user, task, variant=second.pk)
        assert first_page.context["preview"].rendered.subject == "First"
        assert second_page.context["preview"].rendered.subject == "Second"
        assert "<p>B</p>" in message(second_page)
        assert f"/test-mail/?variant={second.pk}" in page_of(second_page)

    def test_shows_what_was_frozen_once_it_was_launched(self, user: User) -> None:
        task = TaskFactory(owner=user)
        ContentFactory(task=task, html="<p>Frozen for {{ name }}</p>")
        response = see(user, task)
        assert "Frozen for Ada Lovelace" in message(response)
        assert "/test-mail/" not in page_of(response)

    def test_says_a_subject_in_words(self, user: User) -> None:
        task = TaskFactory(owner=user)
        ContentFactory(task=task, subject="{{ first_name }}, it is spring")
        assert "subject “[first name], it is spring”" in page_of(see(user, task))

    def test_says_which_language_the_contact_gets_and_what_is_attached(self, user: User) -> None:
        task = in_languages("en", "de", status="draft", owner=user)
        attach(task)
        contact = ContactFactory(owner=user, name="Mia", attributes={"language": "de-AT"})
        page = page_of(see(user, task, contact=contact.email))
        assert "with the language German (Austria) (de-AT), gets German (de)." in page
        assert "Attachments: programme.pdf (18" in page

    def test_without_a_template_says_so(self, user: User) -> None:
        task = TaskFactory(owner=user)
        task.tasktemplate_set.all().delete()
        response = signed_in(user).get(address("campaigns.task", "preview", task.pk), follow=True)
        assert "No template is chosen yet" in texts(response)

    def test_is_for_those_who_may_see_it(self, user: User) -> None:
        task = TaskFactory()
        assert see(user, task).status_code == 404
        assert see(member(NOBODY), task).status_code == 403
        assert see(member(VIEWER), task).status_code == 200


class TestTheContactsThatAreOffered:
    @pytest.fixture(autouse=True)
    def contacts(self, user: User) -> None:
        for name in ("Ada", "Adam", "Bob"):
            ContactFactory(owner=user, name=name, email=f"{name.lower()}@example.com")
        ContactFactory(name="Ada of another owner")

    def offered(self, user: User, **query: str) -> list[str]:
        response = signed_in(user).get(OFFERED, {"in": "contact", **query})
        assert response.status_code == 200
        return re.findall(r'value="([^"]*)"', response.content.decode())

    def test_are_those_with_the_words_the_newest_first(self, user: User) -> None:
        assert self.offered(user, contact="ada") == ["adam@example.com", "ada@example.com"]

    @pytest.mark.parametrize("words", ["", "a", "\x00ada", "x" * 300])
    def test_are_none_for_too_little_or_nonsense(self, user: User, words: str) -> None:
        assert self.offered(user, contact=words) == []

    @pytest.mark.parametrize("owner", ["0", "9" * 40, "²", "ada"])
    def test_are_never_another_owners(self, user: User, owner: str) -> None:
        assert "of another" not in " ".join(self.offered(user, contact="ada", owner=owner))

    def test_are_for_users_who_see_contacts(self, user: User) -> None:
        assert signed_in(member(NOBODY)).get(OFFERED).status_code == 403

    def test_are_asked_for_where_a_preview_asks_for_one(self, user: User) -> None:
        template = TemplateFactory(owner=user)
        page = see(user, template).content.decode()
        assert 'list="id_contact_found"' in page
        assert f"{OFFERED}?in=contact&amp;owner={user.pk}" in page
