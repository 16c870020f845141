"""Tables for people, and the raw figures for programs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True)
class Table:
    """One table of the report."""

    title: str
    headers: Sequence[str]
    rows: list[list[str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    words: Collection[int] = (0,)
    """The columns that are no figures."""

    def add(self, *cells: str) -> None:
        self.rows.append(list(cells))

    def lines(self) -> list[str]:
        """As Markdown that reads well as it is."""
        rows = [list(self.headers), *self.rows]
        widths = [max(len(row[n]) for row in rows) for n in range(len(self.headers))]
        ruler = [
            "-" * width if n in self.words else "-" * (width - 1) + ":"
            for n, width in enumerate(widths)
        ]
        lines = [f"## {self.title}", ""]
        for row in [rows[0], ruler, *rows[1:]]:
            cells = [
                cell.ljust(widths[n]) if n in self.words else cell.rjust(widths[n])
                for n, cell in enumerate(row)
            ]
            lines.append(f"| {' | '.join(cells)} |")
        return [*lines, "", *(f"{note}\n" for note in self.notes)]


@dataclass(frozen=True, slots=True)
class Headline:
    """A figure with a target."""

    what: str
    reached: str
    promised: str
    kept: bool

    def cells(self) -> list[str]:
        return [self.what, self.reached, self.promised, "yes" if self.kept else "NO"]


def count(number: float) -> str:
    return f"{number:,.0f}"


def ratio(number: float) -> str:
    return f"{number:.2f} ×"


def maybe(number: float | None, form: str = ",.0f") -> str:
    return "" if number is None else format(number, form)


def megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f} MB"


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.1f}"
