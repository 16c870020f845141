"""Every sentence of the compiler of MJML and of the reader of XML is said in words of the product."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from xml.parsers import expat

import pytest
from mjml import mjml2html

from campaigns.rendering.mjml.reasons import OF_COMPILER, OF_XML, in_plain_words

HEAD = "<mjml><mj-head>{}</mj-head></mjml>"
NOT_PROVOKED = {"invalid format", "size limit reached"}
"""Of values and lengths that the compiler takes all the same, as far as is known."""
PROVOKED = [
    ("unexpected element", HEAD.format("<mj-text/>"), "an element stands where it cannot stand"),
    ("unexpected token", HEAD.format("words"), "something stands where it cannot stand"),
    ("unexpected end of stream", "<mjml><mj-body>", "it ends too early"),
    ("unable to find mjml element", "", "there is no <mjml>"),
    ("unable to parse next template", "<mjml></mjml><mjml></mjml>", "it cannot be read as MJML"),
    ("unable to parse next template", '<mjml><mj-body width="', "it cannot be read as MJML"),
    (
        "unable to load included template",
        '<mjml><mj-body><mj-include path="a.mjml"/></mj-body></mjml>',
        "no other file is read: <mj-include>",
    ),
    (
        "missing attribute",
        HEAD.format('<mj-attributes><mj-class color="red"/></mj-attributes>'),
        "the attribute “name” is missing",
    ),
    (
        "invalid attribute",
        '<mjml><mj-body><mj-include path="a" type="b"/></mj-body></mjml>',
        "the value of an attribute is not valid",
    ),
]
OF_THE_READER = [
    (b"<a></b>", "a tag is closed that is not open"),
    (b"<a>", "it ends too early"),
    (b"<a", "a tag does not end"),
    (b"<a>&euro;</a>", "there is no such character reference"),
    (b"<a>\xe2\x82", "a character is not complete"),
]


@pytest.mark.parametrize(("start", "mjml", "said"), PROVOKED)
def test_what_the_compiler_says_is_said_in_plain_words(start: str, mjml: str, said: str) -> None:
    with pytest.raises(ValueError, match=f"^{start}") as error:
        mjml2html(mjml)
    assert in_plain_words(str(error.value)) == said


def test_each_sentence_of_the_compiler_is_provoked() -> None:
    assert {start for start, *_ in PROVOKED} | NOT_PROVOKED == {start for start, _ in OF_COMPILER}


def test_the_compiler_still_says_what_was_not_provoked() -> None:
    found = find_spec("mjml")
    assert found is not None and found.origin
    [library] = Path(found.origin).parent.glob("*.so")
    text = library.read_bytes()
    assert {start for start in NOT_PROVOKED if start.encode() not in text} == set()


@pytest.mark.parametrize(("xml", "said"), OF_THE_READER)
def test_what_the_reader_of_xml_says_is_said_in_plain_words(xml: bytes, said: str) -> None:
    with pytest.raises(expat.ExpatError) as error:
        expat.ParserCreate().Parse(xml, True)
    assert in_plain_words(expat.ErrorString(error.value.code)) == said


def test_each_sentence_of_the_reader_is_provoked() -> None:
    assert {said for _, said in OF_THE_READER} == {said for _, said in OF_XML}


def test_what_is_not_known_stays_as_it_is() -> None:
    assert in_plain_words("the moon is down") == "the moon is down"
