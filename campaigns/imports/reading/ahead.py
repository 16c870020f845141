"""Read the next piece of a file in a thread while the database merges the one before."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from campaigns.imports.reading.pieces import Piece


@contextmanager
def read_ahead(pieces: Iterator[Piece]) -> Iterator[Iterator[Piece]]:
    """The pieces; at most one is waiting. The thread uses no database."""
    with ThreadPoolExecutor(1, "import") as pool:
        yield _ahead(pool, pieces)


def _ahead(pool: ThreadPoolExecutor, pieces: Iterator[Piece]) -> Iterator[Piece]:
    waiting = pool.submit(next, pieces, None)
    while (piece := waiting.result()) is not None:
        waiting = pool.submit(next, pieces, None)
        yield piece
