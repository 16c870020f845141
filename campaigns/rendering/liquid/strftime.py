"""Dates as Ruby's `strftime` writes them, which Liquid's `date` filter is defined by.

Python's own asks the C library, so what comes out would depend on the host and its locale. Names of
months and weekdays are English here, as they are in Ruby.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable

MAX_WIDTH = 1_000
"""Of one directive; one that asks for more is text, as an unknown directive is."""

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DIRECTIVE = re.compile(
    r"%(?P<flags>[-0^#_]*+)(?P<width>[0-9]*+)"
    r"(?P<kind>:{1,3}z|E[cCxXyY]|O[deHIklMmSUuVWwy]|[A-Za-z]|%)"
)
_COMPOSED = {
    "c": "%a %b %e %H:%M:%S %Y",
    "D": "%m/%d/%y",
    "F": "%Y-%m-%d",
    "R": "%H:%M",
    "r": "%I:%M:%S %p",
    "T": "%H:%M:%S",
    "v": "%e-%^b-%Y",
    "X": "%H:%M:%S",
    "x": "%m/%d/%y",
}
_TEXTS: dict[str, Callable[[dt.datetime], str]] = {
    "A": lambda at: WEEKDAYS[at.weekday()],
    "a": lambda at: WEEKDAYS[at.weekday()][:3],
    "B": lambda at: MONTHS[at.month - 1],
    "b": lambda at: MONTHS[at.month - 1][:3],
    "h": lambda at: MONTHS[at.month - 1][:3],
    "n": lambda at: "\n",
    "P": lambda at: "am" if at.hour < 12 else "pm",
    "p": lambda at: "AM" if at.hour < 12 else "PM",
    "t": lambda at: "\t",
    "Z": lambda at: at.tzname() or "",
    "%": lambda at: "%",
}
_NUMBERS: dict[str, tuple[Callable[[dt.datetime], int], int, str]] = {
    "C": (lambda at: at.year // 100, 2, "0"),
    "d": (lambda at: at.day, 2, "0"),
    "e": (lambda at: at.day, 2, " "),
    "G": (lambda at: at.isocalendar().year, 4, "0"),
    "g": (lambda at: at.isocalendar().year % 100, 2, "0"),
    "H": (lambda at: at.hour, 2, "0"),
    "I": (lambda at: at.hour % 12 or 12, 2, "0"),
    "j": (lambda at: at.timetuple().tm_yday, 3, "0"),
    "k": (lambda at: at.hour, 2, " "),
    "l": (lambda at: at.hour % 12 or 12, 2, " "),
    "M": (lambda at: at.minute, 2, "0"),
    "m": (lambda at: at.month, 2, "0"),
    "S": (lambda at: at.second, 2, "0"),
    "s": (lambda at: (at - _EPOCH) // dt.timedelta(seconds=1), 1, "0"),
    "U": (lambda at: _week(at, at.isoweekday() % 7), 2, "0"),
    "u": (lambda at: at.isoweekday(), 1, "0"),
    "V": (lambda at: at.isocalendar().week, 2, "0"),
    "W": (lambda at: _week(at, at.weekday()), 2, "0"),
    "w": (lambda at: at.isoweekday() % 7, 1, "0"),
    "Y": (lambda at: at.year, 4, "0"),
    "y": (lambda at: at.year % 100, 2, "0"),
}
"""How to find the number, its least width, and what it is filled up with."""

_FRACTIONS = {"L": 3, "N": 9}
"""How many digits of the second's fraction, unless a width says so."""


def strftime(at: dt.datetime, format: str) -> str:
    """`at` has a zone, whose name is "" if it is a mere offset. What is no directive comes out as
    it is.
    """
    return _DIRECTIVE.sub(lambda found: _written(at, found), format)


def _written(at: dt.datetime, found: re.Match[str]) -> str:
    flags, width, kind = found["flags"], int(found["width"][:9] or 0), found["kind"]
    if len(kind) == 2 and kind[0] in "EO":
        kind = kind[1]
    if width > MAX_WIDTH:
        return found[0]
    if kind in _FRACTIONS:
        digits = width or _FRACTIONS[kind]
        return f"{at.microsecond:06}".ljust(digits, "0")[:digits]
    if kind in _NUMBERS:
        read, least, filling = _NUMBERS[kind]
        return _filled(str(read(at)), flags, width or least, filling)
    if kind.endswith("z"):
        return _offset(at, kind.count(":"), flags, width)
    if kind in _COMPOSED:
        text = _in_case(strftime(at, _COMPOSED[kind]), kind, flags)
        return _padded(text, width, _filling(flags, " "))
    if kind in _TEXTS:
        return _filled(_in_case(_TEXTS[kind](at), kind, flags), flags, width, " ")
    return found[0]


def _filled(text: str, flags: str, width: int, filling: str) -> str:
    if "-" in flags or not text:
        return text
    return _padded(text, width, _filling(flags, filling))


def _filling(flags: str, filling: str) -> str:
    """The last of the flags for it counts."""
    asked = flags.replace("^", "").replace("#", "")
    return {"_": " ", "0": "0"}.get(asked[-1:], filling)


def _padded(text: str, width: int, filling: str) -> str:
    return text.zfill(width) if filling == "0" else text.rjust(width)


def _in_case(text: str, kind: str, flags: str) -> str:
    if "#" in flags and kind in "pZ":
        return text.lower()
    is_upper = "^" in flags or ("#" in flags and kind in "AaBbhP")
    return text.upper() if is_upper else text


def _offset(at: dt.datetime, colons: int, flags: str, width: int) -> str:
    """`+0200`, `+02:00`, `+02:00:00` or the shortest of these with a colon, by the colons."""
    seconds = round((at.utcoffset() or dt.timedelta()).total_seconds())
    hours, rest = divmod(abs(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    tail = [f"{minutes:02}", f"{rest:02}"][: (1, 1, 2, 2)[colons]]
    while colons == 3 and tail and tail[-1] == "00":
        tail.pop()
    end = "".join((":" if colons else "") + part for part in tail)
    is_unknown = "-" in flags and at.tzinfo is dt.UTC  # RFC 3339 has -00:00 for that
    sign = "-" if seconds < 0 or is_unknown else "+"
    room = max(width - len(end), 3)
    if _filling(flags, "0") == " ":
        return f"{sign}{hours}".rjust(room) + end
    return sign + str(hours).rjust(room - 1, "0") + end


def _week(at: dt.datetime, weekday: int) -> int:
    """The number of the week whose first day has the weekday 0; those before the first are 0."""
    return (at.timetuple().tm_yday + 6 - weekday) // 7
