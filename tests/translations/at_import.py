"""Finds what is translated while a module is imported: it stays in the language of that moment."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from tests.translations.extract import ROOT, product_files

AT_ONCE = frozenset({"gettext", "ngettext", "pgettext", "npgettext"})
LAZY = frozenset({"gettext_lazy", "pgettext_lazy"})
"""With `%` they give a plain text at once; those for plurals do not."""
LATER = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)


def found() -> Iterator[str]:
    for path in product_files(".py"):
        where = path.relative_to(ROOT)
        for line, text in found_in(path.read_text("utf-8")):
            yield f"{where}:{line}: {text}"


def found_in(source: str) -> list[tuple[int, str]]:
    tree = ast.parse(source)
    names = dict(_names(tree))
    return [
        (node.lineno, ast.unparse(node))
        for node in _run_at_import(tree)
        if _is_too_early(node, names)
    ]


def _names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What this module calls the functions of gettext."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            yield from ((each.asname or each.name, each.name) for each in node.names)


def _run_at_import(tree: ast.AST) -> Iterator[ast.expr]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.expr):
            yield node
        if isinstance(node, LATER):
            early = node.args.defaults + [each for each in node.args.kw_defaults if each]
            for each in [*early, *getattr(node, "decorator_list", ())]:
                yield each
                yield from _run_at_import(each)
        else:
            yield from _run_at_import(node)


def _is_too_early(node: ast.expr, names: dict[str, str]) -> bool:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
        return _called(node.left, names) in LAZY
    return _called(node, names) in AT_ONCE


def _called(node: ast.expr, names: dict[str, str]) -> str:
    is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    return names.get(node.func.id, "") if is_call else ""  # type: ignore[attr-defined]
