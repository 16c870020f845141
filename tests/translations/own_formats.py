"""Finds where product code writes a time in a format of its own."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from tests.translations.extract import ROOT, product_files
from tests.translations.literals import NOT_SHOWN_IN, Literal


def literals() -> Iterator[Literal]:
    for path in product_files(".py"):
        where = path.relative_to(ROOT)
        if not NOT_SHOWN_IN & set(where.parts):
            yield from found_in(path.read_text("utf-8"), where)


def found_in(source: str, where: Path) -> Iterator[Literal]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = node.format_spec
            texts = [each.value for each in ast.walk(spec) if isinstance(each, ast.Constant)]
            if any("%" in str(text)[:-1] for text in texts):
                yield Literal(where.as_posix(), node.lineno, ast.unparse(node.value))
        elif isinstance(node, ast.Attribute) and node.attr == "strftime":
            yield Literal(where.as_posix(), node.lineno, ast.unparse(node.value))
