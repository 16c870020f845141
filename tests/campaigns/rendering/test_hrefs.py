from __future__ import annotations

from typing import Any

import pytest

from campaigns.rendering.html.hrefs import destination_of, hrefs_in, site_of, unescape_attribute


def sources(html: str) -> list[str]:
    return [href.source for href in hrefs_in(html)]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ('<a href="https://a/">x</a>', ["https://a/"]),
        ("<a href='https://a/'>x</a>", ["https://a/"]),
        ("<a href=https://a/?b=1>x</a>", ["https://a/?b=1"]),
        ('<A HREF = "https://a/">x</A>', ["https://a/"]),
        ('<a\n  class="b"\n  href="https://a/"\n>x</a>', ["https://a/"]),
        ('<a href="https://a/" href="https://b/">x</a>', ["https://a/"]),
        ('<area shape="rect" href="https://a/">', ["https://a/"]),
        ('<a data-href="https://a/">x</a>', []),
        ('<a title="href=https://a/">x</a>', []),
        ("<a>x</a><a href>y</a>", []),
        ('<link href="https://a/"><base href="https://b/"><img src="https://c/">', []),
        ('<!-- <a href="https://a/"> -->', []),
        ('<style>a[href="https://a/"] {}</style>', []),
        ('<script>"<a href=https://a/>"</script>', []),
        ('<a href="https://a/?q={{ q | default: "x" }}">x</a>', ['https://a/?q={{ q | default: "x" }}']),
        ("<a href='{{ unsubscribe_url }}'>x</a>", ["{{ unsubscribe_url }}"]),
    ],
)  # fmt: skip
def test_links_are_found_wherever_a_browser_sees_one(
    html: str, expected: list[Any] | list[str]
) -> None:
    assert sources(html) == expected


@pytest.mark.parametrize(
    "comment",
    [
        '<!--[if mso]><a href="https://a/">x</a><![endif]-->',
        '<!--[if (gte mso 9)|(IE)]><table><tr><td><a href="https://a/">x</a><![endif]-->',
        '<!-- [if mso]><v:roundrect xmlns:v="urn:x" href="https://a/" arcsize="8%"></v:roundrect><![endif]-->',
        '<!--[if !mso]><!--><a href="https://a/">x</a><!--<![endif]-->',
        '<!--[if !mso]><!-- --><p>x</p><![endif]--><a href="https://a/">x</a><![if mso]><![endif]>',
        '<!--><a href="https://a/">x</a><!-- --!>',
    ],
)
def test_links_in_outlooks_conditional_comments_are_found(comment: str) -> None:
    html = f"<p>before</p>{comment}<p>after</p>"
    (href,) = hrefs_in(html)
    assert html[href.start : href.end] == '"https://a/"'


@pytest.mark.parametrize(
    ("source", "destination"),
    [
        ("https://example.com", "https://example.com"),
        ("http://example.com/a?b#c", "http://example.com/a?b#c"),
        ("HTTPS://EXAMPLE.COM/UPPER", "HTTPS://EXAMPLE.COM/UPPER"),
        (" https://example.com/space ", "https://example.com/space"),
        ("https://exam\nple.com/\tx", "https://example.com/x"),
        ("//cdn.example.com/x", "https://cdn.example.com/x"),
        ("https://example.com/?a=1&amp;b=2", "https://example.com/?a=1&b=2"),
        ("https://example.com/?a=1&amp;amp;b=2", "https://example.com/?a=1&amp;b=2"),
        ("https://example.com/?a=1&#38;b=2&#x26;c=3", "https://example.com/?a=1&b=2&c=3"),
        ("https://example.com/产品?颜色=红", "https://example.com/产品?颜色=红"),
        ("https://例え.jp/", "https://例え.jp/"),
        ("https://user:pw@example.com:8443/", "https://user:pw@example.com:8443/"),
        ("https://example.com\\a\\b?c\\d#e\\f", "https://example.com/a/b?c\\d#e\\f"),
        ("https://example.com\\@evil.example", "https://example.com/@evil.example"),
        ("https:\\\\example.com\\a", "https://example.com/a"),
        ("https:\\/example.com#a\\b", "https://example.com#a\\b"),
        ("https://example.com/a&#92;b&bsol;c", "https://example.com/a/b/c"),
    ],
)
def test_an_address_on_the_web_is_where_a_link_leads(source: str, destination: str) -> None:
    assert destination_of(source) == destination


@pytest.mark.parametrize(
    "source",
    [
        "",
        "#top",
        "mailto:hi@example.com?subject=Hi",
        "tel:+15551234",
        "sms:+15551234",
        "javascript:alert(1)",
        " jAvAsCrIpT:alert(1)",
        "java\nscript:alert(1)",
        "data:text/html,x",
        "vbscript:x",
        "file:///etc/passwd",
        "ftp://example.com/",
        "/relative",
        "relative.html",
        "https:/example.com",
        "https:example.com",
        "https://",
        "https:///example.com",
        "\\\\server\\share",
        "https:\\\\\\example.com",
        "http://[not-an-address/",
        "https://exa mple.com/",
        "https://example.com/" + "x" * 9000,
        "https://example.com/" + "产" * 900,
    ],
)
def test_everything_else_stays_as_it_is(source: str) -> None:
    assert destination_of(source) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("?a=1&copy=2", "?a=1&copy=2"),
        ("?a=1&copy;2", "?a=1©2"),
        ("?a=1&amp", "?a=1&"),
        ("?a=1&amp=2", "?a=1&amp=2"),
        ("?a=1&ampx=2", "?a=1&ampx=2"),
        ("?a=1&lt=2&reg_id=3", "?a=1&lt=2®_id=3"),
        ("?a=1&nosuch;", "?a=1&nosuch;"),
        ("&#0;&#xD800;&#99999999;", "\ufffd\ufffd\ufffd"),
        ("&amp;lt;", "&lt;"),
    ],
)
def test_character_references_are_read_as_browsers_do_in_attributes(
    value: str, expected: str
) -> None:
    assert unescape_attribute(value) == expected


@pytest.mark.parametrize(
    ("source", "site"),
    [
        ("https://shop.example.com/x?who={{ email }}", "https://shop.example.com"),
        ("https://shop.example.com?who={{ email }}", "https://shop.example.com"),
        ("https://shop.example.com#{{ part }}", "https://shop.example.com"),
        ("https:\\/shop.example.com\\{{ part }}", "https://shop.example.com"),
        ("//shop.example.com/{{ slug }}", "https://shop.example.com"),
        ("https://shop.example.com{{ rest }}", None),
        ("https://shop.example.com:{{ port }}/", None),
        ("https://{{ host }}/x", None),
        ("https://{{ user }}@shop.example.com/", None),
        ("{{ scheme }}://shop.example.com/", None),
        ("{{ url }}", None),
        ("mailto:{{ email }}", None),
    ],
)
def test_a_link_with_liquid_has_a_site_only_if_nobodys_values_can_change_it(
    source: str, site: str | None
) -> None:
    assert site_of(source) == site
