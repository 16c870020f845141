"""Interpret quotation marks in the lines of a table, where their meaning is certain."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum, auto
from typing import NamedTuple

QUOTE = '"'
MOST_MARKS = 200
"""In a line that is not proper CSV: a line with more marks is not interpreted."""
_BLANKS = " \t"


class State(Enum):
    """How a line ends: its marks enclose whole cells; the last cell goes on in the next line; or
    what they enclose is not clear.
    """

    CLOSED = auto()
    OPEN = auto()
    UNCLEAR = auto()


class Ending(NamedTuple):
    state: State
    open_at: int = -1
    """Where in the line the cell begins that is open; -1 when it began in a line before."""


class Marks:
    """Proper CSV by line: a mark begins and ends a cell, or is one of two within such a cell."""

    def __init__(self, delimiter: str) -> None:
        whole, rest = patterns(delimiter)
        of_line = re.compile(whole)
        of_later_line = re.compile(rest)
        self._whole, self._rest = of_line.fullmatch, of_later_line.fullmatch

    def of_line(self, line: str) -> Ending:
        return _ending(self._whole(line.rstrip("\r\n")))

    def of_later_line(self, line: str) -> Ending:
        """For a line that begins within an open cell."""
        if QUOTE not in line:
            return Ending(State.OPEN)
        return _ending(self._rest(line.rstrip("\r\n")))


def patterns(delimiter: str) -> tuple[str, str]:
    """Of a line, and of one that begins within a cell; `open` is a cell that goes on."""
    separator = re.escape(delimiter)
    blanks = " *+" if delimiter != " " else ""
    inner = r'[^"]*+(?:""[^"]*+)*+'
    bare = rf'(?!")[^"{separator}]*+'
    cell = rf'{blanks}(?:"{inner}"(?=$|{separator})|{bare}(?=$|{separator}))'
    opened = rf'{blanks}"(?P<open>{inner})'
    line = rf"(?:{cell}{separator})*+(?:{cell}|{opened})"
    later = rf'{inner}(?:"(?:{separator}{cell})*+(?:{separator}{opened})?+)?+'
    return line, later


def _ending(match: re.Match[str] | None) -> Ending:
    if match is None:
        return Ending(State.UNCLEAR)
    if match["open"] is not None:
        return Ending(State.OPEN, match.start("open"))
    return Ending(State.CLOSED)


def plainly_quoted(line: str, delimiter: str) -> list[str] | None:
    """The cells of a line where none contains a mark, and either each is quoted or those that are
    contain no delimiter: a fast path for most lines."""
    text = line.rstrip("\r\n")
    marks = text.count(QUOTE)
    cells = text[1:-1].split(f'"{delimiter}"')
    if text[:1] == text[-1:] == QUOTE and marks == 2 * len(cells):
        return cells
    cells = text.split(delimiter)
    for number, cell in enumerate(cells):
        if QUOTE in cell and len(cell) > 1 and cell[0] == cell[-1] == QUOTE:
            cells[number] = cell[1:-1]
            marks -= 2
    return None if marks else cells


def cells_of(line: str, delimiter: str, width: int | None) -> list[str] | None:
    """The cells of a line that is no proper CSV, or None where its meaning is not certain.

    Blanks around a quoted cell, marks with a back-slash before them (\\"), pairs of marks in the
    middle of a cell, and a single one there are understood. `width` is the number of cells that the
    line must have.
    """
    marks = line.count(QUOTE)
    if marks > MOST_MARKS:
        return None
    text = line.rstrip("\r\n")
    readings = [_reading(text, delimiter, escapes) for escapes in _escapes(text)]
    if marks == 1:  # such as that of inches
        readings.append(_with_single_mark(text, delimiter))
    fitting = [cells for cells in readings if cells and (not width or len(cells) == width)]
    return fitting[0] if fitting else None


def bare_cells(line: str, delimiter: str) -> list[str]:
    """The text between the delimiters; quotation marks have no meaning."""
    return [cell.strip().strip(QUOTE).strip() for cell in line.split(delimiter)]


def _with_single_mark(text: str, delimiter: str) -> list[str] | None:
    cells = text.split(delimiter)
    return None if any(cell.lstrip(_BLANKS).startswith(QUOTE) for cell in cells) else cells


def _escapes(text: str) -> tuple[bool, ...]:
    return (True, False) if '\\"' in text else (False,)


def _reading(text: str, delimiter: str, escapes: bool) -> list[str] | None:
    cells: list[str] = []
    position = 0
    while position <= len(text):
        start = position
        while start < len(text) and text[start] in _BLANKS and text[start] != delimiter:
            start += 1
        take: Callable[..., tuple[str, int] | None]
        take = _quoted if text[start : start + 1] == QUOTE else _bare
        taken = take(text, start, delimiter, escapes)
        if taken is None:
            return None
        cells.append(taken[0])
        position = taken[1] + 1
    return cells


def _bare(text: str, start: int, delimiter: str, escapes: bool) -> tuple[str, int] | None:
    """An unquoted cell, and where it ends; None if it has an unmatched mark."""
    end = text.find(delimiter, start)
    end = len(text) if end < 0 else end
    cell = text[start:end]
    cell = cell.replace('\\"', QUOTE) if escapes else cell
    return None if cell.count(QUOTE) % 2 else (cell, end)


def _quoted(text: str, start: int, delimiter: str, escapes: bool) -> tuple[str, int] | None:
    """A quoted cell, and where it ends; None if the end is missing or unclear."""
    pieces: list[str] = []
    strays = 0
    position = start + 1
    while (mark := text.find(QUOTE, position)) >= 0:
        piece = text[position:mark]
        slashes = len(piece) - len(piece.rstrip("\\"))
        if escapes and slashes % 2:
            pieces += (piece[:-1], QUOTE)
            position = mark + 1
        elif text[mark + 1 : mark + 2] == QUOTE:
            pieces += (piece, QUOTE)
            position = mark + 2
        elif (end := _end(text, mark + 1, delimiter)) is not None:
            return None if strays % 2 else ("".join([*pieces, piece]), end)
        else:
            pieces += (piece, QUOTE)
            strays += 1
            position = mark + 1
    return None


def _end(text: str, position: int, delimiter: str) -> int | None:
    """Where the cell ends, when nothing but blanks comes before."""
    while position < len(text) and text[position] in _BLANKS and text[position] != delimiter:
        position += 1
    if position == len(text) or text[position] == delimiter:
        return position
    return None
