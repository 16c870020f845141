"""The help in the admin: a list with search, a page for each document, and its pictures."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from signin.models import Profile
from tests.campaigns.admin.staff import (
    EVERYBODY,
    MANAGER,
    NOBODY,
    OPERATOR,
    SUPERUSER,
    member,
    page_of,
    signed_in,
)

pytestmark = pytest.mark.django_db
HELP = "/admin/help/"
PICTURE = "/admin/help/pictures/staff/en/start.png"


def reader(role: str = MANAGER, language: str = "en") -> Client:
    user = member(role)
    Profile.objects.update_or_create(user=user, defaults={"language": language})
    return signed_in(user)


@pytest.mark.parametrize("role", EVERYBODY)
def test_all_staff_read_the_help(role: str) -> None:
    client = reader(role)
    assert "How to launch a campaign" in page_of(client.get(HELP))
    assert "Who gets it" in page_of(client.get(f"{HELP}launch-a-campaign/"))


@pytest.mark.parametrize("url", [HELP, f"{HELP}staff/", PICTURE])
def test_strangers_are_asked_to_sign_in(url: str) -> None:
    response = Client().get(url)
    assert response.status_code == 302
    assert response["Location"].startswith("/admin/login/")


def test_operators_read_their_documents() -> None:
    assert "Prometheus" in page_of(reader(OPERATOR).get(f"{HELP}operations/"))


@pytest.mark.parametrize("role", [MANAGER, NOBODY])
def test_others_do_not_read_the_documents_of_operators(role: str) -> None:
    client = reader(role)
    assert client.get(f"{HELP}operations/").status_code == 404
    assert "operations" not in page_of(client.get(HELP)).lower()
    assert f"{HELP}operations/" not in page_of(client.get(f"{HELP}add-users/"))


def test_a_document_links_those_of_operators_for_operators() -> None:
    assert f"{HELP}operations/#system-mail" in page_of(reader(SUPERUSER).get(f"{HELP}add-users/"))


@pytest.mark.parametrize("name", ["nothing", "architecture", "translate", "README"])
def test_other_documents_are_not_there(name: str) -> None:
    assert reader(SUPERUSER).get(f"{HELP}{name}/").status_code == 404


@pytest.mark.parametrize("path", ["nothing.png", "../staff.md", "%2e%2e/staff.md", "/etc/passwd"])
def test_a_picture_that_no_document_has_is_not_there(path: str) -> None:
    assert reader().get(f"{HELP}pictures/{path}").status_code == 404


def test_a_picture_is_served_and_kept_by_the_browser_alone() -> None:
    response = reader().get(PICTURE)
    assert response.getvalue().startswith(b"\x89PNG")
    assert response["Content-Type"] == "image/png"
    assert response["Cache-Control"] == "private, max-age=3600"


def test_chinese_readers_get_the_chinese_text() -> None:
    page = page_of(reader(language="zh-hans").get(f"{HELP}staff/"))
    assert "营销人员使用指南" in page
    assert f'href="{HELP}staff/?language=en"' in page


def test_a_document_that_is_not_translated_is_there_in_english_and_says_so() -> None:
    page = page_of(reader(OPERATOR, "zh-hans").get(f"{HELP}operations/"))
    assert "此文档只有英文版。" in page
    assert '<article class="edm-document" lang="en">' in page


def test_the_other_language_can_be_asked_for() -> None:
    page = page_of(reader(language="zh-hans").get(f"{HELP}staff/?language=en"))
    assert "Guide for campaign staff" in page


@pytest.mark.parametrize("language", ["xx", "%00", "../en"])
def test_a_language_that_is_not_there_is_the_readers(language: str) -> None:
    page = page_of(reader().get(f"{HELP}staff/?language={language}"))
    assert "Guide for campaign staff" in page


class TestTheSearch:
    def found(self, words: str, language: str = "en") -> str:
        return page_of(reader(language=language).get(HELP, {"q": words})).partition('id="found"')[2]

    def test_leads_to_the_part_that_has_the_words(self) -> None:
        assert f'href="{HELP}import-contacts/#undo"' in self.found("undo import")

    def test_begins_with_titles(self) -> None:
        first = self.found("suppression list").partition("</li>")[0]
        assert f'href="{HELP}keep-the-suppression-list/"' in first

    def test_takes_chinese_words(self) -> None:
        assert f'href="{HELP}staff/#导入联系人"' in self.found("撤销", "zh-hans")

    def test_says_when_there_is_nothing(self) -> None:
        assert "Nothing about “zebra” was found." in self.found("zebra")

    def test_shows_what_was_asked_as_text(self) -> None:
        assert "<b>" not in self.found("<b>")

    @pytest.mark.parametrize("words", ["\x00", "(", "x" * 5000, "   "])
    def test_takes_any_words(self, words: str) -> None:
        assert reader().get(HELP, {"q": words}).status_code == 200


def test_the_command_palette_finds_documents() -> None:
    response = reader().get(reverse("admin:search"), {"s": "undo", "extended": "1"})
    assert f"{HELP}import-contacts/#undo" in page_of(response)


def test_the_sidebar_leads_to_the_help() -> None:
    assert f'href="{HELP}"' in page_of(reader(NOBODY).get("/admin/"))
