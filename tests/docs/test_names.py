"""What the pages name exists: files, modules, links, tests, commands."""

from __future__ import annotations

import importlib
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from django.core.management import get_commands

from tests.docs.pages import FENCE, PAGES, ROOT, code_spans, name_of, text_of, without_fences

EVERY_PAGE = pytest.mark.parametrize("page", PAGES, ids=name_of)
FOLDERS = {
    path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")
} - {"var", "staticfiles"}
LONGEST_LINE = 120


def paths_in(text: str) -> set[str]:
    """Paths below a folder of the repository; of `a/<name>/b.py` and `a/test_*.py` only `a/`."""
    folders = "|".join(sorted(FOLDERS))
    paths = re.finditer(rf"(?<![\w/.@:-])(?:{folders})/[\w./-]*(?P<more>[<*{{…]?)", text)
    return {path[0].rpartition("/")[0] if path["more"] else path[0].rstrip(".") for path in paths}


def modules_in(text: str) -> set[str]:
    name = re.compile(rf"(?:{'|'.join(sorted(FOLDERS))})(?:\.\w+)+")
    return {span for span in code_spans(text) if name.fullmatch(span)}


def resolve(name: str) -> Any:
    """The module, class, function or attribute of this dotted name."""
    parts = name.split(".")
    found = importlib.import_module(parts[0])
    for end, part in enumerate(parts[1:], start=2):
        if not hasattr(found, part):
            importlib.import_module(".".join(parts[:end]))
        found = getattr(found, part)
    return found


@cache
def file_names() -> set[str]:
    return {path.name for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}


@cache
def defined_tests() -> set[str]:
    files = (ROOT / "tests").rglob("*.py")
    return {name for file in files for name in re.findall(r"def (test_\w+)", text_of(file))}


@EVERY_PAGE
def test_every_path_exists(page: Path) -> None:
    assert [path for path in sorted(paths_in(text_of(page))) if not (ROOT / path).exists()] == []


@EVERY_PAGE
def test_every_python_file_exists(page: Path) -> None:
    named = {span for span in code_spans(text_of(page)) if re.fullmatch(r"\w+\.py", span)}
    assert named - file_names() - {"manage.py"} == set()


@EVERY_PAGE
def test_every_dotted_name_can_be_imported(page: Path) -> None:
    for name in sorted(modules_in(text_of(page))):
        assert resolve(name) is not None


@EVERY_PAGE
def test_every_test_that_is_named_exists(page: Path) -> None:
    named = {span for span in code_spans(text_of(page)) if re.fullmatch(r"test_\w+", span)}
    assert named - defined_tests() == set()


@EVERY_PAGE
def test_every_make_target_exists(page: Path) -> None:
    makefile = text_of(ROOT / "Makefile")
    targets = [word for code in commands(page) for word in re.findall(r"^make ([a-z]+)", code)]
    assert [name for name in targets if not re.search(rf"^{name}:", makefile, re.MULTILINE)] == []


def commands(page: Path) -> list[str]:
    """What is to be typed: spans of code, and the lines of blocks of it."""
    text = text_of(page)
    return [
        *code_spans(text),
        *(line for _, block in FENCE.findall(text) for line in block.split("\n")),
    ]


@EVERY_PAGE
def test_every_command_exists(page: Path) -> None:
    named = set(re.findall(r"manage\.py ([a-z]\w+)", text_of(page)))
    assert named - set(get_commands()) == set()


@EVERY_PAGE
def test_every_link_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)", without_fences(text_of(page)))
    inside = [link for link in links if not re.match(r"[a-z]+:", link)]
    assert [link for link in inside if not leads_somewhere(page, link)] == []


def leads_somewhere(page: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (page.parent / path).resolve() if path else page
    return target.exists() and (not anchor or anchor in anchors_of(target))


def anchors_of(page: Path) -> set[str]:
    """The anchors that GitHub gives the headings."""
    headings = re.findall(r"^#+ (.+)$", without_fences(text_of(page)), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


@EVERY_PAGE
def test_no_line_of_text_is_longer_than_120_characters(page: Path) -> None:
    lines = without_fences(text_of(page)).splitlines()
    text = [line for line in lines if not line.lstrip().startswith("|")]  # a row cannot be broken
    assert [line for line in text if len(line) > LONGEST_LINE and " " in line.strip()] == []
