"""Quotation marks in a single line of a table: what they mean, where that is certain."""

from __future__ import annotations

import re
from collections.abc import Callable

QUOTE = '"'
_BLANKS = " \t"


def cells_of(line: str, delimiter: str, width: int | None) -> list[str] | None:
    """The cells of a line that is no proper CSV, or None where its meaning is not certain.

    Blanks around a quoted cell, marks with a back-slash before them (\\"), and pairs of marks in
    the middle of a cell are understood. `width` is the number of cells that the line must have.
    """
    text = line.rstrip("\r\n")
    readings = [_reading(text, delimiter, escapes) for escapes in _escapes(text)]
    fitting = [cells for cells in readings if cells and (not width or len(cells) == width)]
    return fitting[0] if fitting else None


def is_proper(line: str, delimiter: str) -> bool:
    """Whether each quotation mark encloses a whole cell, or is one of two within such a cell."""
    pattern = _PROPER.get(delimiter) or _PROPER.setdefault(delimiter, _proper(delimiter))
    return pattern.fullmatch(line.rstrip("\r\n")) is not None


def bare_cells(line: str, delimiter: str) -> list[str]:
    """What stands between the delimiters, whatever the quotation marks mean."""
    return [cell.strip().strip(QUOTE).strip() for cell in line.split(delimiter)]


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
    """A cell without marks around it, and where it ends; None with a mark that has no partner."""
    end = text.find(delimiter, start)
    end = len(text) if end < 0 else end
    cell = text[start:end]
    cell = cell.replace('\\"', QUOTE) if escapes else cell
    return None if cell.count(QUOTE) % 2 else (cell, end)


def _quoted(text: str, start: int, delimiter: str, escapes: bool) -> tuple[str, int] | None:
    """A cell in marks, and where it ends; None when it does not, or is not clear where."""
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


def _proper(delimiter: str) -> re.Pattern[str]:
    separator = re.escape(delimiter)
    blanks = " *+" if delimiter != " " else ""
    cell = rf'{blanks}(?:"(?:[^"]|"")*+"|(?!")[^"{separator}]*+)'
    return re.compile(rf"{cell}(?:{separator}{cell})*+")


_PROPER: dict[str, re.Pattern[str]] = {}
