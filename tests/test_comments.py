"""What comments and docstrings name in back-ticks by its module is there."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
APPS = sorted(
    path.parent.name for path in ROOT.glob("*/__init__.py") if path.parent.name != "tests"
)
NAME = re.compile(rf"`((?:{'|'.join(APPS)})(?:\.\w+)+)`")


def comments(source: str) -> Iterator[str]:
    """The comments and the docstrings of a module, those of single names included."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            yield token.string
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Expr(value=ast.Constant(value=str(text))):
                yield text


def exists(name: str) -> bool:
    """Whether this is a module, a name in one, or a model of an app."""
    path = ROOT.joinpath(*name.split("."))
    if path.is_dir() or path.with_suffix(".py").exists():
        return True
    last = re.compile(rf"\b{path.name}\b")
    within = [path.parent.with_suffix(".py"), path.parent / "__init__.py"]
    if path.parent.parent == ROOT:
        within.append(path.parent / "models" / "__init__.py")
    return any(each.exists() and last.search(each.read_text()) for each in within)


def test_what_comments_name_by_its_module_is_there() -> None:
    modules = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    named = {
        (str(path.relative_to(ROOT)), name)
        for path in modules
        for text in comments(path.read_text())
        for name in NAME.findall(text)
    }
    assert len(named) > 50
    assert sorted((path, name) for path, name in named if not exists(name)) == []
