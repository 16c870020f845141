"""Of a block that is not closed, or a tag that closes nothing, staff read which and where."""

from __future__ import annotations

import pytest

from campaigns.rendering.liquid import environment


def said_of(source: str) -> tuple[str, int | None]:
    with pytest.raises(environment.Problem) as raised:
        environment.parse(source, escape=True)
    return raised.value.message, raised.value.line


@pytest.mark.parametrize(
    ("opening", "end"),
    [
        ("if x", "endif"),
        ("unless x", "endunless"),
        ("for a in b", "endfor"),
        ("case x", "endcase"),
        ("capture x", "endcapture"),
        ("tablerow a in b", "endtablerow"),
        ("ifchanged", "endifchanged"),
        ("comment", "endcomment"),
    ],
)
def test_a_block_that_is_not_closed_is_named_with_its_line(opening: str, end: str) -> None:
    message, line = said_of(f"a\n\nb {{% {opening} %}}\nc")
    assert message == f"'{{% {opening} %}}' is not closed: '{{% {end} %}}' is missing"
    assert line == 3


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        (
            "{% if a %}\n{% for b in c %}\n{% endif %}",
            "'{% for b in c %}' is not closed: '{% endfor %}' is missing "
            "before '{% endif %}' on line 3",
            2,
        ),
        (
            "{% if a %}\n{% if b %}x{% endif %}",
            "'{% if a %}' is not closed: '{% endif %}' is missing",
            1,
        ),
        (
            "{% for a in b %}\n{%- unless a -%}\n{% endfor %}{% endunless %}",
            "'{%- unless a -%}' is not closed: '{% endunless %}' is missing "
            "before '{% endfor %}' on line 3",
            2,
        ),
        (
            "{% if a %}\n{% capture b %}x{% else %}y{% endif %}",
            "'{% capture b %}' is not closed: '{% endcapture %}' is missing "
            "before '{% else %}' on line 2",
            2,
        ),
        (
            "{% case a %}{% when 1 %}x",
            "'{% case a %}' is not closed: '{% endcase %}' is missing",
            1,
        ),
        (
            "{% liquid\n  assign a = 1\n  if a\n  echo a\n%}",
            "'if a' is not closed: 'endif' is missing",
            3,
        ),
        (
            "{% raw %}{% endif %}{% endraw %}\n{% if x %}{% raw %}{% endif %}{% endraw %}",
            "'{% if x %}' is not closed: '{% endif %}' is missing",
            2,
        ),
    ],
)
def test_in_nested_blocks_the_one_that_lacks_its_end_is_named(
    source: str, message: str, line: int
) -> None:
    assert said_of(source) == (message, line)


@pytest.mark.parametrize(
    ("source", "message", "line"),
    [
        ("a\n{% endif %}", "unexpected tag 'endif': no '{% if %}' is open", 2),
        ("{% if x %}a{% endif %}\n{%- endfor %}", "unexpected tag 'endfor': no '{% for %}' is open", 2),
        (
            "{% if x %}\na{% endunless %}",
            "unexpected tag 'endunless': no '{% unless %}' is open; "
            "'{% if x %}' on line 1 is closed by '{% endif %}'",
            2,
        ),
        (
            "a\n{% else %}",
            "unexpected tag 'else': it belongs inside "
            "'{% if %}' or '{% unless %}' or '{% case %}' or '{% for %}'",
            2,
        ),
        ("{% when 1 %}", "unexpected tag 'when': it belongs inside '{% case %}'", 1),
        (
            "{% for a in b %}{% elsif a %}{% endfor %}",
            "unexpected tag 'elsif': it belongs inside '{% if %}' or '{% unless %}'",
            1,
        ),
        ("{% liquid\nendif\n%}", "unexpected tag 'endif': no 'if' is open", 2),
        (
            "{% comment %}{% liquid\nendif %}{% endcomment %}\n{% endif %}",
            "unexpected tag 'endif': no '{% if %}' is open",
            3,
        ),
    ],
)  # fmt: skip
def test_a_tag_outside_of_its_block_is_named(source: str, message: str, line: int) -> None:
    assert said_of(source) == (message, line)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{% if x %}a{% elseif y %}b{% endif %}", "'elseif': did you mean '{% elsif %}'?"),
        ("{% if x %}a{% endfi %}", "'endfi': did you mean '{% endif %}'?"),
        ("{% if x %}a{% end if %}", "'end': '{% if x %}' on line 1 is closed by '{% endif %}'"),
        ("{% nonsense %}", "'nonsense'"),
    ],
)
def test_of_a_misspelt_tag_the_right_one_is_told(source: str, message: str) -> None:
    assert said_of(source) == (f"unexpected tag {message}", 1)


def test_a_long_tag_is_shown_by_its_beginning() -> None:
    message, _ = said_of("{% if " + "a" * 5_000 + " %}")
    assert message.startswith("'{% if aaaa")
    assert len(message) < 150


@pytest.mark.parametrize("source", ["\n{% if x == %}a{% endif %}", "\n{% for x %}a{% endfor %}"])
def test_an_expression_that_ends_too_early_has_a_line(source: str) -> None:
    message, line = said_of(source)
    assert message.endswith("found the end")
    assert line == 2
