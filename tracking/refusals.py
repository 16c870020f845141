"""Counting the requests that were refused: all that is kept of them."""

from __future__ import annotations


def count(endpoint: str, reason: str) -> None:
    """A request to this endpoint was refused. Both are our own words, never the stranger's."""
