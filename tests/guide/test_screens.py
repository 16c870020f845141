"""Each screen says in a sentence what it is for, and links the document about it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import URLResolver, get_resolver

from guide import reading
from guide.screens.purpose import SCREENS
from guide.screens.screen import Screen
from signin.models import Profile
from tests.campaigns.admin.staff import (
    MANAGER,
    SUPERUSER,
    address,
    member,
    page_of,
    signed_in,
)
from tests.guide.telling import told_on

NO_SCREENS = {
    **dict.fromkeys(("help", "help_document", "help_picture"), "the help itself"),
    **dict.fromkeys(
        (
            "account_login", "login", "mfa_authenticate", "openid_connect_login", "openid_connect_callback",
            "sign_in_invitation",
        ),
        "before one is signed in",
    ),
    **dict.fromkeys(
        ("account_reauthenticate", "mfa_reauthenticate", "mfa_reauthenticate_webauthn"),
        "a question in between, which says itself why it is asked",
    ),
    **dict.fromkeys(("account_logout", "logout", "own_language", "view_on_site"), "leads elsewhere"),
    **dict.fromkeys(("search", "autocomplete", "still_here", "jsi18n"), "asked by scripts"),
    **dict.fromkeys(("mfa_download_recovery_codes", "campaigns_operation_file"), "a file"),
    **dict.fromkeys(
        (
            "campaigns_contact_count", "campaigns_contact_import_progress", "campaigns_operation_progress",
            "campaigns_segment_figures", "campaigns_segment_figures_of_new", "campaigns_segment_size",
            "campaigns_task_breakdowns", "campaigns_task_progress", "campaigns_template_contacts",
            "campaigns_template_live", "campaigns_template_live_of_new", "campaigns_template_variables",
            "campaigns_template_variables_of_new", "dispatch_emailservice_state",
        ),
        "a part of a screen",
    ),
}  # fmt: skip
"""Addresses below /admin/ that are no screens of staff, and why."""


def names(patterns: list[Any], below: str = "") -> Iterator[str]:
    """Of all addresses below /admin/."""
    for each in patterns:
        route = below + str(each.pattern)
        if isinstance(each, URLResolver):
            yield from names(each.url_patterns, route)
        elif route.startswith("admin/") and each.name:
            yield each.name


NAMES = sorted(set(names(get_resolver().url_patterns)))


def test_every_address_below_admin_has_a_sentence_or_a_reason_to_have_none() -> None:
    assert [name for name in NAMES if name not in SCREENS and name not in NO_SCREENS] == []


def test_every_sentence_is_of_an_address_that_is_there() -> None:
    assert {*SCREENS, *NO_SCREENS} - set(NAMES) == set()


def test_the_document_of_a_screen_and_its_part_are_there() -> None:
    assert {name for name, screen in SCREENS.items() if not is_there(screen)} == set()


def is_there(screen: Screen) -> bool:
    page = reading.page(screen.document, "en", by_operator=True)
    anchors = [each.heading.anchor for each in page.passages] if page else []
    return page is not None and (not screen.anchor or screen.anchor in anchors)


def test_a_sentence_is_one_and_short() -> None:
    said = {str(screen.sentence) for screen in SCREENS.values()}
    assert {each for each in said if not re.fullmatch(r"[A-Z].{10,110}[^.]\.", each)} == set()


@pytest.mark.django_db
class TestAPage:
    def purpose_on(self, client: Client, url: str) -> str:
        return told_on(page_of(client.get(url)))

    def test_says_what_it_is_for_and_links_the_document(self) -> None:
        said = self.purpose_on(signed_in(member(MANAGER)), address("campaigns.tag", "changelist"))
        assert said == (
            "Words that group your contacts by hand. "
            '<a class="edm-link" href="/admin/help/keep-contacts/#tags">How to keep contacts</a>'
        )

    def test_says_it_in_chinese(self) -> None:
        user = member(MANAGER)
        Profile.objects.create(user=user, language="zh-hans")
        said = self.purpose_on(signed_in(user), address("campaigns.tag", "changelist"))
        assert said.startswith("用于手动为联系人分组的词。")

    def test_links_a_document_that_is_not_translated_by_the_word_for_it(self) -> None:
        user = member(SUPERUSER)
        Profile.objects.create(user=user, language="zh-hans")
        said = self.purpose_on(signed_in(user), address("tracking.rejectedrequests", "changelist"))
        assert said.endswith('#the-public-pages">操作指南（英文）</a>')

    def test_that_is_opened_to_choose_something_says_nothing(self) -> None:
        client = signed_in(member(SUPERUSER))
        assert self.purpose_on(client, f"{address('campaigns.tag', 'add')}?_popup=1") == ""

    def test_links_no_document_that_its_reader_may_not_read(self) -> None:
        client = signed_in(member(MANAGER))
        said = self.purpose_on(client, address("tracking.rejectedrequests", "changelist"))
        assert said.startswith("Requests to the public pages")
        assert "href" not in said
