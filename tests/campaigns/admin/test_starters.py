"""Templates to begin with: chosen from a page, filled into the form, and without a fault."""

from __future__ import annotations

import json
from unittest.mock import Mock

import pytest
from django.contrib.auth.models import User
from django.utils import translation

from campaigns.admin.templates import starter_blocks
from campaigns.admin.templates.starters import FOLDER, STARTERS
from campaigns.blocks import making
from campaigns.blocks.look import Look
from campaigns.models import Template, TemplateFormat
from campaigns.preflight import previews
from campaigns.rendering import content
from sandbox import Failed
from tests.campaigns.admin.staff import MANAGER, VIEWER, address, member, page_of, signed_in
from tests.factories import SenderFactory

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


@pytest.mark.parametrize("language", ["en", "zh-hans"])
@pytest.mark.parametrize("key", STARTERS)
def test_a_sample_in_blocks_can_be_saved_and_sent_as_it_is(
    user: User, key: str, language: str
) -> None:
    with translation.override(language):
        html = making.html_of(starter_blocks.stored(key, user.pk, Look()), Look())
        content.check(starter_blocks.subject_of(key), html, "")
    for link in ("unsubscribe_url", "web_view_url", "preferences_url"):
        assert f'href="{{{{ {link} }}}}"' in html


def test_a_sample_takes_the_name_and_the_footer_of_the_brand(user: User) -> None:
    look = Look(name="Northwind", footer="Seeds since 1890")
    html = making.html_of(starter_blocks.stored("newsletter", user.pk, look), look)
    assert "Northwind" in html and "Seeds since 1890" in html
    assert "Example News" not in html and "signed up at example.com" not in html


def test_a_sample_has_the_postal_address_of_the_owners_sender(user: User) -> None:
    SenderFactory(owner=user, postal_address="1 Garden Lane")
    html = making.html_of(starter_blocks.stored("newsletter", user.pk, Look()), Look())
    assert "1 Garden Lane" in html


def test_each_begins_in_blocks_and_on_the_side_in_mjml(user: User) -> None:
    text = page_of(signed_in(user).get(address("campaigns.template", "starters")))
    assert f'href="{ADD}?format=blocks&amp;starter=welcome"' in text
    assert f'href="{ADD}?starter=welcome"' in text


def test_one_in_blocks_is_in_the_form_and_can_be_saved(user: User) -> None:
    client = signed_in(user)
    asked = {"format": "blocks", "starter": "welcome"}
    page = page_of(client.get(ADD, asked))
    assert "Good to have you" in page
    assert not Template.objects.exists()
    blocks = starter_blocks.stored("welcome", user.pk, Look())
    posted = {"name": "Hello", "subject": "Welcome!", "blocks": json.dumps(blocks)}
    client.post(f"{ADD}?format=blocks&starter=welcome", posted)
    saved = Template.objects.get()
    assert (saved.format, saved.subject) == (TemplateFormat.BLOCKS, "Welcome!")
    assert "Good to have you" in saved.html


def test_the_list_of_templates_leads_to_the_samples(user: User) -> None:
    text = page_of(signed_in(user).get(address("campaigns.template", "changelist")))
    assert f'href="{address("campaigns.template", "starters")}"' in text


def test_in_chinese_they_are_chinese(user: User) -> None:
    url = address("campaigns.template", "starters")
    text = page_of(signed_in(user).get(url, headers={"accept-language": "zh-hans"}))
    assert "很高兴认识您" in text and "Good to have you" not in text


def test_the_page_shows_all_of_them(user: User) -> None:
    text = page_of(signed_in(user).get(address("campaigns.template", "starters")))
    for starter in STARTERS.values():
        assert f"starter={starter.key}" in text
    assert "Three things worth your time" in text and "值得一读的三件事" in text


def test_who_looks_again_waits_for_no_sample(user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client, url = signed_in(user), address("campaigns.template", "starters")
    page_of(client.get(url))
    monkeypatch.setattr(previews, "preview", Mock(side_effect=AssertionError))
    assert "Three things worth your time" in page_of(client.get(url))


def test_a_sample_that_could_not_be_shown_once_is_shown_again_later(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, url = signed_in(user), address("campaigns.template", "starters")
    with monkeypatch.context() as patched:
        patched.setattr(previews, "preview", Mock(side_effect=Failed("busy")))
        assert "Three things worth your time" not in page_of(client.get(url))
    assert "Three things worth your time" in page_of(client.get(url))


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
