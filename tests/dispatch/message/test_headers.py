"""Everything made is parsed by the standard library, which must find no defect in it."""

from __future__ import annotations

import email
import email.policy
import re
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.errors import MessageError
from dispatch.message.headers import as_bytes, envelope
from dispatch.message.message import Message
from tests.dispatch.providers.samples import a_message

LANGUAGES = {
    "English": "The quick brown fox jumps over the lazy dog",
    "Chinese": "春季特卖，全场五折起，欢迎光临我们的商店选购心仪的商品",
    "Japanese": "春のセール　いろはにほへとちりぬるを",
    "Korean": "다람쥐 헌 쳇바퀴에 타고파",
    "Arabic": "نص حكيم له سر قاطع وذو شأن عظيم",
    "Hebrew": "דג סקרן שט בים מאוכזב",
    "Russian": "Съешь же ещё этих мягких французских булок",
    "Greek": "Ξεσκεπάζω την ψυχοφθόρα βδελυγμία",
    "German": "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich",
    "French": "Portez ce vieux whisky au juge blond qui fume",
    "Turkish": "Pijamalı hasta yağız şoföre çabucak güvendi",
    "Vietnamese": "Tiếng Việt có dấu ở khắp nơi",
    "Thai": "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า",
    "Hindi": "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा",
    "Tamil": "யாமறிந்த மொழிகளிலே தமிழ்மொழி",
    "emoji": "🎉 50 % off 👩‍👩‍👧‍👦 🏳️‍🌈 today",
    "combining": "e\u0301a\u0308 o\u0328",
}
ANY_LINE = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=150
) | st.text('aé 春=?_."(', max_size=150)
INJECTIONS = [
    "a\r\nBcc: eve@example.net",
    "a\nBcc: eve@example.net",
    "a\rBcc: eve@example.net",
    "a\x00b",
    "a\x0bBcc: eve@example.net",
    "a\x0cb",
    "a\x1cb",
    "a\x85b",
    "a\u2028b",
    "a\u2029b",
    "é\r\n\r\n<p>body</p>",
    "a\r\n",
    "\ud800",
]


def parsed(message: Message) -> EmailMessage:
    data = as_bytes(message)
    assert data.isascii()
    assert b"\n" not in data.replace(b"\r\n", b"") and b"\r" not in data.replace(b"\r\n", b"")
    assert max(map(len, data.split(b"\r\n"))) <= 998
    assert b"\0" not in data
    assert not any(line.startswith(b".") for line in data.split(b"\r\n"))
    result = email.message_from_bytes(data, policy=email.policy.SMTP)
    for part in result.walk():
        assert part.defects == []
    for name, header in result.items():
        assert getattr(header, "defects", ()) == (), name
    return result


def content(message: Message, subtype: str) -> str:
    body = parsed(message).get_body((subtype,))
    assert body is not None
    return str(body.get_content())


def lines(text: str) -> str:
    """`text` as it arrives: with one kind of line end, one at the end included."""
    return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\n") + "\n"


@pytest.mark.parametrize("text", LANGUAGES.values(), ids=LANGUAGES.keys())
def test_a_subject_arrives_in_any_language(text: str) -> None:
    assert parsed(a_message(subject=text))["Subject"] == text


@pytest.mark.parametrize("text", LANGUAGES.values(), ids=LANGUAGES.keys())
def test_a_long_subject_arrives_in_any_language(text: str) -> None:
    subject = " ".join([text] * 8)
    assert parsed(a_message(subject=subject))["Subject"] == subject


@pytest.mark.parametrize("text", LANGUAGES.values(), ids=LANGUAGES.keys())
def test_names_arrive_in_any_language(text: str) -> None:
    # The newer parser of Python 3.11 puts blanks between the encoded words of a name.
    result = email.message_from_bytes(as_bytes(a_message(from_name=text, to_name=text)))
    for header, address in (("From", "hello@news.example.com"), ("To", "ann@example.org")):
        name, found = parseaddr(result[header])
        assert (str(make_header(decode_header(name))), found) == (text, address)


@settings(deadline=None)
@given(ANY_LINE)
def test_any_subject_and_any_name_arrive(text: str) -> None:
    message = a_message(subject=text, from_name=text)
    expected = re.sub(" +", " ", text).strip(" ")
    assert parsed(message)["Subject"] == expected
    name, address = parseaddr(email.message_from_bytes(as_bytes(message))["From"])
    assert (str(make_header(decode_header(name))), address) == (expected, "hello@news.example.com")


