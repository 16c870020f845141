"""Templates that are made to cost: each is compiled in time that is linear in its length, or ends
in an error that names the limit, and never takes the process along that asked for it.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from campaigns.models import Template
from campaigns.preflight import notices
from campaigns.preflight.checklist.document import Document
from campaigns.rendering import content, template_work
from campaigns.rendering.content import TemplateError, check, validate_template
from campaigns.rendering.html import hrefs, plain_text, shown_addresses
from campaigns.rendering.html.source import SourceTags, mask_liquid, unescape
from campaigns.rendering.liquid import environment
from sandbox import Failed, LimitReached
from tests.security.scaling import assert_linear, repeated
from tracking.links import rewrite as compiling

STYLE = "<style>p{color:red}</style>"
LIMIT = r"(takes more than 2 s of processor time|needs more than 512 MB|nested too deeply)"

# What is repeated, by what makes it costly where reading starts again for each.
HTML = {
    "unfinished tags": "<a",
    "unfinished tags with a space": "<a ",
    "unfinished values": "<a href='x",
    "values that are not closed": '<a b="',
    "values without white space between": '<a b="c"d="e',
    "alternating quotes": "<a href=\"' alt='\"",
    "unclosed comments": "<!--",
    "comments that nearly end": "<!-- --",
    "unclosed conditions": "<!--[if mso]>",
    "unclosed marked sections": "<![if x",
    "unclosed declarations": "<!doctype ",
    "unclosed instructions": "<?",
    "unclosed end tags": "</a",
    "half end tags": "</",
    "lone angles": "<",
    "unclosed style sheets": "<style>",
    "unclosed scripts": "<script></script ",
    "unclosed text areas": "<textarea>",
    "attributes without end": "<a a=1 ",
    "equals signs": "<a =",
    "slashes": "<a/",
    "ampersands": "&",
    "numbers": "&#1",
    "misnested elements": "<b><i></b></i>",
    "nested lists": "<ul><li>x",
    "nested tables": "<table><tr><td>",
    "nested elements": "<div>",
    "blanks": "<pre>" + " " * 50,
    "blank lines": "<pre> \t\n",
    "links": '<a href="x">',
    "hidden elements": "<p hidden>",
    "braces": "{ ",
}
LIQUID = {
    "raw without end": "{% raw %}",
    "raw in raw": "{% raw %}{% raw %}{% endraw %}",
    "doc without end": "{% doc %}",
    "comments without end": "{% comment %}",
    "unclosed outputs": "{{",
    "unclosed tags": "{%",
    "braces": "{",
    "outputs": "{{ a }}",
    "blanks": "{% raw ",
}


def find_tags(html: str) -> None:
    SourceTags(html)


def find_markup(source: str) -> None:
    for _ in environment.markup_in(source):
        pass


def find_blocks(source: str) -> None:
    environment.blocks_in(source)
    environment.raw_in(source)
    mask_liquid(source)


def find_hrefs(html: str) -> None:
    hrefs.hrefs_in(html)


def find_way_out(text: str) -> None:
    compiling._has_way_out(text)


@pytest.mark.parametrize("piece", HTML.values(), ids=HTML)
@pytest.mark.parametrize("read", [find_tags, plain_text.compile_text, find_hrefs, Document])
def test_reading_html_takes_time_in_proportion_to_its_length(
    read: Callable[[str], object], piece: str
) -> None:
    assert_linear(read, repeated(piece), largest=200_000)


@pytest.mark.parametrize("piece", LIQUID.values(), ids=LIQUID)
@pytest.mark.parametrize("read", [find_markup, find_blocks, plain_text.compile_text])
def test_finding_liquid_takes_time_in_proportion_to_the_template(
    read: Callable[[str], object], piece: str
) -> None:
    assert_linear(read, repeated(piece), largest=200_000)
    assert_linear(read, repeated(piece, before="{% raw %}", after="{% endraw %}"), largest=200_000)


@pytest.mark.parametrize(
    "piece",
    [
        "{% if a %}{% endif %}\n",
        "{% comment %}{% endcomment %}",
        "{% liquid if a\nendif %}",
        "{% raw %}{% endraw %}",
        "\n",
    ],
)
def test_finding_what_is_misplaced_takes_time_in_proportion_to_the_template(piece: str) -> None:
    source = repeated(piece, after="{% endif %}")
    assert_linear(parse, source, largest=200_000, raises=(environment.Problem,))


@pytest.mark.parametrize(
    "piece",
    [
        "<style>",
        "<style>}</style",
        "{",
        "{ ",
        "{ a",
        "{ { a",
        "{ { a } ",
        "{ a | b",
        "}",
        "{ %",
        "{ % a",
    ],
)
def test_looking_for_odd_braces_takes_time_in_proportion_to_the_template(piece: str) -> None:
    assert_linear(notices.braces, repeated(piece), largest=200_000)


@pytest.mark.parametrize("piece", ["{% raw %}", "{% doc %}", "{{", "{%", "{{ a", "{% raw %}{{"])
def test_what_is_not_closed_is_refused_in_time_in_proportion_to_the_template(piece: str) -> None:
    with pytest.raises(environment.Problem, match="without"):
        environment.parse(piece * 100, escape=True)
    assert_linear(parse, repeated(piece), largest=200_000, raises=(environment.Problem,))


def parse(source: str) -> None:
    environment.parse(source, escape=True)


@pytest.mark.parametrize(
    "piece",
    [
        "{{ unsubscribe_url | default: 'x' }}",
        "{% if a %}{{ unsubscribe_url }}{% endif %}",
        "{{ unsubscribe_url " + "| default " * 60 + "x }}",
        "{{ unsubscribe_url |",
        "{{unsubscribe_url|escape",
    ],
)
def test_looking_for_the_way_out_takes_time_in_proportion_to_the_text(piece: str) -> None:
    assert_linear(find_way_out, repeated(piece), largest=200_000)


@pytest.mark.parametrize(
    "html",
    [
        '<a href="https://x.test/{{ a }}">x</a>',
        '{% if a %}<a href="{{ unsubscribe_url }}">x</a>{% endif %}',
        "{% raw %}<a href='https://x.test/'>x</a>{% endraw %}",
        "<!--[if mso]><a href='https://x.test/'>x</a><![endif]-->",
        '{% assign a = 1 %}<a href="https://x.test/{{ a }}">x</a>',
    ],
)
def test_rewriting_links_takes_time_in_proportion_to_their_number(html: str) -> None:
    assert_linear(rewrite, repeated(html), largest=50_000)


def rewrite(html: str) -> None:
    compiling._rewritten(html, html, "", clicks=False, opens=True)
    scopes = compiling._Scopes(html)
    for href in hrefs.hrefs_in(html):
        compiling._personal(href, scopes)
        scopes.is_raw(href)


@pytest.mark.parametrize("piece", ["&", "&#", "&#9", "&#x9", "&a", "&amp", "//", "http://", "%"])
def test_reading_addresses_takes_time_in_proportion_to_their_length(piece: str) -> None:
    assert_linear(hrefs.destination_of, repeated(piece, before="https://x.test/"))
    assert_linear(hrefs.site_of, repeated(piece, before="https://"))


def test_a_number_of_thousands_of_digits_is_no_character() -> None:
    digits = "1" * 100_000
    assert unescape(f"&#{digits}; &#00065; &#65") == "\ufffd A A"
    check("Hi", f'<p title="&#{digits}">&#{digits};<a href="https://x.test/&#{digits}">x</a>', "")
    assert hrefs.destination_of("https://x.test/&#00065;") == "https://x.test/A"


HOSTILE = {
    "nested deeply, with a style sheet": STYLE + "<div>" * 20_000,
    "nested tables, with a style sheet": STYLE + "<table><tr><td>" * 40_000,
    "rules times elements": "<style>"
    + "".join(f"p{{--a{n}:#{n:06x}}}" for n in range(3_000))
    + "</style>"
    + '<p class="a1 b c2">x</p>' * 20_000,
    "formatting elements": STYLE + "<p><b>" * 100_000,
    "outputs": "{{ a }}" * 140_000,
    "paths in paths": "{{a[b]}}" * 120_000,
    "cases": "{%case a%}" + "{%when 1%}" * 95_000 + "{% endcase %}",
}


@pytest.mark.parametrize("html", HOSTILE.values(), ids=HOSTILE)
def test_what_is_too_costly_is_refused_and_names_the_limit(html: str) -> None:
    with pytest.raises(
        TemplateError, match=f"HTML: .*{LIMIT}.* Make it smaller or simpler"
    ) as error:
        check("Hi", html, "")
    assert error.value.part == "html"


def test_the_part_that_is_too_costly_is_named() -> None:
    with pytest.raises(TemplateError, match="Plain text: takes more than 2 s"):
        check("Hi", "<p>", "{{a[b]}}" * 120_000)


@pytest.mark.parametrize(
    "html",
    [
        "<pre>" + " " * 960_000,
        "<a" * 60_000,
        "<!--" * 100_000,
        "<!--[if mso]>" * 60_000,
        "<ul><li>x" * 60_000,
        "<div>" * 20_000,
        "<" * 900_000,
        "&" * 900_000,
        "{% raw %}" + "{{ " * 100_000 + "{% endraw %}",
    ],
    ids=lambda html: html[:20].strip(),
)
def test_what_was_costly_only_to_us_is_compiled(html: str) -> None:
    check("Hi", html, "-")
    assert isinstance(content.compile_text(html), str)


def test_a_large_newsletter_is_compiled() -> None:
    row = '<tr><td class="c">{{ x | default: "y" }}</td><td><a href="https://x.test/">z</a></td></tr>\n'
    html = f"{STYLE}<table>{row * 4_000}</table>"
    check("Hi", html, "")
    assert content.compile_text(html).count("https://x.test/") == 4_000


def test_a_model_gets_the_limit_as_an_error_on_its_field() -> None:
    template = Template(name="x", subject="x", html=HOSTILE["nested deeply, with a style sheet"])
    with pytest.raises(
        ValidationError, match="HTML is nested too deeply|HTML: is nested too deeply"
    ) as error:
        validate_template(template)
    assert list(error.value.message_dict) == ["html"]


def test_a_machine_that_fails_is_not_the_templates_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise Failed("all workers are busy")

    monkeypatch.setattr(template_work, "check_part", fail)
    with pytest.raises(ValidationError, match="Try again in a moment"):
        validate_template(Template(name="x", subject="x", html="<p>"))


def test_links_beyond_those_that_can_be_recorded_are_refused() -> None:
    html = '<a href="https://x.test/">' * (compiling.MAX_LINKS + 1)
    with pytest.raises(template_work.PartProblem) as error:
        compiling.rewrite(html, "-", postal_address="", clicks=True, opens=False)
    assert error.value.message.startswith(
        "has 1,001 links; clicks can be recorded on at most 1,000"
    )


def test_rewriting_ends_at_its_limit() -> None:
    with pytest.raises(LimitReached, match="2 s of processor time"):
        compiling.rewrite("{{ a }}" * 140_000, "-", postal_address="", clicks=True, opens=True)


@pytest.mark.parametrize(
    "piece", ["a.", "a-", "www", ". ", "aa", "_", "\u200b", "\ufdfa", "x:/", "a:", "://", "1."]
)
def test_judging_the_text_of_a_link_takes_time_in_proportion_to_its_length(piece: str) -> None:
    assert_linear(shown_addresses.is_address, repeated(piece))


@pytest.mark.parametrize(
    "piece",
    [
        '<a href="x">a.b',
        '<v:a href="x">y',
        "<a href=x><b>x</b>",
        "<a href=x>x<v:b href=x>" + "y<i>" * 60,
    ],
)
def test_reading_the_texts_of_links_takes_time_in_proportion_to_the_template(piece: str) -> None:
    assert_linear(find_hrefs, repeated(piece), largest=200_000)


@pytest.mark.parametrize(
    "html",
    [
        "{% if " + " and ".join(["a"] * 20_000) + " %}x{% endif %}",
        "{{ " + "a[" * 20_000 + "0" + "]" * 20_000 + " }}",
    ],
    ids=["conditions", "paths"],
)
def test_an_expression_without_end_is_named_for_staff(html: str) -> None:
    with pytest.raises(TemplateError, match="an expression has too many parts, or is nested"):
        check("Hello", html, "")
