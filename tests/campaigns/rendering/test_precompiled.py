"""A precompiled template says exactly what python-liquid says of the same template."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from campaigns.rendering.liquid import environment
from campaigns.rendering.precompiled import (
    MAX_FILLED,
    MAX_STEPS,
    MAX_VALUE,
    Pieces,
)
from tests.campaigns.rendering import by_liquid as python_liquid
from tests.campaigns.rendering.precompiled import PrecompiledTemplate

HOSTILE = st.one_of(
    st.text(max_size=20),
    st.sampled_from(
        [
            "", " ", "\t", "\n", "\r", "\r\n", ".", "..\n.", "{{ name }}", "{% if x %}", "}}", "<b>",
            "&amp;", "'\"", "=3D", "\0", "\x85", "\u2028", "é", "春天", "🎉", "e\u0301", "שלום", "\ud800",
        ]
    ),
)  # fmt: skip
NAMES = st.sampled_from(["name", "a", "颜色", "partial", "now_", "size", "nobody"])
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | HOSTILE,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | HOSTILE, inner, max_size=3),
    max_leaves=6,
)
VARIABLES = st.dictionaries(NAMES, VALUES, max_size=5)
PATHS = st.builds(
    "".join,
    st.tuples(
        NAMES, st.sampled_from(["", "", "", ".a", "[0]", ".size", ".first", ".a.name", "[a]"])
    ),
)
FILTERS = st.sampled_from(
    [
        "", "", ' | default: "x <b>"', " | default: ''", " | default: 7", ' | default: "y", allow_false: true',
        " | default", " | upcase", " | escape", " | size", ' | default: "z" | append: "!"',
        " | divided_by: 0", " | plus: 1 | default: 'q'",
    ]
)  # fmt: skip
OUTPUTS = st.builds("{}{}{} {} {}".format, st.sampled_from(["{{", "{{-"]), st.just(""), PATHS, FILTERS,
    st.sampled_from(["}}", "-}}"]))  # fmt: skip
FIXED = st.text(max_size=12).filter(lambda text: "{" not in text) | st.sampled_from(
    ["\r\n", "\r", "\n", " ", ".", "\n.\n", "<p>", "春", "}}", "é" * 50]
)
TAGS = st.sampled_from(
    [
        "{% if name %}yes {{ a }}{% else %}no{% endif %}",
        "{% for i in a %}{{ i }},{% endfor %}",
        "{% assign name = 'new' %}",
        "{% capture a %}{{ name }}\r\n{% endcapture %}",
        "{% increment name %}",
        "{% comment %}{{ name }}{% endcomment %}",
        "{% raw %}{{ name }}{% endraw %}",
        "{% cycle 'a', 'b' %}",
        "{%- unless a -%} u {%- endunless -%}",
        "{% case name %}{% when 'x' %}1{% else %}2{% endcase %}",
        "{% echo name %}",
        "{{ 'text' }}",
        "{{ empty }}{{ true }}{{ nil }}",
        "{{ name if a else 'c' }}",
        "{% break %}",
        "{{ (1..3) }}",
        '{% if name != "" %}<i>{{ name }}\r\n{{ a | default: "x" }}</i>{% endif %}',
        '{% if a != "" %} {% endif %}',
        '{%- if name != "" -%} {{ name }} {%- endif -%}',
        '{% if name.a != "" %}x{% endif %}',
        '{% if partial != "" %}x{% endif %}',
        '{% if "" != name %}x{% endif %}',
        "{% if name != a %}x{% endif %}",
        '{% if name != "" and a %}x{% endif %}',
        '{% if name != "" %}x{% else %}y{% endif %}',
        '{% if name != "" %}{% if a != "" %}x{% endif %}{% endif %}',
    ]
)
PLAIN = st.lists(FIXED | OUTPUTS, max_size=8).map("".join)
ANY = st.lists(FIXED | OUTPUTS | TAGS, max_size=8).map("".join)


def by_liquid(source: str, escape: bool, variables: dict[str, Any]) -> str:
    """What python-liquid makes of it, or the problem that it has with it."""
    return said(lambda: python_liquid.by_liquid(source, variables, escape=escape))


def by_precompiled(source: str, escape: bool, variables: dict[str, Any]) -> str:
    def fill() -> str:
        template = PrecompiledTemplate(source, escape=escape)
        return str(Pieces(template.fixed, template.fill(variables)))

    return said(fill)


def said(render: Callable[[], str]) -> str:
    try:
        return render()
    except environment.Problem as problem:
        return f"{problem.message}, line {problem.line}"


def looked_up(source: str, variables: dict[str, Any]) -> bool:
    """Whether a precompiled template did without python-liquid."""
    return PrecompiledTemplate(source, escape=True).look_up(variables) is not None


@settings(deadline=None)
@given(PLAIN, st.booleans(), VARIABLES)
def test_outputs_come_out_as_python_liquid_renders_them(
    source: str, escape: bool, variables: dict[str, Any]
) -> None:
    assert by_precompiled(source, escape, variables) == by_liquid(source, escape, variables)


@settings(deadline=None)
@given(ANY, st.booleans(), VARIABLES)
def test_tags_come_out_as_python_liquid_renders_them(
    source: str, escape: bool, variables: dict[str, Any]
) -> None:
    assert by_precompiled(source, escape, variables) == by_liquid(source, escape, variables)


@settings(deadline=None)
@given(ANY, VARIABLES)
def test_what_is_trimmed_beforehand_is_what_trimming_would_leave(
    source: str, variables: dict[str, Any]
) -> None:
    try:
        template = PrecompiledTemplate(f" a {source} b\n", escape=False)
        values = template.fill(variables)
    except environment.Problem:
        reject()
    assert template.trimmed is not None
    whole = str(Pieces(template.fixed, values))
    assert str(Pieces(template.trimmed, values)) == whole.strip() + "\n"


@pytest.mark.parametrize("source", ["{{ v }} b", "a {{ v }}", " {{ v }}\n", "\n{{ v }} b "])
def test_nothing_is_trimmed_beforehand_where_that_depends_on_the_values(source: str) -> None:
    assert PrecompiledTemplate(source, escape=False).trimmed is None


def test_white_space_around_the_whole_is_trimmed_beforehand() -> None:
    trimmed = PrecompiledTemplate("\r\n a {{ v }} b \t\n\n", escape=False).trimmed
    assert trimmed == (b"a ", b" b\n")


@pytest.mark.parametrize("value", ["Ann", "", "<b>", "春天", 0, 7, 1.5, 1e300, None])
@pytest.mark.parametrize(
    "output", ["{{ v }}", '{{ v | default: "x" }}', "{{ d.v }}", "{{ d.l[0] }}"]
)
def test_texts_and_numbers_are_looked_up(output: str, value: object) -> None:
    variables = {"v": value, "d": {"v": value, "l": [value]}}
    assert looked_up(output, variables)
    assert by_precompiled(output, True, variables) == by_liquid(output, True, variables)


@pytest.mark.parametrize(
    "value", [True, False, [], ["a"], {}, {"a": 1}, "x" * (MAX_VALUE + 1), "\ud800"]
)
@pytest.mark.parametrize("output", ["{{ v }}", '{{ v | default: "x" }}'])
def test_all_else_is_left_to_python_liquid(output: str, value: object) -> None:
    assert not looked_up(output, {"v": value})
    assert by_precompiled(output, True, {"v": value}) == by_liquid(output, True, {"v": value})


@pytest.mark.parametrize("name", ["partial", "now.year", "today.year", "now", "[a]"])
def test_names_that_python_liquid_knows_itself_are_left_to_it(name: str) -> None:
    assert not looked_up(f"{{{{ {name} }}}}", {"a": 1})


def test_the_values_of_two_outputs_side_by_side_are_kept_apart() -> None:
    template = PrecompiledTemplate("{{ a }}{{ b }}c", escape=True)
    assert template.fixed == (b"", b"", b"c")
    assert template.fill({"a": 1, "b": "<"}) == [b"1", b"&lt;"]


@pytest.mark.parametrize("tag", ["", "{% assign x = 1 %}"])
@pytest.mark.parametrize("excess", [0, 1])
def test_the_output_is_bounded_to_the_byte(tag: str, excess: int) -> None:
    source = f"{tag}{'é' * 400_000}\n{{{{ a }}}}{{{{ a }}}}{{{{ a }}}}{{{{ b }}}}\n"
    room = environment.MAX_OUTPUT - 800_000 - 2
    variables = {"a": "x" * (room // 3), "b": "x" * (room % 3 + excess)}
    said = by_precompiled(source, True, variables)
    assert said == by_liquid(source, True, variables)
    if excess:
        assert said == "what comes out is too long, line 2"
    else:
        assert len(said.encode()) == 2_000_000


def test_a_fixed_part_that_is_too_long_is_refused_with_its_line() -> None:
    source = "{{ a }}\n" * 3 + "é" * 900_000
    variables = {"a": "x" * 200_000}
    problem = "what comes out is too long, line 3"
    assert by_precompiled(source, True, variables) == by_liquid(source, True, variables) == problem


def test_a_template_with_half_a_surrogate_pair_is_a_problem() -> None:
    with pytest.raises(environment.Problem, match="UnicodeEncodeError"):
        PrecompiledTemplate("a \ud800 {{ b }}", escape=True)


def test_a_precompiled_template_is_not_changed_by_filling_it() -> None:
    template = PrecompiledTemplate(
        "{% assign n = n | plus: 1 %}{{ n }}{% increment i %}", escape=True
    )
    assert [template.fill({"n": 1}) for _ in range(2)] == [[b"", b"2", b"0"]] * 2


SECTION = '<p>{% if v != "" %}<img src="{{ v }}">{{ w | default: "-" }}{% endif %}'


@pytest.mark.parametrize("value", ["", "a", "<b>", " ", "é"])
def test_a_section_of_outputs_is_looked_up(value: str) -> None:
    assert looked_up(SECTION, {"v": value})
    assert by_precompiled(SECTION, True, {"v": value}) == by_liquid(SECTION, True, {"v": value})


@pytest.mark.parametrize(
    "variables", [{}, {"v": None}, {"v": 0}, {"v": ["a"]}, {"v": "a", "w": []}]
)
def test_a_section_about_anything_but_texts_is_left_to_python_liquid(
    variables: dict[str, Any],
) -> None:
    assert not looked_up(SECTION, variables)
    assert by_precompiled(SECTION, True, variables) == by_liquid(SECTION, True, variables)


@pytest.mark.parametrize(
    "source",
    [
        "{{ v }}" * (MAX_STEPS + 1),
        "{{ v" + ".a" * MAX_STEPS + " }}",
        '{% if v != "" %}' + "{{ v }}" * MAX_STEPS + "{% endif %}",
    ],
)
def test_more_steps_than_are_taken_here_are_left_to_python_liquid(source: str) -> None:
    assert not looked_up(source, {"v": "a"})


def test_more_bytes_than_are_filled_in_here_are_left_to_python_liquid() -> None:
    value = "&" * MAX_VALUE  # five bytes each, escaped
    assert not looked_up("{{ v }}", {"v": value})
    assert looked_up("{{ v }}" * 4, {"v": "x" * (MAX_FILLED // 4)})
    assert not looked_up("{{ v }}" * 5, {"v": "x" * (MAX_FILLED // 4)})
