"""The pictures in docs/architecture.md show what is in the code."""

from __future__ import annotations

import tomllib
from functools import cache
from itertools import product
from typing import Any

import grimp
import pytest

from campaigns.state import states
from tests.docs.pages import ROOT, arrows, diagrams, text_of

TEXT = text_of(ROOT / "docs/architecture.md")
LEFT_OUT = {"apps", "urls", "migrations"}
"""Modules that every Django app has, and that say nothing about the house."""

Arrows = set[tuple[str, str]]


def packages() -> list[str]:
    settings: Any = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(settings["tool"]["importlinter"]["root_packages"])


@cache
def imports() -> grimp.ImportGraph:
    return grimp.build_graph(*packages(), cache_dir=None)


def rooms_of(drawn: Arrows) -> set[str]:
    """What a picture has to show: the packages, or the modules of one of them."""
    rooms = {room for arrow in drawn for room in arrow}
    parents = {room.rpartition(".")[0] for room in rooms}
    assert len(parents) == 1
    parent = parents.pop()
    found = imports().find_children(parent) if parent else set(packages())
    return {room for room in found if room.rpartition(".")[2] not in LEFT_OUT}


def imported(rooms: set[str]) -> Arrows:
    graph = imports()
    return {
        (importer, other)
        for importer, other in product(rooms, rooms)
        if importer != other
        and graph.direct_import_exists(importer=importer, imported=other, as_packages=True)
    }


def ways(drawn: Arrows) -> Arrows:
    """From where to where one comes along the arrows."""
    found = set(drawn)
    while further := {(a, d) for a, b in found for c, d in drawn if b == c} - found:
        found |= further
    return found


HOUSES = [arrows(diagram) for diagram in diagrams(TEXT, "flowchart")]


def test_there_are_pictures_of_the_whole_and_of_dispatch() -> None:
    assert len(HOUSES) == 2


@pytest.mark.parametrize("drawn", HOUSES)
def test_every_room_is_in_the_picture(drawn: Arrows) -> None:
    assert {room for arrow in drawn for room in arrow} == rooms_of(drawn)


@pytest.mark.parametrize("drawn", HOUSES)
def test_every_arrow_is_an_import(drawn: Arrows) -> None:
    assert drawn - imported(rooms_of(drawn)) == set()


@pytest.mark.parametrize("drawn", HOUSES)
def test_every_import_goes_along_the_arrows(drawn: Arrows) -> None:
    assert imported(rooms_of(drawn)) - ways(drawn) == set()


@pytest.mark.parametrize("drawn", HOUSES)
def test_no_way_along_the_arrows_leads_back(drawn: Arrows) -> None:
    assert [room for room, other in ways(drawn) if room == other] == []


def test_the_life_of_a_subtask_is_that_of_the_table_of_states() -> None:
    (life,) = diagrams(TEXT, "stateDiagram")
    table = {(str(start), str(end)) for start, ends in states.NEXT.items() for end in ends}
    assert arrows(life) == table
