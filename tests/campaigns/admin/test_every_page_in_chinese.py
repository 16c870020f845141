"""Every page opens in Chinese, and speaks it: what is still English there are names and addresses."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.test import Client
from django.urls import reverse

from signin.models import Profile
from tests.campaigns.admin.staff import SUPERUSER, address, member, signed_in
from tests.campaigns.admin.test_every_page import MODELS, make_a_row_of_each

pytestmark = pytest.mark.django_db

LEDGERS = frozenset({
    "campaigns.subtask", "campaigns.operation", "dispatch.attempt", "tracking.event",
    "tracking.rejectedrequests", "signup.signup", "campaigns.savedblock",
})  # fmt: skip
PAGES = (
    "monitor",
    "privacy",
    "found_messages",
    "own_profile",
    "own_notices",
    "sign_in_sessions",
    "mfa_index",
    "admin:index",
)
ENGLISH = re.compile(r"[A-Za-z]{2,}[,;:]? [a-z]{2,} [a-z]{2,}")
"""Three words in a row."""
DATA = "I want news by mail."
"""What the owner of a sign-up form wrote."""
TITLES = frozenset({"thead", "label", "legend"})
"""What stands in these is said by the product, also where it is one word."""
WORD = re.compile(r"[A-Za-z]{3,}")
CHINESE = re.compile(r"[\u4e00-\u9fff]")
NAMES = frozenset({
    "Acme", "English", "HTML", "MJML", "Message-ID", "DKIM selector", "key_0", "demo", "IMAP", "Webhook",
})  # fmt: skip
"""The same in Chinese, or of the rows."""
UNSEEN = frozenset({"script", "style", "pre", "code", "textarea", "option"})


def _is_english(said: str) -> bool:
    return bool(WORD.search(said)) and not CHINESE.search(said) and said not in NAMES


class _Said(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.english: list[str] = []
        self._unseen = self._in_titles = 0
        self._open: list[bool] = []
        """Of the spans around, which are icons: these are words of a font."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._unseen += tag in UNSEEN
        self._in_titles += tag in TITLES
        if tag == "span":
            self._open.append("material-symbols" in str(dict(attrs).get("class")))
        for name, value in attrs:
            if name in ("title", "placeholder", "aria-label", "data-copied"):
                self._look_at(value or "")
            if name == "aria-label" and _is_english(value or ""):
                self.english.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        self._unseen -= tag in UNSEEN
        self._in_titles -= tag in TITLES
        if tag == "span" and self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self._look_at(data)
            self._look_at_title(data)

    def _look_at_title(self, text: str) -> None:
        said = " ".join(text.split())
        if _is_english(said) and self._in_titles and not any(self._open):
            self.english.append(said)

    def _look_at(self, text: str) -> None:
        if ENGLISH.search(text.replace(DATA, "")):
            self.english.append(" ".join(text.split()))


def english_of(client: Client, url: str) -> list[str]:
    response = client.get(url)
    assert response.status_code == 200
    said = _Said()
    said.feed(response.content.decode())
    return said.english


@pytest.fixture
def client() -> Client:
    user = member(SUPERUSER)
    Profile.objects.update_or_create(user=user, defaults={"language": "zh-hans"})
    make_a_row_of_each(user)
    return signed_in(user)


@pytest.mark.parametrize("model", [*MODELS, "auth.group", "auth.user"])
def test_lists_and_forms_speak_chinese(client: Client, model: str) -> None:
    row = apps.get_model(model)._default_manager.earliest("pk")
    urls = [address(model, "changelist"), address(model, "change", row.pk)]
    urls += [] if model in LEDGERS else [address(model, "add")]
    assert {url: found for url in urls if (found := english_of(client, url))} == {}


def test_other_pages_speak_chinese(client: Client) -> None:
    urls = [reverse(name) for name in PAGES]
    assert {url: found for url in urls if (found := english_of(client, url))} == {}
