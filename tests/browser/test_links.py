"""A link whose clicks are recorded leads where it would lead if it were left alone: a browser says
where that is.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from html import escape
from urllib.parse import unquote

import pytest

from campaigns.preflight.checklist.addresses import Wrong, host_of, wrong_with
from campaigns.rendering.html.hrefs import destination_of, hrefs_in
from tests.browser.chromium import Browser
from tracking.links.destinations import location

GENERATED = 3_000
LEADS_TO = """
const [html, locations] = arguments
const leads = address => { try { return new URL(address, 'https://mail.example/').href } catch { return null } }
const links = new DOMParser().parseFromString(html, 'text/html').querySelectorAll('a')
return [...links].map((link, number) => [leads(link.getAttribute('href')), leads(locations[number])])
"""
BEGINNINGS = [
    "https://",
    "http://",
    "HTTPS://",
    "https:\\\\",
    "https:/\\",
    "//",
    " https://",
    "ht\ttps://",
] + ["https:///", "https:/", "https:", "\\\\", "/", "", "mailto:", "https:\\\\\\"]
HOSTS = (
    ["example.com", "EXAMPLE.com.", "例え.jp", "bücher.example", "faß.example", "a.b-c.example:8443"]
    + ["user:p%40w@example.com", "1.2.3.4", "[::1]:80", "xn--fa-hia.example", "a_b.example", "ex%61mple.com"]
    + ["user@例え.jp:443", "me\\@evil.example", "☃.example", "example。com"]
)  # fmt: skip
PIECES = (
    ["\\", "\\", "\\\\", "/", "/", "..", ".", "/../", "\\..\\", "a", "b c", "ü", "产品", "?", "#", "&", "="]
    + ["%5C", "%2F", "%", "%zz", "@", ":", ";", "'", "|", "^", "`", "{", "}", "[", "]", "~", "+", "*"]
    + ['"', "<", ">", "\t", "\n", "\x01", "\x7f", "\xa0", "😀", "&copy=", "!", "$", ","]
)  # fmt: skip


def addresses() -> list[str]:
    chance = random.Random(1)
    made = (
        chance.choice(BEGINNINGS)
        + chance.choice(HOSTS)
        + "".join(chance.choices(PIECES, k=chance.randint(0, 8)))
        for _ in range(GENERATED)
    )
    return [address for address in made if "{{" not in address and "{%" not in address]


def decoded(address: str | None) -> str | None:
    """Without the references to characters that a browser sends as they are, and a header may not
    have. Servers make no difference between them.
    """
    return address and re.sub("%(7C|5E|60|7B|7D|5C)", lambda found: unquote(found[0]), address)


@pytest.mark.parametrize("quoted", [escape, lambda address: address.replace('"', "&quot;")])
def test_a_recorded_link_leads_where_it_would_lead_by_itself(
    chromium: Browser, quoted: Callable[[str], str]
) -> None:
    html = "".join(f'<a href="{quoted(address)}">x</a>' for address in addresses())
    hrefs = hrefs_in(html)
    destinations = [destination_of(href.source) for href in hrefs]
    locations = [location(each) if each else None for each in destinations]
    chromium.driver.get("about:blank")
    led = chromium.script(LEADS_TO, html, [each or "" for each in locations])
    recorded = [pair for pair, each in zip(led, locations, strict=True) if each is not None]
    assert len(recorded) > GENERATED / 4
    assert [pair for pair in recorded if decoded(pair[0]) != decoded(pair[1])] == []


READS = """
const read = address => { try { return new URL(address).hostname } catch { return null } }
return arguments[0].map(read)
"""
ODD = ["http://2130706433/", "http://0x7f.1/", "http://1.2.3.4.5/", "https://exa mple.com/"]
ODD += ["https://a..b/", "https://[::1", "https://%zz.example/", "http://example.com:99999/"]
ODD += [
    "https://\u00ad/",
    "https://ex\u200bample.com/",
    "http://a@b@c.example/",
    "https://１.２.３.４/",
]


def test_the_checklist_reads_addresses_as_a_browser_does(chromium: Browser) -> None:
    asked = [each for each in (*ODD, *addresses()) if re.match(r"\s*https?:", each, re.I)]
    chromium.driver.get("about:blank")
    hosts = chromium.script(READS, asked)
    assert len(asked) > GENERATED / 4 and None in hosts
    unread = {Wrong("form", "is not an address that browsers can read")}
    for address, host in zip(asked, hosts, strict=True):
        is_broken = unread <= set(wrong_with(address))
        # Chromium takes some that the standard forbids in a host, and writes them as %20, say.
        if not host or "%" not in host:
            assert is_broken == (host is None), address
        if host and "%" not in host and "://" in address[:12]:
            assert host_of(address) == host.rstrip(".").removeprefix("www."), address
