"""Escape cells that a spreadsheet would read as formulas, such as every "@example.com"."""

from __future__ import annotations

import unicodedata

from addressing.addresses import INVISIBLE

_STARTS = "=+-@−\t\r\n"
"""With what a formula, or what gets its cell split into others, begins."""
_BEFORE = frozenset(" \u00a0\u3000'\"‘’“”＇＂`" + INVISIBLE)
"""What may stand before it, and what a spreadsheet may drop when it reads the cell."""


def escaped(cell: str) -> str:
    """With a quotation mark in front where a spreadsheet would calculate."""
    return f"'{cell}" if is_formula(cell) else cell


def unescaped(cell: str) -> str:
    """What `escaped` made, as it was."""
    return cell[1:] if cell.startswith("'") and is_formula(cell) else cell


def is_formula(cell: str) -> bool:
    """Also one whose first character is only a wide, small or raised form of those that count."""
    first = next((character for character in cell if character not in _BEFORE), "")
    return first != "" and unicodedata.normalize("NFKC", first)[0] in _STARTS
