"""What is made from pieces is, once parsed, what the standard library makes of the whole."""

from __future__ import annotations

import email
import email.policy
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from campaigns.rendering.content import Rendered, compile_html, compile_text, render
from campaigns.rendering.precompiled import Pieces
from dispatch.message.body import body
from dispatch.message.headers import as_bytes, as_data
from tests.campaigns.rendering.by_liquid import by_liquid
from tests.dispatch.providers.samples import a_message

NEWSLETTER = (Path(__file__).parents[2] / "data" / "newsletter.html").read_text("utf-8")
HOSTILE = {
    "nothing": "",
    "latin": "Zwölf Boxkämpfer jagen Viktor",
    "chinese": "春季特卖，全场五折起，欢迎光临我们的商店选购心仪的商品",
    "japanese": "いろはにほへとちりぬるを",
    "korean": "다람쥐 헌 쳇바퀴에 타고파",
    "arabic": "نص حكيم له سر قاطع وذو شأن عظيم",
    "hebrew": "דג סקרן שט בים מאוכזב",
    "russian": "Съешь же ещё этих мягких французских булок",
    "thai": "เป็นมนุษย์สุดประเสริฐเลิศคุณค่า",
    "hindi": "ऋषियों को सताने वाले दुष्ट राक्षसों के राजा",
    "emoji": "🎉 👩‍👩‍👧‍👦 🏳️‍🌈",
    "combining": "e\u0301a\u0308 o\u0328" + "\u0301" * 300,
    "right to left marks": "a\u202eb\u202c\u200f\u2066c\u2069",
    "long line": "x" * 5000,
    "long foreign line": "é" * 5000,
    "long line of blanks": " " * 2000 + "x",
    "as long as a line may be": "x" * 75,
    "longer by one": "x" * 76,
    "dot": ".",
    "dots": ".\n..\n.a\n\n.\n",
    "many dots": "." * 300,
    "final dot": "a\n.\nMAIL FROM:<eve@example.net>\n",
    "lone carriage return": "a\rb\r",
    "lone line feed": "a\nb\n",
    "line ends": "a\r\nb\r\n",
    "mixed line ends": "\r\n\n\r\r\n",
    "begins with a line end": "\na",
    "nul and controls": "a\0b\x01\x07\x08\x0b\x0c\x1b\x7f\x80\x85",
    "separators": "a\u2028b\u2029c\u00a0d\ufeffe",
    "8 bit": "\xff\xfe\xa0",
    "private and beyond": "\ue000\U0010ffff\ufffe",
    "liquid": '{{ name }} {% if x %} {{ "',
    "quotes": "\"'`<>&\\",
    "encoded words": "=?utf-8?q?no?= =?utf-8?b?bm8=?=",
    "quoted-printable": "a=b =3D =\n=E6=98=A5\n=",
    "blanks at line ends": "a  \nb\t\n \n\t \nc ",
    "from line": "From me\n>From you\n",
    "headers": "a\r\nBcc: eve@example.net\r\n\r\nb",
    "boundary": "a\n--=_alternative\n--=_alternative--\n",
}
TEXTS = st.one_of(
    st.sampled_from(sorted(HOSTILE.values())),
    st.text(max_size=40),
    st.text("ab =.\r\n\té春🎉", max_size=90),
)


@dataclass(frozen=True)
class Content:
    html: str
    text: str
    subject: str = "{{ a }}"
    preview_text: str = ""


def by_the_standard_library(rendered: Rendered) -> EmailMessage:
    message = EmailMessage(policy=email.policy.SMTP)
    message["Subject"] = rendered.subject
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    return reread(message.as_bytes())


def reread(data: bytes) -> EmailMessage:
    return email.message_from_bytes(data, policy=email.policy.SMTP)


def travels(rendered: Rendered) -> EmailMessage:
    """Encode and parse it; what travels is well formed."""
    data = as_bytes(a_message(rendered=rendered))
    lines = data.split(b"\r\n")
    assert data.isascii() and b"\0" not in data
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert not any(line.startswith(b".") for line in lines)
    assert max(map(len, lines)) <= 998
    assert as_data(a_message(rendered=rendered)).endswith(b"\r\n.\r\n")
    result = reread(data)
    for part in result.walk():
        assert part.defects == []
        if part.get("Content-Transfer-Encoding", "7bit") != "7bit":
            assert max(map(len, str(part.get_payload()).splitlines())) <= 76
    return result


def said(message: EmailMessage) -> tuple[str, list[str], dict[str, str]]:
    """Subject, types and texts of a parsed message."""
    parts = [part for part in message.walk() if not part.is_multipart()]
    texts = {part.get_content_subtype(): unix(part.get_content()) for part in parts}
    return message["Subject"], [part.get_content_type() for part in message.walk()], texts


