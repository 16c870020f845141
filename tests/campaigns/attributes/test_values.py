"""What a value of each type looks like in files and forms, and how it is stored."""

from __future__ import annotations

import pytest

from campaigns.attributes.values import Reading, Unfit, convert, fits, parse, show

CHOICES = ["Gold", "Silver"]


@pytest.mark.parametrize(
    "kind, text, value",
    [
        ("text", " as it is ", " as it is "),
        ("number", "12", 12),
        ("number", " -3 ", -3),
        ("number", "12.50", 12.5),
        ("number", "1,5", 1.5),
        ("number", "1.234,56", 1234.56),
        ("number", "1,234.56", 1234.56),
        ("number", "1 234 567", 1234567),
        ("number", "1\u00a0234,5", 1234.5),
        ("number", "1'234.5", 1234.5),
        ("number", "−4", -4),
        ("date", "2026-05-01", "2026-05-01"),
        ("date", "1.5.2026", "2026-05-01"),
        ("date", "01/05/2026", "2026-05-01"),
        ("date", "20260501", "2026-05-01"),
        ("date", "2026年5月1日", "2026-05-01"),
        ("date", "May 1, 2026", "2026-05-01"),
        ("date", "2026-05-01T23:30:00-08:00", "2026-05-01"),
        ("date", "2026-05-01 08:31:11.123456 +0000 UTC", "2026-05-01"),
        ("date", "2026-05-01 08:31:11 +0530 +0530", "2026-05-01"),
        ("yes_no", "Ja", True),
        ("yes_no", "0", False),
        ("choice", "gold ", "Gold"),
    ],
)
def test_a_text_of_a_type_is_read(kind: str, text: str, value: object) -> None:
    read = parse(kind, text, CHOICES)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize("kind", ["text", "number", "date", "yes_no", "choice"])
def test_an_empty_text_is_no_value(kind: str) -> None:
    assert parse(kind, "", CHOICES) is None


@pytest.mark.parametrize(
    "kind, text",
    [
        ("number", "n/a"),
        ("number", "1,234"),
        ("number", "0123"),
        ("number", "+49 30 123"),
        ("number", "4111111111111111"),
        ("number", "1e5"),
        ("number", "12,34,5"),
        ("number", "NaN"),
        ("number", "٣"),
        ("date", "31.02.2026"),
        ("date", "May 2026"),
        ("date", "1777593600"),
        ("date", "14:30"),
        ("yes_no", "perhaps"),
        ("choice", "Bronze"),
    ],
)
def test_a_text_that_is_no_value_of_the_type_or_would_lose_something_is_refused(
    kind: str, text: str
) -> None:
    with pytest.raises(Unfit):
        parse(kind, text, CHOICES)


def test_a_column_says_what_its_ambiguous_values_mean() -> None:
    assert parse("number", "1,234", reading=Reading(decimal=".")) == 1234
    assert parse("number", "1,234", reading=Reading(decimal=",")) == 1.234
    assert parse("number", "1.234", reading=Reading(decimal=",")) == 1234
    assert parse("date", "05/01/2026", reading=Reading(month_first=True)) == "2026-05-01"


@pytest.mark.parametrize(
    "value, text",
    [(True, "yes"), (False, "no"), (7, "7"), (0.00001, "0.00001"), (None, ""), (["a"], '["a"]')],
)
def test_a_stored_value_is_shown_as_text(value: object, text: str) -> None:
    assert show(value) == text


@pytest.mark.parametrize(
    "kind, value, converted",
    [
        ("text", 12.5, "12.5"),
        ("text", True, "yes"),
        ("number", "12.50", 12.5),
        ("number", "", None),
        ("yes_no", 1, True),
        ("date", "1.5.2026", "2026-05-01"),
        ("number", 3, 3),
    ],
)
def test_a_stored_value_is_converted(kind: str, value: object, converted: object) -> None:
    assert convert(kind, value) == converted


def test_a_list_is_converted_to_nothing() -> None:
    with pytest.raises(Unfit, match="several values"):
        convert("text", ["a", "b"])


def test_true_is_no_number_and_a_text_in_the_form_of_a_date_fits_only_if_it_is_one() -> None:
    assert not fits("number", True)
    assert fits("date", "2026-02-28") and not fits("date", "2026-02-31")
