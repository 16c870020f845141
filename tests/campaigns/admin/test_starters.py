"""Templates to begin with: chosen from a page, filled into the form, and without a fault."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from campaigns.admin.templates.starters import FOLDER, STARTERS
from campaigns.models import Template, TemplateFormat
from campaigns.rendering import content
from tests.campaigns.admin.staff import MANAGER, VIEWER, address, member, page_of, signed_in

pytestmark = pytest.mark.django_db
ADD = address("campaigns.template", "add")


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def test_each_file_is_offered() -> None:
    assert {path.stem for path in FOLDER.glob("*.mjml")} == set(STARTERS)


@pytest.mark.parametrize("key", STARTERS)
def test_a_sample_can_be_saved_and_sent_as_it_is(key: str) -> None:
    html = content.compile_mjml(STARTERS[key].mjml)
    content.check(STARTERS[key].subject, html, "")
    for link in ("unsubscribe_url", "web_view_url", "preferences_url"):
        assert f'href="{{{{ {link} }}}}"' in html


def test_the_page_shows_all_of_them(user: User) -> None:
    text = page_of(signed_in(user).get(address("campaigns.template", "starters")))
    for starter in STARTERS.values():
        assert f"starter={starter.key}" in text
    assert "Three things worth your time" in text and "值得一读的三件事" in text


def test_a_viewer_has_no_use_for_it() -> None:
    page = address("campaigns.template", "starters")
    assert signed_in(member(VIEWER)).get(page).status_code == 403


def test_a_chosen_one_is_in_the_form_and_not_saved(user: User) -> None:
    response = signed_in(user).get(ADD, {"starter": "welcome"})
    initial = response.context["adminform"].form.initial
    assert initial["format"] == TemplateFormat.MJML
    assert initial["mjml"] == STARTERS["welcome"].mjml
    assert not Template.objects.exists()


def test_one_that_there_is_not_leaves_the_form_empty(user: User) -> None:
    response = signed_in(user).get(ADD, {"starter": "../welcome"})
    assert "mjml" not in response.context["adminform"].form.initial
