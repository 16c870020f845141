"""Every test has a check that always runs: an assertion, or an error that it expects, which no
condition, early return or empty loop can skip.

What counts besides `assert` and `pytest.raises`: a loop over what is written down and not empty, and
calls of helpers, fixtures and context managers of the tests that check something themselves.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from django.db.models import Model, QuerySet
from django.test import Client

TESTS = Path(__file__).parent
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
RAISING = frozenset(
    {"raises", "until", "run_state_machine_as_test", "attack", "attack_within_limits"}
)
"""Calls that fail by themselves when something is not so; `until` is Selenium's."""
QUERIES = frozenset({"django_assert_num_queries", "django_assert_max_num_queries"})
ELSEWHERE = frozenset(name for of in (Client, Model, QuerySet, dict, list) for name in dir(of))
"""Names that say nothing: a helper of the tests may be called so, and what is called is none."""
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Checks:
    """Which functions of the tests check something, by their names."""

    def __init__(self, functions: Iterable[Function], written: Iterable[str] = ()) -> None:
        self.names = set(RAISING | QUERIES)
        self.written = set(written)
        found = [each for each in functions if each.name not in ELSEWHERE]
        while more := {each.name for each in found if self.is_sure(each.body)} - self.names:
            self.names |= more

    def is_sure(self, statements: Iterable[ast.stmt]) -> bool:
        """Whether one of these statements checks something before the function may have ended."""
        for statement in statements:
            if isinstance(statement, FUNCTIONS):
                continue
            if self._checks(statement):
                return True
            if any(isinstance(node, ast.Return) for node in _within(statement)):
                return False
        return False

    def _checks(self, statement: ast.stmt) -> bool:
        match statement:
            case ast.Assert(test=ast.Constant() | ast.JoinedStr() | ast.Tuple()):
                return False
            case ast.Assert(test=ast.IfExp() as test):
                return not any(isinstance(each, ast.Constant) for each in (test.body, test.orelse))
            case ast.Assert():
                return True
            case ast.If():
                return self.is_sure(statement.body) and self.is_sure(statement.orelse)
            case ast.For():
                return self._is_written(statement.iter) and self.is_sure(statement.body)
            case ast.While():
                return isinstance(statement.test, ast.Constant) and self.is_sure(statement.body)
            case ast.With() | ast.AsyncWith():
                calls = any(self._calls(item.context_expr) for item in statement.items)
                return calls or self.is_sure(statement.body)
            case ast.Try():
                return self.is_sure([*statement.body, *statement.orelse, *statement.finalbody])
            case _:
                return self._calls(statement)

    def _calls(self, node: ast.AST) -> bool:
        calls = (each.func for each in _within(node) if isinstance(each, ast.Call))
        return any(_last_name(func) in self.names for func in calls)

    def _is_written(self, node: ast.expr) -> bool:
        """Whether it has something in it, as far as one can see."""
        match node:
            case ast.List() | ast.Tuple() | ast.Set():
                return bool(node.elts)
            case ast.Dict():
                return bool(node.keys)
            case ast.Constant():
                return bool(node.value)
            case ast.Name() | ast.Attribute():
                return _last_name(node) in self.written
            case ast.BinOp() | ast.Subscript():
                return self._is_written(node.left if isinstance(node, ast.BinOp) else node.value)
            case ast.Call(func=ast.Name(id="range")):
                return True
            case ast.Call(func=ast.Attribute(value=value, attr="items" | "values" | "keys")):
                return self._is_written(value)
            case ast.Call(args=[first, *_]):
                return self._is_written(first)
            case _:
                return False


def _within(node: ast.AST) -> Iterator[ast.AST]:
    """The node and what is below it, but for functions that are only defined there."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, (*FUNCTIONS, ast.Lambda, ast.ClassDef)):
            yield from _within(child)


def _last_name(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else getattr(node, "attr", "")


def _written(trees: Iterable[ast.AST], empty: Checks) -> Iterator[str]:
    """The names under which something that is not empty is written down."""
    for node in (node for tree in trees for node in ast.walk(tree)):
        if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if empty._is_written(node.value):
                yield from map(_last_name, targets)


def unsure(sources: dict[str, str]) -> list[str]:
    """The tests in these modules without a check that always runs."""
    trees = {name: ast.parse(source) for name, source in sources.items()}
    functions = [n for tree in trees.values() for n in ast.walk(tree) if isinstance(n, FUNCTIONS)]
    checks = Checks(functions, _written(trees.values(), Checks([])))
    return [
        f"{name}:{test.lineno} {test.name}"
        for name, tree in trees.items()
        for test in ast.walk(tree)
        if isinstance(test, FUNCTIONS) and test.name.startswith("test_")
        if not checks.is_sure(test.body) and not checks.names & set(_fixtures(test, tree))
    ]


def _fixtures(test: Function, tree: ast.Module) -> Iterator[str]:
    """What it asks for, and what every test of its class or module gets."""
    yield from (arg.arg for arg in test.args.args)
    around = [n for n in ast.walk(tree) if isinstance(n, ast.ClassDef) and test in n.body]
    for holder in (test, *around):
        for decorator in holder.decorator_list:
            if isinstance(decorator, ast.Call) and _last_name(decorator.func) == "usefixtures":
                yield from (ast.literal_eval(arg) for arg in decorator.args)
    for function in (*tree.body, *(node for each in around for node in each.body)):
        if isinstance(function, FUNCTIONS) and any(
            "autouse" in ast.dump(each) for each in function.decorator_list
        ):
            yield function.name


def test_every_test_has_a_check_that_always_runs() -> None:
    modules = sorted(TESTS.rglob("*.py"))
    assert len(modules) > 300
    assert unsure({str(path.relative_to(TESTS)): path.read_text() for path in modules}) == []


@pytest.mark.parametrize(
    "body",
    [
        "assert f()",
        "with pytest.raises(ValueError): f()",
        "for x in (1, 2): assert x",
        "if a:\n  assert b\nelse:\n  assert c",
        "helper()",
    ],
)
def test_a_check_that_always_runs_is_seen(body: str) -> None:
    assert unsure({"m": _module(body)}) == []


@pytest.mark.parametrize(
    "body",
    [
        "f()",
        "if a: assert b",
        "for x in f(): assert x",
        "if a: return\nassert b",
        "assert b if a else True",
        "assert (a, b)",
        "[assert_later(x) for x in y]",
        "def later(): assert a",
        "while a: assert b",
    ],
)
def test_a_check_that_may_be_skipped_is_found(body: str) -> None:
    assert unsure({"m": _module(body)}) == ["m:3 test_it"]


def _module(body: str) -> str:
    indented = body.replace("\n", "\n  ")
    return f"def helper(): assert g()\n\ndef test_it(a):\n  {indented}\n"
