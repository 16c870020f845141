"""Numbers in sentences for staff."""

from __future__ import annotations


def counted(number: int, noun: str, plural: str = "") -> str:
    """Such as “1 recipient” and “2,000 recipients”."""
    return f"{number:,} {noun if number == 1 else plural or f'{noun}s'}"
