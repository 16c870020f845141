"""Two people change one row at the same time."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from admin_kit.forms.meanwhile import SEEN
from campaigns.models import Brand, Template
from tests.campaigns.admin.staff import MANAGER, address, member, page_of, signed_in
from tests.factories import TemplateFactory
from tests.responses import ClientResponse

pytestmark = pytest.mark.django_db

FIRST = "Another save came first"


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def template(user: User) -> Template:
    return TemplateFactory(owner=user, name="Spring", subject="Sow", html="<p>Sow now</p>")


def url(template: Template) -> str:
    return address("campaigns.template", "change", template.pk)


def seen(response: ClientResponse) -> str:
    found = re.search(rf'name="{SEEN}" value="([^"]*)"', response.content.decode())
    assert found is not None
    return html.unescape(found[1])


def text(template: Template, **fields: str) -> dict[str, str]:
    return {
        "name": template.name,
        "format": "html",
        "subject": template.subject,
        "html": template.html,
        **fields,
    }


def save(user: User, template: Template, **fields: str) -> Any:
    return signed_in(user).post(url(template), text(template, **fields))


def open_page(user: User, template: Template) -> str:
    return seen(signed_in(user).get(url(template)))


def test_who_saves_second_is_told_and_nothing_is_lost(user: User, template: Template) -> None:
    before = open_page(user, template)
    save(user, template, subject="Sow tomatoes", **{SEEN: before})
    response = save(user, template, subject="Sow peas", **{SEEN: before})
    told = page_of(response)
    assert f"{FIRST}, by {user} at " in told
    assert "it changed “Subject”." in told
    assert "Sow peas" in response.content.decode()
    template.refresh_from_db()
    assert template.subject == "Sow tomatoes"


def test_saving_once_more_puts_the_own_text_in_its_place(user: User, template: Template) -> None:
    before = open_page(user, template)
    save(user, template, subject="Sow tomatoes", **{SEEN: before})
    told = save(user, template, subject="Sow peas", **{SEEN: before})
    save(user, template, subject="Sow peas", **{SEEN: seen(told)})
    template.refresh_from_db()
    assert template.subject == "Sow peas"


def test_a_second_click_on_the_button_is_no_conflict(user: User, template: Template) -> None:
    before = open_page(user, template)
    posts = [save(user, template, html="<p>a\r\nb</p>", **{SEEN: before}) for _ in range(2)]
    assert [post.status_code for post in posts] == [302, 302]


def test_what_the_other_did_not_change_is_no_conflict(user: User, template: Template) -> None:
    before = open_page(user, template)
    Template.objects.filter(pk=template.pk).update(updated_at="2020-01-01T00:00Z")
    assert save(user, template, subject="Sow peas", **{SEEN: before}).status_code == 302


@pytest.mark.parametrize("sent", ["", "no json", "[]", "7", "[" * 90_000, '{"subject": 7}'])
def test_what_cannot_be_read_breaks_nothing(user: User, template: Template, sent: str) -> None:
    assert save(user, template, subject="Sow peas", **{SEEN: sent}).status_code in (200, 302)


def test_a_preview_is_shown_whatever_was_saved_meanwhile(user: User, template: Template) -> None:
    before = open_page(user, template)
    save(user, template, subject="Sow tomatoes", **{SEEN: before})
    response = save(user, template, subject="Sow peas", _preview="1", **{SEEN: before})
    assert FIRST not in page_of(response)
    assert seen(response) == before


def test_brands_are_guarded_as_templates_are(user: User) -> None:
    brand = Brand.objects.create(owner=user, name="Garden")
    page = address("campaigns.brand", "change", brand.pk)
    response = signed_in(user).get(page)
    fields = {name: str(v or "") for name, v in response.context["adminform"].form.initial.items()}
    fields = {**fields, "needs_approval": "", "asks_for_label": "", SEEN: seen(response)}
    Brand.objects.filter(pk=brand.pk).update(name="Garden Club")
    told = signed_in(user).post(page, {**fields, "name": "My garden"})
    assert "it changed “Name”." in page_of(told)