@pytest.mark.parametrize("text", LANGUAGES.values(), ids=LANGUAGES.keys())
def test_both_parts_arrive_in_any_language(text: str) -> None:
    message = a_message(text=f"{text}\n" * 9, html=f"<p>{text}</p>\n" * 9)
    assert lines(content(message, "plain")) == message.text
    assert lines(content(message, "html")) == message.html


@pytest.mark.parametrize(
    "text",
    [
        "",
        "one line",
        "two\nlines\n",
        "windows\r\nlines\r\n",
        "mac\rlines\r",
        "mixed\r\n\n\r\r\nends",
        ".\n..\n.dot\n\n.\n",
        "From me\n>From you\n",
        "trailing blanks   \nand tabs\t\t\n",
        "a=b =3D =\n=?utf-8?q?no?=\n",
        "nul \x00 bell \x07 form \x0c feed",
        "x" * 998,
        "x" * 999,
        "é" * 5000,
        "é" + "x" * 5000,
        "x " * 60_000,
        "<td>" * 30_000,
        "\n" * 50,
        "--=_boundary\n--\n",
    ],
    ids=lambda text: repr(text[:20]),
)
def test_a_body_of_any_shape_arrives(text: str) -> None:
    assert lines(content(a_message(text=text, html="<p>x</p>" + text), "html")) == lines(
        "<p>x</p>" + text
    )
    if text:
        assert lines(content(a_message(text=text), "plain")) == lines(text)


def test_the_text_comes_before_the_html() -> None:
    types = [part.get_content_type() for part in parsed(a_message()).walk()]
    assert types == ["multipart/alternative", "text/plain", "text/html"]


@pytest.mark.parametrize(("missing", "left"), [("text", "text/html"), ("html", "text/plain")])
def test_a_message_with_one_part_is_not_wrapped(missing: str, left: str) -> None:
    assert parsed(a_message(**{missing: ""})).get_content_type() == left


def test_a_hundred_kilobytes_of_html_arrive() -> None:
    html = '<table><tr><td style="color:#333">Größe &amp; Preis</td></tr></table>' * 1500
    assert len(html) > 100_000
    assert lines(content(a_message(html=html), "html")) == html + "\n"


@pytest.mark.parametrize("value", INJECTIONS, ids=ascii)
@pytest.mark.parametrize(
    "field", ["subject", "from_name", "to_name", "from_email", "to_email", "reply_to", "message_id"]
)
def test_no_header_can_be_injected(field: str, value: str) -> None:
    with pytest.raises(MessageError):
        as_bytes(a_message(**{field: value}))


@pytest.mark.parametrize("value", INJECTIONS, ids=ascii)
def test_no_header_can_be_injected_by_an_extra_header(value: str) -> None:
    with pytest.raises(MessageError):
        as_bytes(a_message(headers={"List-Id": value}))
    with pytest.raises(MessageError):
        as_bytes(a_message(headers={value: "x"}))


@pytest.mark.parametrize(
    "name", ["Bcc", "from", "Content-Type", "DATE", "X Y", "X:", "", "Ü", ".X"]
)
def test_an_extra_header_can_replace_none_of_ours(name: str) -> None:
    with pytest.raises(MessageError):
        as_bytes(a_message(headers={name: "x"}))


def test_each_of_our_headers_is_there_once() -> None:
    result = parsed(a_message(reply_to="desk@example.com", headers={"X-Campaign": "7"}))
    for name in ("From", "To", "Reply-To", "Subject", "Message-ID", "Date", "X-Campaign"):
        assert len(result.get_all(name, [])) == 1, name


@pytest.mark.parametrize("tokens", [1, 30])
def test_the_message_id_arrives_unchanged(tokens: int) -> None:
    message_id = f"<{'a1b2c3d4e5' * tokens}@news.example.com>"
    data = as_bytes(a_message(message_id=message_id))
    assert f"\r\nMessage-ID: {message_id}\r\n".encode() in data


def test_a_long_address_in_an_extra_header_is_not_broken() -> None:
    url = "<https://news.example.com/u/" + "t" * 400 + ">"
    value = f"{url}, <mailto:unsubscribe@news.example.com?subject=u>"
    result = parsed(a_message(headers={"List-Unsubscribe": value}))
    assert result["List-Unsubscribe"] == value


