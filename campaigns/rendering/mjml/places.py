"""Where in a source something is, and what is wrong there."""

from __future__ import annotations

from bisect import bisect_right


class Wrong(Exception):
    """What is wrong with a source, at the character `at`; None where that is not known."""

    def __init__(self, message: str, at: int | None = None) -> None:
        super().__init__(message, at)
        self.message, self.at = message, at


class Places:
    """Finds line and column quickly."""

    def __init__(self, source: str) -> None:
        self._starts = [0]
        at = -1
        while (at := source.find("\n", at + 1)) >= 0:
            self._starts.append(at + 1)

    def line(self, at: int) -> int:
        """Counts from 1."""
        return bisect_right(self._starts, at)

    def column(self, at: int) -> int:
        """Counts from 1."""
        return at - self._starts[self.line(at) - 1] + 1
