"""Templates written in MJML: what is sent is made of it when they are saved."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.models import Template, TemplateFormat
from tests.campaigns.admin.staff import MANAGER, address, member, page_of, signed_in
from tests.factories import TemplateFactory

pytestmark = pytest.mark.django_db

TEXT = "<mj-section><mj-column><mj-text>Hello {{ name }}</mj-text></mj-column></mj-section>"
MJML = f"<mjml>\n<mj-body>\n{TEXT}\n</mj-body>\n</mjml>"


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def save(user: User, template: Template | None = None, **fields: str) -> Any:
    form = {"name": "Spring", "subject": "Hi", "format": "mjml", "mjml": MJML, **fields}
    to = address("campaigns.template", "change", template.pk) if template else ADD
    return signed_in(user).post(to, form, follow=True)


ADD = address("campaigns.template", "add")


class TestSaving:
    def test_makes_the_html(self, user: User) -> None:
        save(user)
        template = Template.objects.get()
        assert (template.format, template.mjml) == (TemplateFormat.MJML, MJML)
        assert template.html.startswith("<!doctype html>") and "Hello {{ name }}" in template.html

    def test_makes_the_html_anew(self, user: User) -> None:
        save(user)
        template = Template.objects.get()
        save(user, template, mjml=MJML.replace("Hello", "Goodbye"), html=template.html)
        template.refresh_from_db()
        assert "Goodbye {{ name }}" in template.html

    def test_without_a_format_it_is_html(self, user: User) -> None:
        save(user, format="", mjml="", html="<p>Hi</p>")
        assert Template.objects.get().format == TemplateFormat.HTML

    def test_html_keeps_the_mjml_it_came_from(self, user: User) -> None:
        save(user)
        template = Template.objects.get()
        save(user, template, format="html", html="<p>Hi</p>")
        template.refresh_from_db()
        assert (template.html, template.mjml) == ("<p>Hi</p>", MJML)

    def test_mjml_takes_the_place_of_html(self, user: User) -> None:
        template = TemplateFactory(owner=user, html="<p>old</p>")
        save(user, template, html="<p>old</p>")
        template.refresh_from_db()
        assert "Hello" in template.html and "old" not in template.html

    @pytest.mark.parametrize(
        ("fields", "problem"),
        [
            ({"mjml": "<mjml>\n<mj-body>\n<mj-txt />"}, "MJML, line 3, column 1: &lt;mj-txt&gt; is no element"),
            ({"mjml": ""}, "MJML, line 1, column 1: is empty"),
            ({"mjml": MJML.replace("name", "name | shout")}, "MJML, line 3: unknown filter"),
            ({"format": "html"}, "This field is required."),
            ({"format": "blocks"}, "is not one of the available choices"),
            ({"subject": "{{"}, "Subject, line 1"),
        ],
    )  # fmt: skip
    def test_tells_what_is_wrong_where_it_was_written(
        self, user: User, fields: dict[str, str], problem: str
    ) -> None:
        text = page_of(save(user, None, **fields))
        assert problem in text
        assert "HTML: is empty" not in text
        assert not Template.objects.exists()

    def test_a_message_has_one_preview_text(self, user: User) -> None:
        head = "<mj-head><mj-preview>Look</mj-preview></mj-head>"
        mjml = MJML.replace("<mj-body>", f"{head}<mj-body>")
        assert "The MJML has a preview text of its own" in page_of(
            save(user, mjml=mjml, preview_text="Look here")
        )
        save(user, mjml=mjml)
        assert ">Look</div>" in Template.objects.get().html


def test_unsaved_mjml_is_previewed(user: User) -> None:
    response = save(user, _preview="")
    assert "Hello Ada Lovelace" in page_of(response)
    assert not Template.objects.exists()
