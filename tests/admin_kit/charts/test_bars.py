"""Charts: bars by value, and the same numbers as a table."""

from __future__ import annotations

from admin_kit.charts.bars import chart, table


def test_the_tallest_bar_is_that_of_the_highest_value() -> None:
    heights = [bar.height for bar in chart("Sent", ["a", "b"], [50, 100]).bars]
    assert heights == [32.0, 64.0]


def test_nothing_has_no_bar_and_little_is_seen() -> None:
    bars = chart("Sent", ["a", "b", "c"], [0, 1, 1_000]).bars
    assert [(bar.label, bar.height) for bar in bars] == [("b", 1.0), ("c", 64.0)]


def test_a_limit_is_a_line_across() -> None:
    assert chart("Sent", ["a", "b"], [25, 50], limit=100).line == 0.0
    assert chart("Sent", ["a", "b"], [25, 100], limit=50).line == 32.0


def test_a_limit_that_is_far_away_is_no_line_and_leaves_the_bars_their_height() -> None:
    drawn = chart("Sent", ["a", "b"], [25, 50], limit=1_000)
    assert (drawn.line, [bar.height for bar in drawn.bars]) == (None, [32.0, 64.0])


def test_the_sum_is_told_with_its_thousands() -> None:
    assert chart("Sent", ["a", "b"], [1_000, 234]).total == "1,234"


def test_a_chart_of_nothing_can_be_drawn() -> None:
    drawn = chart("Sent", [], [])
    assert (drawn.bars, drawn.total) == ([], "0")


def test_the_table_begins_with_the_newest() -> None:
    told = table("Hour", ["9", "10"], {"Sent": [1, 2], "Opened": [0, 1]})
    assert told == {
        "headers": ["Hour", "Sent", "Opened"],
        "rows": [["10", "2", "1"], ["9", "1", "0"]],
    }
