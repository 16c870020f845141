"""Line charts as SVG, made on the server: no script, told apart by their strokes, and as a table.

The template admin/chart.html draws one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

WIDTH, HEIGHT = 640, 200
LEFT, RIGHT, TOP, BOTTOM = 56, 8, 10, 24
MOST_LABELS = 8
STEPS = (1, 2, 5)


class Series(NamedTuple):
    name: str
    values: Sequence[int]


class Line(NamedTuple):
    """`number` chooses its stroke in the style sheet."""

    name: str
    number: int
    points: str


class Tick(NamedTuple):
    """The text of one that is the last ends at the edge of the picture."""

    at: float
    text: str

    @property
    def is_last(self) -> bool:
        return self.at == WIDTH - RIGHT


@dataclass(frozen=True, slots=True)
class Chart:
    """`labels` name the values of each series, `first` what they name."""

    title: str
    first: str
    labels: Sequence[str]
    series: Sequence[Series]

    @property
    def width(self) -> int:
        return WIDTH

    @property
    def height(self) -> int:
        return HEIGHT

    @property
    def bottom(self) -> int:
        return HEIGHT - BOTTOM

    @property
    def left(self) -> int:
        return LEFT

    @property
    def right(self) -> int:
        return WIDTH - RIGHT

    @property
    def is_empty(self) -> bool:
        return not any(any(each.values) for each in self.series)

    @property
    def top(self) -> int:
        """The number at the top of its scale: 1, 2 or 5 with noughts."""
        most = max((max(each.values, default=0) for each in self.series), default=0)
        power = 1
        while True:
            for step in STEPS:
                if step * power >= most:
                    return step * power
            power *= 10

    def lines(self) -> list[Line]:
        """Without those of which nothing happened: they would lie on the axis, one over the
        other."""
        return [
            Line(each.name, number, self._points(each.values))
            for number, each in enumerate(self.series, start=1)
            if any(each.values)
        ]

    def scale(self) -> list[Tick]:
        """Nothing, half and all of it."""
        halves = (0, self.top // 2, self.top) if self.top > 1 else (0, 1)
        return [Tick(self._y(value), f"{value:,}") for value in halves]

    def ticks(self) -> list[Tick]:
        """As many of the labels as there is room for."""
        every = -(-len(self.labels) // MOST_LABELS)
        return [Tick(self._x(at), label) for at, label in enumerate(self.labels) if at % every == 0]

    def rows(self) -> list[tuple[str, list[int]]]:
        """As a table: without those in which nothing happened."""
        columns = zip(*(each.values for each in self.series), strict=True)
        return [
            (label, list(values))
            for label, values in zip(self.labels, columns, strict=True)
            if any(values)
        ]

    def _points(self, values: Sequence[int]) -> str:
        """A lone value is as high from end to end: a point alone is not drawn."""
        points = [(self._x(at), self._y(value)) for at, value in enumerate(values)]
        if len(points) == 1:
            points.append((float(self.right), points[0][1]))
        return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)

    def _x(self, at: int) -> float:
        steps = max(1, len(self.labels) - 1)
        return round(LEFT + (WIDTH - LEFT - RIGHT) * at / steps, 1)

    def _y(self, value: int) -> float:
        return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * value / self.top, 1)
