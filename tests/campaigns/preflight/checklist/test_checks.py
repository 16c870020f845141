"""Each check, on messages that have one thing wrong and on their likes that have nothing wrong."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.preflight.checklist import work
from campaigns.preflight.checklist.findings import Finding, Level
from campaigns.preflight.checklist.message import Message, Written

WAY_OUT = '<a href="{{ unsubscribe_url }}">Unsubscribe</a>'


def checked(**written: Any) -> dict[str, Finding]:
    rest = {name: written.pop(name) for name in ("frozen_html",) if name in written}
    message = Message(Written(**{"subject": "Spring", **written}), **rest)
    return {found.check: found for found in work.found_in(message)}


def found_in_html(html: str) -> dict[str, Finding]:
    return checked(html=html)


@pytest.mark.parametrize(
    ("subject", "check"),
    [
        ("  ", "empty_subject"),
        ("s" * 41, "long_subject"),
        ("春" * 21, "long_subject"),
        ("Re: your order", "false_reply"),
        ("回复： 订单", "false_reply"),
        ("AW: Ihr Auftrag", "false_reply"),
        ("Last chance for shoes", "claims"),
        ("Sale ends tonight", "claims"),
        ("A free coat for you", "claims"),
        ("Only 3 hours left", "claims"),
    ],
)
def test_a_subject_is_found(subject: str, check: str) -> None:
    assert check in checked(subject=subject)


@pytest.mark.parametrize(
    "subject",
    [
        "s" * 40,
        "{{ name }}, " + "s" * 38,
        "Regarding your order",
        "Report: the year",
        "Sugar-free recipes",
        "Feel free to reply",
        "The last of the apples",
    ],
)
def test_an_honest_subject_is_not(subject: str) -> None:
    assert not {"empty_subject", "long_subject", "false_reply", "claims"} & set(
        checked(subject=subject)
    )


def test_a_long_subject_is_shown_as_phones_cut_it() -> None:
    found = checked(subject="a" * 39 + " " + "b" * 30)["long_subject"]
    assert found.level == Level.WARNING and "“" + "a" * 39 + "…”" in found.means


@pytest.mark.parametrize(
    ("subject", "in_china", "is_found"),
    [("促销", 3, True), ("广告：促销", 3, False), ("[AD] Sale", 3, False), ("Adverts", 1, True),
     ("促销", 0, False)],
)  # fmt: skip
def test_a_label_is_asked_for_where_recipients_are_in_china(
    subject: str, in_china: int, is_found: bool
) -> None:
    message = Message(Written(subject=subject), in_china=in_china, asks_for_label=True)
    assert ("china_label" in {each.check for each in work.found_in(message)}) is is_found


@pytest.mark.parametrize(
    ("href", "check"),
    [
        ("", "links_empty"),
        ("#", "links_empty"),
        ("#nowhere", "links_form"),
        ("www.example.com", "links_form"),
        ("/page", "links_form"),
        ("//example.com/page", "links_form"),
        ("https//example.com", "links_form"),
        ("https:/example.com", "links_form"),
        ("http://exa mple.com", "links_form"),
        ("https://example", "links_form"),
        ("htps://example.com", "links_form"),
        ("javascript:alert(1)", "links_form"),
        ("mailto:", "links_form"),
        ("http://example.com", "links_http"),
        ("http://example.com/{{ name }}", "links_http"),
        ("https://localhost/", "links_private"),
        ("https://127.1/", "links_private"),
        ("https://2130706433/", "links_private"),
        ("https://[::1]:8000/", "links_private"),
        ("https://10.0.0.7/", "links_private"),
        ("https://shop.internal/", "links_private"),
        ("https://93.184.216.34/", "links_private"),
        ("https://bank.example.com@evil.example/", "links_user"),
    ],
)
def test_a_broken_link_is_found(href: str, check: str) -> None:
    assert check in found_in_html(f'<p>\n<a href="{href}">here</a></p>')


@pytest.mark.parametrize(
    "href",
    [
        "https://example.com",
        " https://example.com/a?b=c&amp;d=e#f ",
        "https://bücher.example/ä",
        "https://{{ shop }}/",
        "{{ link }}",
        "{{ unsubscribe_url }}",
        "mailto:news@example.com?subject=Hi",
        "tel:+4930123456",
        "#top",
    ],
)
def test_a_good_link_is_not(href: str) -> None:
    found = found_in_html(f'<a href="{href}">here</a>')
    assert not [check for check in found if check.startswith("links_")]


@pytest.mark.parametrize(
    ("text", "href", "is_found"),
    [
        ("https://bank.example", "https://evil.example/", True),
        ("www.bank.example", "https://bank.example.evil.example/", True),
        ("bank.example/login", "https://evil.example/{{ id }}", True),
        ("<b>bank</b>.example", "https://evil.example/", True),
        ("service@bank.example", "mailto:me@evil.example", True),
        ("www.bank.example", "https://bank.example/login", False),
        ("https://bank.example/a", "http://www.bank.example/b", False),
        ("our bank", "https://evil.example/", False),
        ("Service@bank.example", "mailto:service@bank.example?subject=x", False),
        ("https://bank.example", "{{ link }}", False),
    ],
)
def test_a_text_that_shows_another_address_is_found(text: str, href: str, is_found: bool) -> None:
    assert ("forged_texts" in found_in_html(f'<a href="{href}">{text}</a>')) is is_found


def test_a_finding_names_its_lines_and_how_many_there_are() -> None:
    html = "<p>\n" + '<a href="http://example.com/">x</a>\n' * 7
    found = found_in_html(html)["links_http"]
    assert [(place.field, place.line) for place in found.places] == [
        ("html", line) for line in range(2, 7)
    ]
    assert (found.number, found.more) == (7, 2)


def test_in_mjml_the_line_is_that_of_the_mjml() -> None:
    mjml = '<mjml>\n<mj-button href="http://example.com/?a=1&amp;b=2">x</mj-button></mjml>'
    html = '<a href="http://example.com/?a=1&amp;b=2">x</a>'
    found = checked(html=html, mjml=mjml, kind="mjml")["links_http"]
    assert [(place.field, place.line) for place in found.places] == [("mjml", 2)]


def test_in_blocks_the_place_is_the_number_of_the_block() -> None:
    blocks = [("k1", ["Hello"]), ("k2", ["Buy", "http://example.com/"])]
    html = '<a href="http://example.com/">Buy</a>'
    found = checked(html=html, blocks=blocks, kind="blocks")["links_http"]
    assert [(place.block, place.block_id) for place in found.places] == [(2, "k2")]


def test_what_mjml_is_made_into_is_not_held_against_its_author() -> None:
    html = "<style>.x{position:relative}</style><p style='display:flex'>x</p>"
    found = checked(html=html, mjml="<mj-text css-class='x'>display:flex</mj-text>", kind="mjml")
    assert "dropped_css-display-flex" in found and "dropped_css-position" not in found


@pytest.mark.parametrize(
    ("image", "check"),
    [
        ('<img src="https://x.example/a.png" width="9">', "alternative_texts"),
        ('<a href="https://x.example"><img src="https://x.example/a.png" alt=""></a>',
         "alternative_texts"),
        ('<img src="/a.png" alt="A" width="9">', "images_form"),
        ('<img src="" alt="A" width="9">', "images_form"),
        ('<img src="http://x.example/a.png" alt="A">', "images_http"),
        ('<img src="https://x.example/a.png" alt="A">', "image_sizes"),
        ('<img src="https://x.example/a.png" alt="A" width="9">', "images_and_text"),
        ('<img src="data:image/png;base64,AAAA" alt="A" width="9">', "dropped_image-base64"),
        ('<img src="https://x.example/a.avif?v=1" alt="A" width="9">', "dropped_image-avif"),
    ],
)  # fmt: skip
def test_an_image_is_found(image: str, check: str) -> None:
    assert check in found_in_html(image)


def test_an_image_with_all_that_it_needs_is_not() -> None:
    image = '<img src="https://x.example/a.png" alt="Our shop" width="600" height="200">'
    pixel = '<img src="https://x.example/p.gif" width="1" height="1">'
    found = found_in_html(f"<p>{'Words. ' * 30}</p>{image}{pixel}")
    assert not [check for check in found if "image" in check or "alternative" in check]


@pytest.mark.parametrize(
    ("html", "check"),
    [
        ("<style>.a { position : absolute }</style>", "dropped_css-position"),
        ("<p style='position:sticky'>x</p>", "dropped_css-position"),
        ("<div style='display: inline-flex'>x</div>", "dropped_css-display-flex"),
        ("<style>p{display:grid}</style>", "dropped_css-display-grid"),
        ("<style>p{color:var(--x)}</style>", "dropped_css-variables"),
        ("<style>@import url(https://x.example/a.css);</style>", "dropped_css-at-import"),
        ("<link rel='stylesheet' href='https://x.example/a.css'>", "dropped_html-link"),
        ("<form action='https://x.example'><input></form>", "dropped_html-form"),
        ("<video src='https://x.example/a.mp4'></video>", "dropped_html-video"),
        ("<svg><path d=''/></svg>", "dropped_html-svg"),
        ("<script>alert(1)</script>", "never_shown_script"),
        ("<iframe src='https://x.example'></iframe>", "never_shown_iframe"),
    ],
)
def test_what_programs_drop_is_found(html: str, check: str) -> None:
    assert found_in_html(html)[check].level == Level.WARNING


@pytest.mark.parametrize(
    "html",
    [
        "<style>/* position:absolute */ p{position:static;background-position:0 0}</style>",
        "<!--[if mso]><style>p{position:absolute}</style><![endif]-->",
        "<p>position:absolute <a href='https://x.example'>display:flex</a></p>",
        "<link rel='icon' href='https://x.example/a.png'>",
    ],
)
def test_what_programs_show_is_not(html: str) -> None:
    assert not [check for check in found_in_html(html) if check.startswith(("dropped", "never"))]


def test_what_a_style_asks_for_is_not_what_it_uses() -> None:
    found = found_in_html("<style>@supports (display:grid) { p { color: red } }</style>")
    assert "dropped_css-display-grid" not in found


def test_the_programs_that_drop_it_are_named_as_caniemail_has_them() -> None:
    """caniemail.com, `position`, last tested 2021-05-16: none of Gmail's apps, nor Outlook for
    Windows."""
    found = found_in_html("<p style='position:fixed'>x</p>")["dropped_css-position"]
    assert found.what == (
        "“position” is dropped by Gmail, Outlook for Windows, Outlook for iOS and Mail.ru."
    )
    assert "caniemail.com, 2021-05-16" in found.means


@pytest.mark.parametrize(
    "frozen",
    [
        "<p>No link</p>",
        '<a href="{{ unsubscribe_url }}"></a>',
        '<p style="display:none"><a href="{{ unsubscribe_url }}">Unsubscribe</a></p>',
        '<a href="{{ unsubscribe_url }}" style="font-size:0">Unsubscribe</a>',
        f"<!-- a comment without an end {WAY_OUT}",
        f"<style>p {{}} {WAY_OUT}",
        f"{{% if vip %}}{WAY_OUT}{{% endif %}}",
    ],
)
def test_without_a_way_out_that_everyone_sees_nothing_is_launched(frozen: str) -> None:
    found = checked(html=frozen, frozen_html=frozen)["unsubscribe_link"]
    assert found.level == Level.BLOCKER


@pytest.mark.parametrize(
    "frozen",
    [
        WAY_OUT,
        f'<td style="font-size:0px"><div style="font-size:13px">{WAY_OUT}</div></td>',
        '<a href="{{ unsubscribe_url }}"><img src="https://x.example/a.png" alt="Out"></a>',
    ],
)
def test_a_way_out_that_is_seen_will_do(frozen: str) -> None:
    assert "unsubscribe_link" not in checked(html=frozen, frozen_html=frozen)


@pytest.mark.parametrize(
    ("said", "is_found"),
    [
        ("Hello", True),
        ("5 ideas for the spring", True),
        ("Example Inc., 1 Main Street, Springfield", False),
        ("PO Box 12, Townsville", False),
        ("Musterweg 3, 12345 Berlin", False),
        ("北京市朝阳区建国路88号", False),
        ("{{ company_address }}", False),
    ],
)
def test_a_postal_address_is_looked_for(said: str, is_found: bool) -> None:
    frozen = f"<p>{said}</p>{WAY_OUT}"
    assert ("postal_address" in checked(html=frozen, frozen_html=frozen)) is is_found


def test_a_senders_address_that_the_message_does_not_show_is_missing() -> None:
    written = Written(subject="x", html=WAY_OUT)
    message = Message(written, frozen_html=WAY_OUT, postal_address="1 Main Street")
    found = {each.check: each for each in work.found_in(message)}
    assert "a way out of its own" in found["postal_address"].what


@pytest.mark.parametrize(
    ("text", "check"),
    [
        ("", "no_text_part"),
        ("Hello from another letter", "different_text"),
        ("https://other.example/ " + "completely different words here " * 9, "different_text"),
        ("Hello, see https://www.shop.example/x", None),
    ],
)
def test_the_plain_text_is_compared(text: str, check: str | None) -> None:
    found = checked(html='<p>Hello <a href="https://shop.example/">shop</a></p>', text=text)
    assert ({"no_text_part", "different_text"} & set(found)) == ({check} if check else set())


def test_a_large_message_is_checked_in_its_worker() -> None:
    row = '<tr><td style="color:#222"><a href="https://example.com/p?x=1">Words</a></td></tr>\n'
    html = f"<table>{row * (1_000_000 // len(row))}</table>"
    found = work.of_message({"subject": "x", "html": html}, {"frozen_html": html})
    assert "unsubscribe_link" in {each.check for each in found}
