"""Rendering: what reaches a recipient, and what a template may not do."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError

from campaigns.rendering import template_work
from campaigns.rendering.content import (
    RenderError,
    TemplateError,
    check,
    compile_html,
    compile_text,
    render,
    validate_template,
)
from campaigns.rendering.css import inline
from sandbox import pool

NEWSLETTER = (Path(__file__).parents[2] / "data" / "newsletter.html").read_text("utf-8")


@dataclass(frozen=True)
class Content:
    subject: str = "Hello"
    preview_text: str = ""
    html: str = "<p>Hello</p>"
    text: str = ""


def html_of(source: str, **variables: object) -> str:
    return render(Content(html=source), variables).html


def test_a_page_that_was_just_checked_is_not_read_again_to_inline_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pool, "is_worker", True)
    page = "<style>p{color:red}</style><p>read once</p>"
    template_work.check_part("html", page, makes_text=True)
    monkeypatch.setattr(inline, "_Inlining", None)
    assert '<p style="color: red;">' in template_work.compile_html(page)
    template_work.check_part("html", page, makes_text=True)


def test_variables_are_filled_in_everywhere() -> None:
    content = Content("For {{ name }}", "", "<p>{{ name }}</p>", "Dear {{ name }}")
    rendered = render(content, {"name": "Ann"})
    assert (rendered.subject, rendered.html, rendered.text) == (
        "For Ann",
        "<p>Ann</p>",
        "Dear Ann\n",
    )


def test_a_default_stands_in_for_a_missing_variable() -> None:
    assert html_of('{{ first_name | default: "friend" }}') == "friend"


def test_undefined_variables_come_out_empty() -> None:
    assert html_of("[{{ nobody.knows[3].this }}]") == "[]"


def test_a_variable_may_have_a_chinese_name() -> None:
    assert html_of("{{ 颜色 }}", 颜色="红") == "红"


def test_values_are_escaped_in_html_only() -> None:
    content = Content("{{ c }}", "", "<p>{{ c }}</p>", "{{ c }}")
    rendered = render(content, {"c": 'A&B <b> "q"'})
    assert rendered.html == "<p>A&amp;B &lt;b&gt; &#34;q&#34;</p>"
    assert (rendered.subject, rendered.text) == ('A&B <b> "q"', 'A&B <b> "q"\n')


def test_the_subject_is_one_line_whatever_a_variable_contains() -> None:
    content = Content(subject="Hi {{ name }}")
    assert render(content, {"name": "A\r\nBcc: x@example.com\0 \u2028b"}).subject == (
        "Hi A Bcc: x@example.com b"
    )


def test_line_ends_of_the_html_are_kept() -> None:
    assert html_of("<p>\r\n{{ x }}\n</p>") == "<p>\r\n\n</p>"


def test_the_text_is_made_from_the_html_when_there_is_none() -> None:
    content = Content(
        html='<p>A &amp; {{ name }} <a href="https://example.com/{{ id }}">go</a></p>'
    )
    text = render(content, {"name": "<Ann>", "id": 7}).text
    assert text == "A & <Ann> go (https://example.com/7)\n"


def test_the_preview_text_is_hidden_at_the_start_of_the_body() -> None:
    content = Content(preview_text="Only {{ name }} & you", html="<html><body class=a><p>x</p>")
    html = render(content, {"name": "<b>"}).html
    assert html.startswith('<html><body class=a><div style="display:none;')
    assert ">Only &lt;b&gt; &amp; you</div><p>x</p>" in html


@pytest.mark.parametrize(
    ("page", "before"),
    [
        ("<p>x</p>", ""),
        ("<!doctype html><html><head></head><p>x</p>", "<!doctype html><html><head></head>"),
        ("<!-- <body> --><html><body><p>x</p>", "<!-- <body> --><html><body>"),
    ],
)
def test_the_preview_text_finds_its_place(page: str, before: str) -> None:
    html = render(Content(preview_text="Soon", html=page), {}).html
    assert html.startswith(f"{before}<div ")


def test_the_preview_text_is_not_in_the_plain_text() -> None:
    assert render(Content(preview_text="Soon"), {}).text == "Hello\n"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{% for i in (1..10001) %}x{% endfor %}", "loops go round too often"),
        (
            "{% for i in (1..100) %}{% for j in (1..101) %}x{% endfor %}{% endfor %}",
            "loops go round too often",
        ),
        (
            "{% for i in (1..99) %}{% assign l = l | append: l %}{% endfor %}",
            "what is kept in variables is too long",
        ),
        ("{% for i in (1..9999) %}{{ l }}{% endfor %}", "what comes out is too long"),
        ("{{ n | divided_by: 0 }}", "divide by 0"),
    ],
)  # fmt: skip
def test_a_template_that_spends_too_much_or_fails_is_a_render_error(
    source: str, message: str
) -> None:
    with pytest.raises(RenderError, match=f"HTML, line 1: .*{message}"):
        html_of(source, l="x" * 1000, n=5)


def test_one_recipient_failing_does_not_fail_the_next() -> None:
    content = Content(html="{{ 10 | divided_by: n }}")
    with pytest.raises(RenderError):
        render(content, {"n": 0})
    assert render(content, {"n": 5}).html == "2"


def test_an_odd_value_in_a_filter_is_a_render_error() -> None:
    with pytest.raises(RenderError, match="HTML, line 2: truncate"):
        html_of("\n{{ n | truncate: w }}", n="abc", w="wide")


@pytest.mark.parametrize(
    ("part", "source", "message"),
    [
        ("subject", " ", "Subject: is empty"),
        ("html", "", "HTML: is empty"),
        ("subject", "Hi {{ name", "Subject, line 1: '{{' without '}}'"),
        (
            "html",
            "<p>\n{% if x %}",
            "HTML, line 2: '{% if x %}' is not closed: '{% endif %}' is missing.",
        ),
        ("html", "a\nb\n{% if x", "HTML, line 3: '{%' without '%}'"),
        (
            "html",
            "{{ name }, hi {{ x }}",
            "HTML, line 1: '{{' without '}}': '}}' is missing after '{{ name'",
        ),
        (
            "text",
            "a\n{% if x }b{% endif %}",
            "Plain text, line 2: '{%' without '%}': '%}' is missing after '{% if'",
        ),
        ("html", "\n\n{{ x | shout }}", "HTML, line 3: unknown filter 'shout'"),
        ("html", "{% endif %}", "HTML, line 1: unexpected tag 'endif'"),
        ("html", "{{ x | default: &quot;q&quot; }}", "HTML, line 1: unexpected “&”"),
        ("text", "{% for x %}{% endfor %}", "Plain text, line 1: expected “in”, found the end"),
        ("preview_text", "{% nonsense %}", "Preview text, line 1: unexpected tag 'nonsense'"),
        ("html", "{% include '/etc/passwd' %}", "HTML, line 1: unexpected tag 'include'"),
        ("html", "{% render 'x' %}", "HTML, line 1: unexpected tag 'render'"),
        ("html", "{% if x %}" * 50, "HTML, line 1: tags stand too deep within one another"),
        ("html", "a\n{% raw %}b", "HTML, line 2: '{% raw %}' without '{% endraw %}'"),
        ("text", "{% doc %}", "Plain text, line 1: '{% doc %}' without '{% enddoc %}'"),
    ],
)
def test_a_wrong_template_is_refused_with_the_part_and_the_line(
    part: str, source: str, message: str
) -> None:
    parts = {"subject": "Hi", "html": "<p>", "text": "", "preview_text": ""} | {part: source}
    with pytest.raises(TemplateError) as raised:
        check(**parts)
    assert str(raised.value).startswith(message)
    assert raised.value.part == part


def test_thousands_of_unclosed_braces_are_refused_at_once() -> None:
    started = time.monotonic()
    with pytest.raises(TemplateError):
        check("Hi", "{{" * 50_000, "")
    assert time.monotonic() - started < 2


def test_raw_blocks_may_contain_lone_braces() -> None:
    check("Hi", "{% raw %}{{ {% {% endraw %}{{ name }}", "")
    assert html_of("{% raw %}{{ {% {% endraw %}{{ 1 }}") == "{{ {% 1"


def test_a_model_gets_the_error_on_its_field() -> None:
    with pytest.raises(ValidationError) as raised:
        validate_template(Content(html="{{ x | shout }}"))
    assert raised.value.message_dict == {"html": ["HTML, line 1: unknown filter 'shout'."]}


def test_the_sample_newsletter_goes_all_the_way() -> None:
    check("Spring", NEWSLETTER, "")
    content = Content(html=compile_html(NEWSLETTER), text=compile_text(NEWSLETTER))
    rendered = render(content, {"company": "Müller & Söhne", "email": "ann@example.com"})
    assert "<h1>Hello friend,</h1>" in rendered.html
    assert "everything at Müller &amp; Söhne is new. 春天来了。" in rendered.html
    assert "Spring is here & everything at Müller & Söhne is new." in rendered.text


def test_rendering_the_newsletter_takes_well_under_a_millisecond() -> None:
    content = Content(html=compile_html(NEWSLETTER), text=compile_text(NEWSLETTER))
    render(content, {})
    started = time.process_time()
    for number in range(200):
        render(content, {"first_name": number, "company": "Acme"})
    assert (time.process_time() - started) / 200 < 0.001


@pytest.mark.parametrize(
    "source",
    ["{{ '{{' }}x", '{% if x == "{%" %}a{% endif %}x', "{% liquid\n# no {{\necho 'x'\n%}"],
)
def test_quoted_braces_open_nothing(source: str) -> None:
    assert html_of(source).endswith("x")
