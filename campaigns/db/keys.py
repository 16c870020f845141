"""Keys of rows as texts: in addresses of pages, in forms."""

from __future__ import annotations

LONGEST = 18
"""Digits; what has more may not fit into a column."""


def is_key(text: str) -> bool:
    """Whether it can be the key of a row."""
    return text.isascii() and text.isdecimal() and len(text) <= LONGEST
