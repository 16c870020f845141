"""What campaigns.rendering.liquid.reasons relies upon in python-liquid: its sentences."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import liquid
import pytest
from django.utils.translation import override

from campaigns.rendering.liquid import environment
from campaigns.rendering.liquid.reasons import in_plain_words

FOLDER = Path(liquid.__file__).parent
NOT_REACHED = {
    "divided_by: can't divide by X",
    "modulo: can't divide by X",
    "expected a boolean from uptodate, found X",
    "maximum context depth reached, possible recursive include",
    "maximum context depth reached, possible recursive render",
}
"""Of filters that ours replace, and of loaders and partials, which templates here have none of."""
ERRORS = [
    "LiquidError",
    "LiquidSyntaxError",
    "LiquidTypeError",
    "FilterError",
    "FilterArgumentError",
    "LiquidIndexError",
    "OutputStreamLimitError",
    "LocalNamespaceLimitError",
    "LoopIterationLimitError",
    "BlockNestingError",
    "ContextDepthError",
    "DisabledTagError",
    "UnknownFilterError",
]


def sentences() -> Iterator[str]:
    """Each that the library raises, with X for a value in each of its places."""
    for path in [*FOLDER.glob("*.py"), *FOLDER.glob("builtin/**/*.py")]:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in ERRORS and node.args:
                yield from filter(None, [said(node.args[0])])


def said(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(
            "X" if isinstance(part, ast.FormattedValue) else said(part) for part in node.values
        )
    return ""


def test_every_sentence_of_the_library_is_known() -> None:
    told = {each for each in sentences() if not each.startswith(("X: X", "unknown filter"))}
    assert len(told) > 50
    with override("zh-hans"):
        english = {each for each in told if in_plain_words(each) == each}
    assert english - NOT_REACHED == set()


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("{{ a | }}", "此处应为名称，实际为结尾"),
        ("{% if %}x{% endif %}", "标签不完整：缺少内容"),
        ("{{ a b }}", "此处应为结尾，实际为名称"),
        ("{% if a = b %}{% endif %}", "此处应为结尾，实际为“=”"),
        ("{% if a == %}{% endif %}", "此处应为值，实际为结尾"),
        ("{{ a ? b }}", "多余的“?”"),
        ("{{ 'a }}", "多余的“'”"),
        ("{{ | upcase }}", "此处应为值，实际为“|”"),
        ("{{ a | default: 1 2 }}", "此处应为用逗号分隔的值，实际为数字"),
        ("{{ a | append }}", "过滤器缺少一个值：写在冒号之后"),
        ("{{ a | date: 1, 2, 3 }}", "过滤器的值过多"),
        ("{{ a | upcase: b: 1 }}", "过滤器没有选项“b”"),
        ("{{ 'x' | truncate: 'b' }}", "truncate：此处应为整数，实际为文本"),
        ("{% for i in (1..99999) %}{% endfor %}", "循环次数过多"),
    ],
)
def test_staff_read_what_is_wrong_in_chinese(source: str, reason: str) -> None:
    with override("zh-hans"), pytest.raises(environment.Problem) as caught:
        template = environment.parse(source, escape=True)
        with environment.problems():
            template.render()
    assert caught.value.message == reason


def test_a_sentence_that_is_not_known_stays_as_it_is() -> None:
    with override("zh-hans"):
        assert in_plain_words("something else is the matter") == "something else is the matter"
