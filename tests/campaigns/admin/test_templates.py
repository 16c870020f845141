"""Templates: checked when saved, previewed with a real contact. Sending a test is tested with the
services.
"""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.models import Template
from tests.campaigns.admin.staff import (
    MANAGER,
    NOBODY,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import ContactFactory, SenderFactory, TaskFactory, TemplateFactory
from tests.responses import ClientResponse

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER)


class TestTheList:
    def listed(self, user: User) -> str:
        return page_of(signed_in(user).get(address("campaigns.template", "changelist")))

    def test_says_a_subject_in_words(self, user: User) -> None:
        TemplateFactory(owner=user, subject="{{ first_name | default: 'friend' }}, it is spring")
        shown = self.listed(user)
        assert "[first name], it is spring" in shown
        assert "default:" not in shown

    def test_says_in_how_many_campaigns_a_template_is(self, user: User) -> None:
        template = TemplateFactory(owner=user)
        for _ in range(2):
            TaskFactory(owner=user, template=template)
        assert re.search(r"field-campaigns[^>]*>\s*2\s*<", self.listed(user))

    def test_leads_to_what_it_looks_like(self, user: User) -> None:
        template = TemplateFactory(owner=user, name="Spring")
        url = address("campaigns.template", "preview", template.pk)
        assert f'href="{url}" aria-label="Preview of Spring"' in self.listed(user)

    def test_has_folders_when_there_are_some(self, user: User) -> None:
        TemplateFactory(owner=user)
        assert "field-folder" not in self.listed(user)
        TemplateFactory(owner=user, folder="Spring")
        assert "field-folder" in self.listed(user)


class TestTheForm:
    def save(self, user: User, **fields: str) -> Any:
        form = {"name": "Spring", "subject": "Hi", "html": "<p>Hi</p>", **fields}
        return signed_in(user).post(address("campaigns.template", "add"), form, follow=True)

    def test_keeps_a_template(self, user: User) -> None:
        self.save(user, html="<p>Hi {{ name }}</p>")
        template = Template.objects.get()
        assert template.html == "<p>Hi {{ name }}</p>"
        assert entries(template)[0][0] == user.username

    @pytest.mark.parametrize(
        ("field", "value", "problem"),
        [
            ("subject", "{{ name", "Subject, line 1"),
            ("html", "<p>\n{{ name | nonsense }}</p>", "HTML, line 2"),
            ("html", "<p>{% if x %}</p>", "HTML, line 1: &#x27;{% if x %}&#x27; is not closed"),
            ("html", "x" * 1_000_001, "HTML: longer than 1,000,000 characters"),
            ("text", "{% for %}", "Plain text, line 1"),
            ("preview_text", "{{", "Preview text, line 1"),
            ("subject", "a\nb", "Enter one line of text"),
            ("html", "\x00", "Null characters are not allowed"),
        ],
    )
    def test_names_the_line_of_a_mistake(
        self, user: User, field: str, value: str, problem: str
    ) -> None:
        assert problem in page_of(self.save(user, **{field: value}))
        assert not Template.objects.exists()

    def test_may_have_no_sender(self, user: User) -> None:
        page = page_of(signed_in(user).get(address("campaigns.template", "add")))
        assert '<option value="" selected>Choose…</option>' in page

    def test_names_a_variable_that_no_contact_has(self, user: User) -> None:
        ContactFactory(owner=user, attributes={"first_name": "Ada"})
        ContactFactory(attributes={"first_nam": "of another owner"})
        response = self.save(user, subject="{{ first_nam }}", html="{{ first_name }}")
        assert "{{ first_nam }} is empty for the only contact" in texts(response)
        assert "{{ first_name }} is empty" not in texts(response)

    def test_takes_a_large_message(self, user: User) -> None:
        self.save(user, html="<p>" + "x" * 900_000 + "</p>")
        assert len(Template.objects.get().html) == 900_007

    def test_does_not_delete_what_a_task_uses(self, user: User) -> None:
        template = TaskFactory(owner=user).templates.get()
        url = address("campaigns.template", "delete", template.pk)
        signed_in(user).post(url, {"post": "yes"})
        assert Template.objects.exists()


