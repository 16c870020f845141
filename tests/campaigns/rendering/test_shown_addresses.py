"""Links whose text is a web address stay as they are; all others are recorded."""

from __future__ import annotations

import pytest

from campaigns.rendering.html.shown_addresses import is_address
from tests.tracking.making import frozen
from tracking.links import rewrite
from tracking.models import Link

HREF = "https://www.example.com/"


def recorded(html: str) -> int:
    """On how many links clicks are recorded."""
    made = rewrite.rewrite(html, "-", postal_address="", clicks=True, opens=False)
    return len(made.links)


@pytest.mark.parametrize(
    "text",
    [
        "https://www.example.com/",
        "HTTPS://WWW.EXAMPLE.COM",
        "http:\\\\example.com",
        "www.example.com",
        "WWW2.example.com/path?a=b#c",
        "example.com",
        "Example.CO.UK:8080/",
        "example.com/a/b",
        " \n  example.com \t",
        "<b>www</b>.<i>example</i>.<u>com</u>",
        "<span>https://</span> <span>www.example.com</span>",
        "https://<wbr>www.example<wbr>.com",
        "www.&#8203;example&shy;.com",
        "&#104;ttps&colon;&sol;&sol;example.com",
        "www&period;example&nbsp;.com",
        "<!-- x -->example<!-- y -->.com<style>a{}</style>",
        "(example.com)",
        "→ example.com »",
        "“www.example.com”.",
        "例え.jp",
        "https://例え。テスト/道",
        "bücher.example",
        "пример.рф",
        "xn--e1afmkfd.xn--p1ai",
        "ｗｗｗ．ｅｘａｍｐｌｅ．ｃｏｍ",
        "ftp://files.example.com",
        "https://192.0.2.1/",
        "https://[2001:db8::1]/",
        "https://example.com/{{ name }}",
        "{% if x %}www.example.com{% endif %}",
        "https://example.com is our shop",
    ],
)
def test_a_link_that_shows_an_address_is_left_alone(text: str) -> None:
    html = f'<p><a href="{HREF}">{text}</a></p>'
    assert recorded(html) == 0
    assert rewrite.rewrite(html, "-", postal_address="", clicks=True, opens=False).html.startswith(
        html
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Click here",
        "Read more. It is new",
        "Hello. World",
        "Shop now at example.com",
        "info@example.com",
        "version 1.2",
        "1.5",
        "9.99",
        "e.g.",
        "你好。世界",
        "and/or",
        "10:30",
        "https",
        "www",
        "{{ name }}",
        '<img src="x.png" alt="https://www.example.com/">',
        "<style>www.example.com</style>Shop",
        "example.com " * 300,
    ],
)
def test_a_link_that_shows_words_is_recorded(text: str) -> None:
    assert recorded(f'<a href="{HREF}">{text}</a>') == 1


@pytest.mark.parametrize(
    ("html", "links"),
    [
        ('<a href="{0}">Shop</a> www.example.com', 1),
        ('<a href="{0}">Shop</a><a name=x>www.example.com</a>', 1),
        ('www.example.com <a href="{0}">Shop', 1),
        ('<a href="{0}">www.example.com<a href="{0}">Shop</a>', 1),
        ('<a href="{0}">Shop<a href="{0}">www.example.com</a>', 1),
        ('<map><area href="{0}"></map>www.example.com', 1),
        ('<!--[if mso]><a href="{0}">www.example.com</a><![endif]-->', 0),
        ('<!--[if mso]><v:rect href="{0}"><center>example.com</center></v:rect><![endif]-->', 0),
        ('<!--[if mso]><v:rect href="{0}" /><p>example.com</p><![endif]-->', 1),
        ('<a href="{0}?q={{{{ email }}}}">www.example.com</a>', 0),
    ],
)
def test_a_text_belongs_to_the_link_around_it(html: str, links: int) -> None:
    assert recorded(html.format(HREF)) == links


@pytest.mark.django_db
def test_a_launch_makes_no_link_of_one_that_shows_an_address() -> None:
    frozen(f'<a href="{HREF}a">Shop</a><a href="{HREF}b">www.example.com</a>')
    assert [link.destination for link in Link.objects.all()] == [f"{HREF}a"]


def test_staff_are_told_which_links_show_addresses() -> None:
    link = '<a href="https://x.test/">www.<b>x.test</b></a>'
    (notice,) = rewrite.notices(link)
    assert notice.startswith("1 link has a web address for a text (www.x.test). Such a link stays")
    (notice,) = rewrite.notices(link * 7)
    assert notice.startswith("7 links have a web address for a text (www.x.test, www.x.test, ")
    assert rewrite.notices('<a href="mailto:a@x.test">x.test</a><a href="#">x.test</a>') == []


def test_only_the_beginning_of_a_long_text_counts() -> None:
    assert is_address("https://example.com/" + "a" * 10_000)
    assert not is_address("example.com/" + "a" * 10_000)