def unix(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


def in_pieces(*fixed: str) -> tuple[bytes, ...]:
    return tuple(piece.encode() for piece in fixed)


def assert_arrives(html: Pieces, text: Pieces) -> None:
    rendered = Rendered("Spring sale", html, text)
    assert said(travels(rendered)) == said(by_the_standard_library(rendered))


@pytest.mark.parametrize(
    "around", ["<td>=</td>", "春天来了", ""], ids=["markup", "chinese", "bare"]
)
@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_value_arrives(value: str, around: str) -> None:
    fixed = in_pieces(around, around * 3, f"{around}\n")
    pieces = Pieces(fixed, [value.encode(), value.encode() * 2])
    assert_arrives(pieces, pieces)


@pytest.mark.parametrize("value", ["", "x", "\n", "春"], ids=ascii)
@pytest.mark.parametrize("fixed", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_template_arrives(fixed: str, value: str) -> None:
    pieces = Pieces(in_pieces(fixed, fixed, f"{fixed}$"), [value.encode(), value.encode()])
    assert_arrives(pieces, Pieces.of("x"))


@settings(deadline=None)
@given(st.data(), st.lists(TEXTS, min_size=1, max_size=6))
def test_any_pieces_arrive(data: st.DataObject, fixed: list[str]) -> None:
    count = len(fixed) - 1
    values = data.draw(st.lists(TEXTS, min_size=count, max_size=count))
    pieces = Pieces(in_pieces(*fixed), [value.encode() for value in values])
    assume(pieces)
    assert_arrives(pieces, pieces)


@settings(deadline=None)
@given(st.lists(st.text("aé春", max_size=5), min_size=2, max_size=8), st.integers(0, 5))
@example(["", "春" * 30, "", "a"], 1)
def test_base64_fits_together_wherever_the_triples_fall(fixed: list[str], length: int) -> None:
    stretches = in_pieces("春天来了" * 9, *fixed, "\n")
    values = [b"v" * ((length + at) % 4) for at in range(len(stretches) - 1)]
    rendered = Rendered("x", Pieces(stretches, values), Pieces.of(""))
    result = travels(Rendered("x", rendered.html_pieces, Pieces.of("x")))
    html = result.get_body(("html",))
    assert html is not None and html["Content-Transfer-Encoding"] == "base64"
    assert unix(html.get_content()) == rendered.html


@settings(deadline=None)
@given(TEXTS, TEXTS, TEXTS)
def test_a_rendered_template_arrives_as_python_liquid_renders_it(a: str, b: str, c: str) -> None:
    variables = {"a": a, "b": b, "c": c}
    html = "<p>{{ a }}{{ b }}\r\n{% if c %}春 {{ c }}{% endif %}</p>\n{{ d }}.{{ a | upcase }}"
    text = "Hello {{ a }},\r\n.{{ b }}\n\n{{ c | default: 'no' }}\n.\n-- \nUs"
    expected = {
        "plain": unix(by_liquid(text, variables, escape=False).strip()) + "\n",
        "html": unix(by_liquid(html, variables, escape=True)),
    }
    _, _, texts = said(travels(render(Content(html, text, subject="Hi"), variables)))
    assert texts["plain"] == expected["plain"]
    assert texts["html"] == expected["html"].removesuffix("\n") + "\n"


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE.keys())
def test_the_newsletter_arrives_whatever_the_variables_are(value: str) -> None:
    content = Content(compile_html(NEWSLETTER), compile_text(compile_html(NEWSLETTER)))
    variables = {"first_name": value, "company": value, "email": value, "a": "Spring"}
    rendered = render(content, variables)
    assert said(travels(rendered)) == said(by_the_standard_library(rendered))


@pytest.mark.parametrize("text", ["x\n", "é\n", "春\n"])
def test_a_megabyte_arrives(text: str) -> None:
    long = in_pieces(text * 500_000, f".{text}")
    assert_arrives(Pieces(long, [b"7"]), Pieces.of("x"))


@pytest.mark.parametrize("text", ["<td>.</td>\r\n" * 9000, "<p>春天</p>" * 9000])
def test_a_hundred_kilobytes_arrive(text: str) -> None:
    value = text.encode()
    assert_arrives(Pieces(in_pieces(text, text, text), [value, value]), Pieces.of("x"))


def test_what_is_fixed_is_encoded_once() -> None:
    fixed = in_pieces("<p>é = ", "</p>\n")
    first, second = (body(Rendered("x", Pieces(fixed, [v]), Pieces.of(""))) for v in (b"a", b"b"))
    assert [ours is theirs for ours, theirs in zip(first, second, strict=True)] == [
        True,  # the header
        True,
        False,
        True,
    ]
