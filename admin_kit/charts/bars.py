"""Bar charts that the server draws as SVG, without any script: small ones, a measure each, so that
no colour has to be told from another. The same numbers are given as a table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from admin_kit.words.numbers import number

WIDTH, HEIGHT = 240.0, 64.0
"""Of the drawing, in its own units; the page scales it."""
GAP = 0.2
"""The part of a bar's place that stays empty."""


@dataclass(frozen=True, slots=True)
class Bar:
    """A value's bar, in the units of the drawing. No value is so small that nothing is seen."""

    label: str
    value: str
    x: float
    y: float
    width: float
    height: float


NEAR = 5
"""A limit is near from a fifth of it on."""


@dataclass(frozen=True, slots=True)
class Chart:
    """One measure over time."""

    name: str
    total: str
    first: str
    last: str
    bars: Sequence[Bar]
    note: str = ""
    """What a line that crosses the bars stands for."""
    line: float | None = None
    """How far down that line is."""
    width: float = WIDTH
    height: float = HEIGHT


def chart(
    name: str,
    labels: Sequence[str],
    values: Sequence[int],
    limit: int | None = None,
    note: str = "",
) -> Chart:
    """`limit` is drawn as a line across, for what the values may reach: where they come near it, as
    else they would not be seen below it."""
    highest = max([*values, 1])
    if limit and highest * NEAR >= limit:
        highest = max(highest, limit)
    else:
        limit = None
    place = WIDTH / max(len(values), 1)
    bars = [
        _bar(label, value, at * place, place, highest)
        for at, (label, value) in enumerate(zip(labels, values, strict=True))
        if value > 0
    ]
    return Chart(
        name=name,
        total=number(sum(values)),
        first=labels[0] if labels else "",
        last=labels[-1] if labels else "",
        bars=bars,
        note=note,
        line=round(HEIGHT * (1 - limit / highest), 2) if limit else None,
    )


def _bar(label: str, value: int, x: float, place: float, highest: int) -> Bar:
    height = max(1.0, HEIGHT * value / highest)
    return Bar(
        label=label,
        value=number(value),
        x=round(x + place * GAP / 2, 2),
        y=round(HEIGHT - height, 2),
        width=round(place * (1 - GAP), 2),
        height=round(height, 2),
    )


def table(first: str, labels: Sequence[str], series: Mapping[str, Sequence[int]]) -> dict[str, Any]:
    """The same numbers for unfold's table component, the newest first."""
    columns = list(series.values())
    rows = [[label, *(number(column[at]) for column in columns)] for at, label in enumerate(labels)]
    return {"headers": [first, *series], "rows": rows[::-1]}
