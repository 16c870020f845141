"""Numbers in Liquid as the reference (Ruby) has them, also where they came from a file as text.

The filters take a text for the number that it begins with, as the reference does ("12.50" is 12.5,
"7 pieces" is 7, "abc" is 0), calculate in decimals and round half away from zero. A comparison of
a text with a number compares numbers, which the reference cannot do.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Collection
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from django.utils.translation import gettext
from liquid import Environment, Token
from liquid.builtin.expressions import logical
from liquid.builtin.tags import case_tag
from liquid.exceptions import FilterArgumentError, LiquidTypeError
from liquid.filter import liquid_filter

Number = int | Decimal

NUMBER_TEXT = r"^[ \t\r\n]*[-+]?[0-9]{1,200}(\.[0-9]{1,200})?[ \t\r\n]*$"
"""A text that is a number, for Python and for PostgreSQL."""

_NUMBER_TEXT = re.compile(NUMBER_TEXT)
_DECIMAL = re.compile(r"-?[0-9]+\.[0-9]+")
_INTEGER = re.compile(r"\s*([-+]?[0-9]+(?:_[0-9]+)*)", re.ASCII)
_EXACT = Context(prec=800)
"""Precise enough for the result of any two floats."""


def _number(value: object) -> Number:
    if isinstance(value, float):
        return Decimal(str(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if not isinstance(value, str):
        return 0
    if _DECIMAL.fullmatch(text := value.strip()):
        return Decimal(text)
    found = _INTEGER.match(value)
    return int(found[1]) if found else 0


def _result(number: Number) -> int | float:
    return float(number) if isinstance(number, Decimal) else number


def _calculation(
    whole: Callable[[int, int], int], exact: Callable[[Decimal, Decimal], Decimal]
) -> Callable[[object, object], int | float]:
    def calculate(value: object, other: object) -> int | float:
        left, right = _number(value), _number(other)
        if isinstance(left, int) and isinstance(right, int):
            return whole(left, right)
        return _result(exact(Decimal(left), Decimal(right)))

    return calculate


def _division(
    name: str, whole: Callable[[int, int], int], exact: Callable[[Decimal, Decimal], Decimal]
) -> Callable[[object, object], int | float]:
    calculate = _calculation(whole, exact)

    def divide(value: object, other: object) -> int | float:
        if _number(other) == 0:
            raise FilterArgumentError(
                gettext("%(name)s: can't divide by %(other)s") % {"name": name, "other": other},
                token=None,
            )
        return calculate(value, other)

    return divide


def _remainder(left: Decimal, right: Decimal) -> Decimal:
    """With the sign of what is divided by, as integers have it."""
    rest = _EXACT.remainder(left, right)
    if not rest:
        return Decimal(0)
    return rest if (rest < 0) == (right < 0) else _EXACT.add(rest, right)


def _rounded(value: object, digits: object = 0) -> int | float:
    number, places = _number(value), int(_number(digits))
    if isinstance(number, int) and places >= 0:
        return number
    rounded = _at_place(Decimal(number), places)
    return int(rounded) if places < 1 else float(rounded)


def _at_place(number: Decimal, places: int) -> Decimal:
    """Half away from zero."""
    if not number.is_finite() or places >= -int(number.as_tuple().exponent):
        return number
    if places < -number.adjusted() - 1:
        return Decimal(0)
    context = Context(prec=len(number.as_tuple().digits) + abs(number.adjusted()) + 2)
    return number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, context)


def _at_least(value: object, other: object) -> int | float:
    number, least = _number(value), _number(other)
    return _result(least if least > number else number)


def _at_most(value: object, other: object) -> int | float:
    number, most = _number(value), _number(other)
    return _result(most if most < number else number)


def _absolute(value: object) -> int | float:
    number = _number(value)
    return abs(number) if isinstance(number, int) else float(number.copy_abs())


FILTERS: dict[str, Callable[..., object]] = {
    "abs": _absolute,
    "at_least": _at_least,
    "at_most": _at_most,
    "ceil": lambda value: math.ceil(_number(value)),
    "divided_by": _division("divided_by", operator.floordiv, _EXACT.divide),
    "floor": lambda value: math.floor(_number(value)),
    "minus": _calculation(operator.sub, _EXACT.subtract),
    "modulo": _division("modulo", operator.mod, _remainder),
    "plus": _calculation(operator.add, _EXACT.add),
    "round": _rounded,
    "times": _calculation(operator.mul, _EXACT.multiply),
}


def add_filters(environment: Environment) -> None:
    for name, apply in FILTERS.items():
        environment.add_filter(name, liquid_filter(apply))


def number_in(text: str) -> int | float | None:
    """The number that a text stands for in a comparison; None if it is not a number."""
    if not _NUMBER_TEXT.match(text):
        return None
    return float(text) if "." in text else int(text)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float, Decimal)) and not isinstance(value, bool)


def _comparable(left: object, right: object, token: Token | None) -> tuple[Any, Any] | None:
    """Two numbers or two texts; None for other pairs, for which every comparison is false."""
    if isinstance(left, str) and _is_number(right):
        return None if not left.strip() else (_compared(left, right, token), right)
    if isinstance(right, str) and _is_number(left):
        return None if not right.strip() else (left, _compared(right, left, token))
    if isinstance(left, str) and isinstance(right, str):
        return left, right
    return (left, right) if _is_number(left) and _is_number(right) else None


def _compared(text: str, number: object, token: Token | None) -> int | float:
    found = number_in(text)
    if found is None:
        what = gettext("“%(text)s” is no number and cannot be compared with %(number)s") % {
            "text": text[:50],
            "number": number,
        }
        raise LiquidTypeError(what, token=token)
    return found


def _less(token: Token | None, left: object, right: object) -> bool:
    pair = _comparable(left, right, token)
    return pair is not None and bool(operator.lt(*pair))


def _less_or_equal(left: object, right: object) -> bool:
    pair = _comparable(left, right, None)
    return pair is not None and bool(operator.le(*pair))


_equal_otherwise = logical._eq


def _equal(left: object, right: object) -> bool:
    if isinstance(left, str) and _is_number(right):
        return number_in(left) == right
    if isinstance(right, str) and _is_number(left):
        return number_in(right) == left
    return _equal_otherwise(left, right)


_contains_otherwise = logical._contains


def _contains(token: Token, left: object, right: object) -> bool:
    """False for a number or true, where python-liquid would raise an error."""
    return isinstance(left, Collection) and _contains_otherwise(token, left, right)


def replace_comparisons() -> None:
    """python-liquid offers no way to say how values compare, in all tags and expressions."""
    logical._lt, logical._le, logical._contains = _less, _less_or_equal, _contains
    logical._eq = case_tag._eq = _equal  # type: ignore[attr-defined]
