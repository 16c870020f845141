"""Imports stand at the top of a module and go one way: no circle of modules, and none of rooms."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from os.path import commonprefix
from pathlib import Path

import grimp
import pytest
from django.conf import settings

HOME = Path(settings.BASE_DIR)
PACKAGES = sorted(path.parent.name for path in HOME.glob("*/__init__.py"))
PRODUCT = [package for package in PACKAGES if package != "tests"]

REGISTERS = "what registers itself imports models, which Django loads before it calls ready()"
HIDDEN = {
    "bench/__main__.py": "Django is set up for a server that is started here, then models load",
    "campaigns/apps.py": REGISTERS,
    "dispatch/apps.py": REGISTERS,
    "edm_project/apps.py": REGISTERS,
    "notices/apps.py": REGISTERS,
    "signin/apps.py": REGISTERS,
    "signup/apps.py": REGISTERS,
    "tracking/apps.py": REGISTERS,
}
"""The modules that import in a function, and why."""

BY_NAME = {
    "campaigns/operations/kinds.py": "what does the work stands above what runs it",
    "sandbox/calls.py": "a worker is told by name what to run",
    "bench/rig/with_django.py": "a program is told by name what to run",
    "sandbox/nursery.py": "it imports what its workers are to run before it forks them",
}
"""The modules that import what they are told, and why."""
IMPORTERS = {"__import__", "import_module", "import_string", "run_module", "run_path"}


def modules(packages: list[str]) -> Iterator[tuple[str, ast.Module]]:
    for package in packages:
        for path in sorted((HOME / package).rglob("*.py")):
            yield path.relative_to(HOME).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


def hides_imports(module: ast.Module) -> bool:
    return any(
        isinstance(inner, ast.Import | ast.ImportFrom)
        for outer in ast.walk(module)
        if isinstance(outer, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(outer)
    )


def imports_by_name(module: ast.Module) -> bool:
    calls = (each.func for each in ast.walk(module) if isinstance(each, ast.Call))
    return any(
        getattr(called, "attr", None) in IMPORTERS or getattr(called, "id", None) in IMPORTERS
        for called in calls
    )


def test_imports_are_hidden_only_where_a_reason_is_given() -> None:
    found = {name for name, module in modules(PACKAGES) if hides_imports(module)}
    assert found == set(HIDDEN)


def test_modules_are_imported_by_name_only_where_a_reason_is_given() -> None:
    found = {name for name, module in modules(PRODUCT) if imports_by_name(module)}
    assert found == set(BY_NAME)


@pytest.mark.parametrize(
    "source",
    [
        "def f():\n    import x",
        "async def f():\n    if y:\n        from x import z",
        "class A:\n    def f(self):\n        import x",
    ],
)
def test_a_hidden_import_is_noticed(source: str) -> None:
    assert hides_imports(ast.parse(source))


@pytest.mark.parametrize("source", ["import_module('x')", "importlib.import_module(name)"])
def test_an_import_by_name_is_noticed(source: str) -> None:
    assert imports_by_name(ast.parse(source))


# Circles

Arrows = dict[str, set[str]]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    """Who imports whom, also for types only."""
    return grimp.build_graph(*PRODUCT, cache_dir=None)


def circle_in(arrows: Arrows) -> list[str]:
    try:
        TopologicalSorter(arrows).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle[::-1]
    return []


def rooms(graph: grimp.ImportGraph) -> dict[str, Arrows]:
    """By package: which of its parts import which others, taken as wholes."""
    found: dict[str, Arrows] = defaultdict(lambda: defaultdict(set))
    for importer in graph.modules:
        for imported in graph.find_modules_directly_imported_by(importer):
            one, other = importer.split("."), imported.split(".")
            depth = len(commonprefix([one, other]))
            if depth < min(len(one), len(other)):
                inside = found[".".join(one[:depth])]
                inside[".".join(one[: depth + 1])].add(".".join(other[: depth + 1]))
    return found


def test_no_modules_import_each_other_in_a_circle(graph: grimp.ImportGraph) -> None:
    arrows = {each: graph.find_modules_directly_imported_by(each) for each in graph.modules}
    assert len(arrows) > 400
    assert circle_in(arrows) == []


def test_no_rooms_of_a_package_import_each_other_in_a_circle(graph: grimp.ImportGraph) -> None:
    found = rooms(graph)
    assert {"", "dispatch", "campaigns"} <= set(found)
    assert {
        package: circle for package, arrows in found.items() if (circle := circle_in(arrows))
    } == {}


def test_a_circle_is_noticed() -> None:
    made = grimp.ImportGraph()
    for name in ("a", "a.x", "a.x.one", "a.y", "a.y.one", "a.y.two"):
        made.add_module(name)
    made.add_import(importer="a.x.one", imported="a.y.one")
    made.add_import(importer="a.y.two", imported="a.x.one")
    assert circle_in(rooms(made)["a"]) in (["a.x", "a.y", "a.x"], ["a.y", "a.x", "a.y"])
