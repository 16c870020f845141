"""Charts are drawn by the server and can be read as tables."""

from __future__ import annotations

import pytest
from django.template.loader import render_to_string

from admin_kit.charts.lines import Chart, Series


def chart(*values: int, others: tuple[int, ...] = ()) -> Chart:
    labels = [f"{n} h" for n in range(len(values))]
    series = [Series("Opened", values), *([Series("Clicked", others)] if others else [])]
    return Chart("Opens", "Hour", labels, series)


def drawn(shown: Chart) -> str:
    return " ".join(render_to_string("admin/chart.html", {"chart": shown}).split())


@pytest.mark.parametrize(
    ("most", "top"), [(0, 1), (1, 1), (2, 2), (3, 5), (6, 10), (11, 20), (1_234, 2_000)]
)
def test_a_scale_ends_at_a_round_number(most: int, top: int) -> None:
    assert chart(0, most).top == top


def test_a_line_goes_from_the_left_to_the_right_and_up_to_the_top() -> None:
    (line,) = chart(0, 5, 10).lines()
    assert line.points == "56.0,176.0 344.0,93.0 632.0,10.0"


def test_a_lone_value_is_a_line_too() -> None:
    (line,) = chart(10).lines()
    assert line.points == "56.0,10.0 632.0,10.0"


def test_lines_have_strokes_of_their_own() -> None:
    shown = drawn(chart(1, 2, others=(0, 1)))
    assert 'class="edm-line edm-line-1" points=' in shown
    assert 'class="edm-line edm-line-2" points=' in shown


def test_the_table_has_each_number() -> None:
    shown = drawn(chart(0, 1_200, others=(0, 7)))
    assert '<td class="pr-6 py-1">1,200</td><td class="pr-6 py-1">7</td>' in shown


def test_the_table_leaves_out_where_nothing_happened() -> None:
    assert chart(0, 3, 0).rows() == [("1 h", [3])]


def test_few_labels_stand_below_many_values() -> None:
    assert [tick.text for tick in chart(*range(20)).ticks()] == [
        f"{n} h" for n in (0, 3, 6, 9, 12, 15, 18)
    ]


def test_nothing_is_said_in_words() -> None:
    shown = drawn(chart(0, 0))
    assert "Nothing yet." in shown
    assert "<svg" not in shown


def test_names_are_text() -> None:
    shown = Chart("<b>", "Hour", ["1 h"], [Series("<i>", [1])])
    assert "<b>" not in drawn(shown) and "<i>" not in drawn(shown)


def test_no_line_is_drawn_of_what_did_not_happen() -> None:
    (line,) = chart(0, 3, others=(0, 0)).lines()
    assert line.name == "Opened"
    assert "Clicked" in drawn(chart(0, 3, others=(0, 0)))