class TestThePreview:
    def show(self, user: User, template: Template, **query: str) -> Any:
        return signed_in(user).get(address("campaigns.template", "preview", template.pk), query)

    def message(self, response: ClientResponse) -> str:
        found = re.search(r'srcdoc="([^"]*)"', response.content.decode())
        assert found is not None
        return html.unescape(found[1])

    def test_begins_with_one_of_the_owners_contacts(self, user: User) -> None:
        ContactFactory(name="Somebody Else")
        ContactFactory(owner=user, name="Ada", email="ada@example.com")
        response = self.show(user, TemplateFactory(owner=user))
        assert "Hello Ada" in self.message(response)
        assert 'value="ada@example.com"' in page_of(response)

    def test_names_links_that_are_not_recorded_for_what_they_show(self, user: User) -> None:
        shown = TemplateFactory(owner=user, html='<a href="https://x.test/">www.x.test</a>')
        assert "1 link has a web address for a text (www.x.test)" in page_of(self.show(user, shown))
        words = TemplateFactory(owner=user, html='<a href="https://x.test/">Shop</a>')
        assert "web address" not in page_of(self.show(user, words))

    def test_shows_the_contact_that_is_asked_for(self, user: User) -> None:
        ContactFactory(owner=user, name="Ada")
        ContactFactory(owner=user, name="Bob", email="bob@example.com")
        response = self.show(user, TemplateFactory(owner=user), contact="Bob@Example.com")
        assert "Hello Bob" in self.message(response)

    def test_uses_sample_values_when_there_is_no_contact(self, user: User) -> None:
        assert "Hello Ada Lovelace" in self.message(self.show(user, TemplateFactory(owner=user)))

    def test_does_not_know_the_contacts_of_others(self, user: User) -> None:
        ContactFactory(email="bob@example.com")
        response = self.show(user, TemplateFactory(owner=user), contact="bob@example.com")
        assert "You have no contact with this address." in page_of(response)

    @pytest.mark.parametrize("contact", ["nobody", "\x00", "a" * 300, "<script>"])
    def test_explains_odd_addresses(self, user: User, contact: str) -> None:
        response = self.show(user, TemplateFactory(owner=user), contact=contact)
        assert response.status_code == 200
        assert response.context["form"].errors

    def test_says_what_fails_for_this_contact(self, user: User) -> None:
        ContactFactory(owner=user, attributes={"items": 5})
        template = TemplateFactory(owner=user, html="{{ items | divided_by: 0 }}")
        assert "It cannot be rendered for" in page_of(self.show(user, template))

    def test_inlines_the_css_and_makes_the_text_as_a_launch_does(self, user: User) -> None:
        template = TemplateFactory(
            owner=user, html="<style>p { color: red }</style><p>Hi</p>", text=""
        )
        response = self.show(user, template)
        assert 'style="color: red' in self.message(response)
        text, _, footer = response.context["preview"].rendered.text.partition("-----")
        assert text.strip() == "Hi"
        assert "Unsubscribe: " in footer

    def test_gives_the_message_no_right_to_run_anything(self, user: User) -> None:
        template = TemplateFactory(owner=user, html='"><script>alert(1)</script>')
        page = self.show(user, template).content.decode()
        assert 'sandbox=""' in page
        assert "<script>alert(1)" not in page

    def test_has_the_footer_and_the_sender_of_a_launched_message(self, user: User) -> None:
        sender = SenderFactory(owner=user, reply_to="mia@shop.example", postal_address="1 High St")
        SenderFactory(owner=user, postal_address="Elsewhere")
        template = TemplateFactory(owner=user, html="<p>Hi</p>", text="")
        response = self.show(user, template)
        assert "1 High St" in self.message(response)
        assert "/u/" in self.message(response)
        assert "1 High St" in response.context["preview"].rendered.text
        assert f"From {html.escape(str(sender))}, replies to mia@shop.example" in page_of(response)

    def test_shows_the_sender_that_is_asked_for(self, user: User) -> None:
        SenderFactory(owner=user, postal_address="1 High St")
        other = SenderFactory(owner=user, postal_address="Elsewhere")
        response = self.show(user, TemplateFactory(owner=user), contact="", sender=str(other.pk))
        assert "Elsewhere" in self.message(response)

    def test_counts_for_how_many_contacts_a_variable_is_empty(self, user: User) -> None:
        ContactFactory(owner=user, attributes={"city": "Rome"})
        ContactFactory(owner=user)
        template = TemplateFactory(owner=user, html="{{ city }} {{ citty }}")
        page = page_of(self.show(user, template))
        assert "<dt>{{ city }}</dt>" in page
        assert "empty for 1 of 2" in page
        assert "{{ citty }} is empty for all 2 contacts" in page

    def test_of_a_foreign_template_is_not_found(self, user: User) -> None:
        assert self.show(user, TemplateFactory()).status_code == 404

    def test_needs_a_permission(self) -> None:
        template = TemplateFactory()
        assert self.show(member(NOBODY), template).status_code == 403
        assert self.show(member(VIEWER), template).status_code == 200

    def test_leads_to_a_test_message_for_the_same_contact(self, user: User) -> None:
        ContactFactory(owner=user, email="ada@example.com")
        template = TemplateFactory(owner=user)
        page = html.unescape(page_of(self.show(user, template)))
        assert f"/test-mail/?template={template.pk}&contact=ada%40example.com" in page
        assert "/test-mail/" not in page_of(self.show(member(VIEWER), template))


def test_sending_a_test_opens_its_form_with_the_template(user: User) -> None:
    template = TemplateFactory(owner=user)
    response = signed_in(user).get(
        address("campaigns.template", "send_test", template.pk), follow=True
    )
    assert response.context["form"]["template"].value() == str(template.pk)


@pytest.mark.parametrize("role", [VIEWER, NOBODY])
def test_sending_a_test_is_refused_to_whoever_may_not(role: str) -> None:
    url = address("campaigns.template", "send_test", TemplateFactory().pk)
    assert signed_in(member(role)).get(url).status_code == 403
