"""What looks like Liquid and is text is pointed out where a template is looked at."""

from __future__ import annotations

import pytest

from campaigns.models import Template
from campaigns.preflight import notices


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{ { name } }", "{{ name }}"),
        ("{ {name} }", "{{ name }}"),
        ("{ { name }}", "{{ name }}"),
        ("{ name }}", "{{ name }}"),
        ("{ name }", "{{ name }}"),
        ("{first_name}", "{{ first_name }}"),
        ("{ order.city | upcase }", "{{ order.city | upcase }}"),
        ("{ % if name % }", "{% if name %}"),
        ("{ %endif% }", "{% endif %}"),
    ],
)
def test_braces_that_are_text_are_pointed_out_with_their_line(written: str, meant: str) -> None:
    assert [odd.text for odd in notices.braces(f"<p>\nHi {written}!")] == [
        f"HTML, line 2: “{written}” is sent as it stands. Did you mean {meant}?"
    ]


@pytest.mark.parametrize(
    "source",
    [
        "{{ name }}",
        "{{name}}{%if a%}{% endif %}",
        "{{- name -}}",
        "<p style='color: red'>{}</p>",
        "<style>p { color: red }\n@media x { a { b: c } } { name }</style>",
        "<SCRIPT>f({ name })</SCRIPT>",
        "{ color: red }",
        "{ 50 % }",
    ],
)
def test_liquid_and_styles_are_not(source: str) -> None:
    assert notices.braces(source) == []


def test_what_comes_after_a_style_sheet_is_looked_at() -> None:
    found = notices.braces("<style>p { name }</style>\n{ name }")
    assert [(odd.field, odd.line, odd.text) for odd in found] == [
        ("html", 2, "HTML, line 2: “{ name }” is sent as it stands. Did you mean {{ name }}?")
    ]


def test_each_part_is_looked_at_and_few_are_told() -> None:
    template = Template(subject="Hi { name }", html="{ a }" * 100, text="{ { b } }")
    told = notices.of_template(template)
    assert told[0].startswith("Subject, line 1: “{ name }”")
    assert sum(one.startswith("HTML, line 1") for one in told) == notices.MOST_BRACES
    assert told[-1].startswith("Plain text, line 1: “{ { b } }”")