def test_a_header_too_long_to_send_is_refused() -> None:
    with pytest.raises(MessageError):
        as_bytes(a_message(headers={"List-Unsubscribe": "<https://example.com/" + "t" * 1000}))


@pytest.mark.parametrize(
    "subject",
    ["", "=?utf-8?q?not_encoded?=", "x" * 3000, "blue " * 300 + "end", '(a) <b> "c" ; d, e: f'],
    ids=lambda text: text[:12],
)
def test_a_subject_of_any_shape_arrives(subject: str) -> None:
    assert parsed(a_message(subject=subject))["Subject"] == subject


@pytest.mark.parametrize(
    "name", ['Ann "The Boss" O\'Hara', "Doe, Ann", "a\\b", "<x@example.net>", "a@b", "=?x?q?y?="]
)
def test_a_name_cannot_pass_for_an_address(name: str) -> None:
    (mailbox,) = parsed(a_message(from_name=name))["From"].addresses
    assert (mailbox.display_name, mailbox.addr_spec) == (name, "hello@news.example.com")


def test_an_international_domain_travels_as_a_labels() -> None:
    message = a_message(to_email="ann@faß.example", from_email="hi@例え.テスト")
    assert envelope(message).recipient == "ann@xn--fa-hia.example"
    assert envelope(message).sender == "hi@xn--r8jz45g.xn--zckzah"
    assert parsed(message)["To"].addresses[0].addr_spec == "ann@xn--fa-hia.example"


def test_a_recipient_beyond_ascii_is_the_only_thing_that_is_not_7_bit() -> None:
    message = a_message(to_email="用户@例子.test", to_name="用户", subject="春季特卖", html="é")
    data = as_bytes(message)
    to = "To: =?utf-8?b?55So5oi3?= <用户@xn--fsqu00a.test>\r\n".encode()
    assert data.count(to) == 1
    assert data.replace(to, b"").isascii()
    assert envelope(message).recipient == "用户@xn--fsqu00a.test"


def test_a_recipient_beyond_ascii_is_read_back() -> None:
    message = a_message(to_email="jürgen.ñandú@example.org", to_name="Doe, Jürgen")
    # The parser of bytes does not decode UTF-8 in headers.
    result = email.message_from_string(as_bytes(message).decode(), policy=email.policy.SMTPUTF8)
    (mailbox,) = result["To"].addresses
    assert (mailbox.display_name, mailbox.addr_spec) == (message.to_name, message.to_email)


@pytest.mark.parametrize(
    ("address", "needs_utf8"),
    [("jürgen@example.org", True), ("ann@bücher.example", False), ("ann@example.org", False)],
)
def test_only_a_recipient_beyond_ascii_needs_smtputf8(address: str, needs_utf8: bool) -> None:
    assert envelope(a_message(to_email=address)).needs_utf8 is needs_utf8


@pytest.mark.parametrize("field", ["from_email", "reply_to"])
def test_our_own_addresses_stay_in_ascii(field: str) -> None:
    with pytest.raises(MessageError):
        as_bytes(a_message(**{field: "jürgen@example.org"}))


@pytest.mark.parametrize(
    "address",
    [
        "ann",
        "@example.org",
        "ann@",
        "a b@example.org",
        "<a@example.org>",
        "a@b@example.org",
        "ann@exa mple.org",
        "ann@-x-.example",
        '"a"@example.org',
        "a,b@example.org",
        "用\x00户@example.org",
        "用\r\n户@example.org",
        "用\x85户@example.org",
        "用 户@example.org",
        "用\u3000户@example.org",
        "用\u00a0户@example.org",
        "用\u2028户@example.org",
        "用\u200b户@example.org",
        "用\u202e户@example.org",
        "用\ud800户@example.org",
        '"用户"@example.org',
        "<用户@example.org",
        "用>户@example.org",
        "用,户@example.org",
        "用;户@example.org",
        "用(户)@example.org",
        "用@户@example.org",
        "用\\户@example.org",
        "用" * 65 + "@example.org",
    ],
    ids=ascii,
)
def test_an_address_that_cannot_travel_is_refused(address: str) -> None:
    with pytest.raises(MessageError):
        envelope(a_message(to_email=address))


def test_blanks_beyond_ascii_are_part_of_the_text() -> None:
    assert parsed(a_message(subject="\xa0"))["Subject"] == "\xa0"
