"""The measure itself tells linear from quadratic, in time and in memory."""

from __future__ import annotations

import pytest

from tests.security.scaling import assert_linear


def count_letters(text: str) -> int:
    return sum(letter == "x" for letter in text)


def count_pairs(text: str) -> int:
    return sum(a == b for a in text for b in text)


def refuse(text: str) -> None:
    count_letters(text)
    raise ValueError("is wrong")


def hold_pairs(text: str) -> int:
    held = bytearray(len(text) ** 2 // 60)
    return len(held) + sum(count_letters(text) for _ in range(60))


def many(size: int) -> str:
    return "x" * size


def test_a_linear_function_passes() -> None:
    assert_linear(count_letters, many)


def test_an_error_is_as_good_as_a_result() -> None:
    assert_linear(refuse, many, raises=(ValueError,))


def test_a_quadratic_function_does_not_pass() -> None:
    with pytest.raises(AssertionError, match="times as long"):
        assert_linear(count_pairs, many, start=100)


def test_memory_that_grows_with_the_square_does_not_pass() -> None:
    with pytest.raises(AssertionError, match="bytes at"):
        assert_linear(hold_pairs, many, start=20_000)
