"""Escape cells that a spreadsheet would read as formulas, such as every "@example.com"."""

from __future__ import annotations

import re
import unicodedata

from addressing.addresses import INVISIBLE

_STARTS = "=+-@−\t\r\n"
"""Characters that start a formula, or that split a cell."""
_BEFORE = frozenset(" \u00a0\u3000'\"‘’“”＇＂`" + INVISIBLE)
"""What may stand before it, and what a spreadsheet may drop when it reads the cell."""

_SPLIT = re.compile(r"(?<=[;|\t\r\n])")
"""Characters after which a program may start a new cell or line."""


def escaped_everywhere(cell: str) -> str:
    """Also where a spreadsheet splits lines elsewhere than at commas, as those of other countries
    do: quotation marks within a line keep none of them from it.
    """
    return "".join(escaped(piece) for piece in _SPLIT.split(cell))


def escaped(cell: str) -> str:
    """With a quotation mark in front if a spreadsheet would calculate it."""
    return f"'{cell}" if is_formula(cell) else cell


def unescaped(cell: str) -> str:
    """The reverse of `escaped`."""
    return cell[1:] if cell.startswith("'") and is_formula(cell) else cell


def unescaped_everywhere(cell: str) -> str:
    """The reverse of `escaped_everywhere`."""
    return "".join(unescaped(piece) for piece in _SPLIT.split(cell))


def is_formula(cell: str) -> bool:
    """Also true when the first character is a wide, small or raised form of a formula's."""
    first = next((character for character in cell if character not in _BEFORE), "")
    return first != "" and unicodedata.normalize("NFKC", first)[0] in _STARTS
