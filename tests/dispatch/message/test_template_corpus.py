"""Every template of the corpus can be launched, and arrives as it was rendered."""

from __future__ import annotations

import email
import email.policy
import html as html_entities
import re
from dataclasses import dataclass

import pytest

from campaigns.rendering.content import compile_html, compile_text, render
from dispatch.message.headers import as_bytes
from tests.campaigns.rendering.by_liquid import by_liquid
from tests.dispatch.providers.samples import a_message
from tests.template_corpus import FILES, VALUES, html_of
from tracking.links.rewrite import Rewritten, rewrite

SITE = "https://news.example.com"
_WRITTEN = re.compile(r'<a\b[^>]*?href="?(https://example\.com[^"\s>{]*)["\s>]', re.IGNORECASE)
"""Links to one place for all recipients."""


@dataclass(frozen=True)
class Launched:
    html: str
    text: str
    subject: str = "For {{ name }}"
    preview_text: str = ""


def frozen(name: str) -> Rewritten:
    """What a launch would freeze."""
    html = compile_html(html_of(name))
    text = compile_text(html)
    return rewrite(html, text, postal_address="1 High Street", clicks=True, opens=True)


def test_there_are_enough() -> None:
    assert len(FILES) >= 54


@pytest.mark.parametrize("name", FILES)
def test_a_template_arrives_as_it_is_rendered(name: str) -> None:
    made = frozen(name)
    links = {f"edm_link_{n}": f"{SITE}/c/{n}" for n in range(len(made.links))}
    urls = {"edm_open_url": f"{SITE}/o/1", "edm_trap_url": f"{SITE}/t/1"}
    values = {**VALUES, **links, **urls}
    data = as_bytes(a_message(rendered=render(Launched(made.html, made.text), values)))
    message = email.message_from_bytes(data, policy=email.policy.default)
    html, text = message.get_body(("html",)), message.get_body(("plain",))
    assert html is not None and text is not None
    assert [part.defects for part in message.walk()] == [[], [], []]
    assert unix(html.get_content()) == unix(by_liquid(made.html, values, escape=True))
    assert unix(text.get_content()) == unix(by_liquid(made.text, values, escape=False))
    assert f"{SITE}/u/abc" in html.get_content() and f"{SITE}/u/abc" in text.get_content()


@pytest.mark.parametrize("name", FILES)
def test_its_links_lead_through_the_site(name: str) -> None:
    made = frozen(name)
    seen = re.sub(r"<!--.*?-->", "", html_of(name), flags=re.DOTALL)
    written = {html_entities.unescape(link) for link in _WRITTEN.findall(seen)}
    assert written <= {destination for destination, _ in made.links}


def unix(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
