"""Values of lines, by the input that asks for them: each is brought to one form, or refused."""

from __future__ import annotations

import datetime as dt
import math
import re
import unicodedata
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from addressing.addresses import clean_address
from campaigns.segments.operators import Input

MAX_TEXT = 500
MAX_LINK = 2_000
MAX_DAYS = 3_660
MAX_TIMES = 1_000
MAX_CHOICES = 100
MAX_NUMBER = 1e18
MAX_KEY = 2**63 - 1
YEARS = range(1_000, 9_001)
"""Far enough from the ends of what Python and PostgreSQL can count with."""
PARTS = range(2, 11)
"""How many parts a random split may have."""
_LABEL = re.compile(r"[A-Za-z0-9-]{2,63}")
BY = {"people": _("people"), "machines": _("machines"), "anyone": _("people or machines")}


class ValueRefused(ValueError):
    """The message, for staff, says what is asked for."""


def clean(asked: Input, value: object) -> object:
    """The value as it is kept as JSON. Raises ValueRefused."""
    return CLEANERS[asked](value)


def _none(value: object) -> None:
    return None


def _text(value: object, most: int = MAX_TEXT) -> str:
    text = value.strip() if isinstance(value, str) else ""
    if not text or len(text) > most or any(map(_is_control, text)):
        raise ValueRefused(
            gettext("Enter a text of at most %(most)s characters.") % {"most": f"{most:,}"}
        )
    return text


def _is_control(character: str) -> bool:
    """Line breaks, NUL and halves of characters; blanks and joiners of any script are text."""
    return unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp")


def _number(value: object) -> int | float:
    if isinstance(value, str) and len(value) < 40:
        try:
            value = float(value) if set(value) & set(".eE") else int(value)
        except ValueError:
            value = None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not abs(value) <= MAX_NUMBER:  # type: ignore[arg-type]  # NaN is not
        raise ValueRefused(gettext("Enter a number, such as 12.5."))
    return value  # type: ignore[return-value]  # it is one


def _whole(value: object, low: int, high: int, what: str) -> int:
    try:
        number = _number(value)
    except ValueRefused:
        number = math.pi
    if number != int(number) or not low <= number <= high:
        raise ValueRefused(what)
    return int(number)


def _date(value: object) -> str:
    try:
        if not isinstance(value, str) or len(value) != 10:
            raise ValueError
        day = dt.date.fromisoformat(value)
        if day.year not in YEARS:
            raise ValueError
        return day.isoformat()
    except ValueError:
        raise ValueRefused(gettext("Enter a date, such as 2026-05-01.")) from None


def _days(value: object) -> int:
    return _whole(
        value,
        1,
        MAX_DAYS,
        gettext("Enter a number of days from 1 to %(most)s.") % {"most": f"{MAX_DAYS:,}"},
    )


def _key(value: object) -> int:
    return _whole(value, 1, MAX_KEY, gettext("Choose one of the list."))


def _numbers(value: object) -> list[int | float]:
    low, high = (_number(each) for each in _pair(value))
    if low > high:
        raise ValueRefused(gettext("The second number is smaller than the first."))
    return [low, high]


def _dates(value: object) -> list[str]:
    first, last = (_date(each) for each in _pair(value))
    if first > last:
        raise ValueRefused(gettext("The second date is before the first."))
    return [first, last]


def _pair(value: object) -> list[object]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise ValueRefused(gettext("Enter both ends."))
    return list(value)


def _choices(value: object) -> list[str]:
    if not isinstance(value, list) or not 1 <= len(value) <= MAX_CHOICES:
        raise ValueRefused(gettext("Choose at least one."))
    return list(dict.fromkeys(_text(each) for each in value))


def _domain(value: object) -> str:
    written = _text(value, 254).removeprefix("*.").rpartition("@")[2]
    if _LABEL.fullmatch(written):  # a whole country's, such as de
        return written.lower()
    try:
        return clean_address(f"x@{written}").rpartition("@")[2]
    except ValidationError:
        raise ValueRefused(gettext("Enter a domain, such as example.com.")) from None


def _language(value: object) -> str:
    code = _text(value, 35).lower().replace("_", "-")
    if not all(part.isalnum() and part.isascii() for part in code.split("-")):
        raise ValueRefused(gettext("Enter a language, such as en or zh-CN."))
    return code


def _engagement(value: object) -> dict[str, object]:
    """Without the parts that say nothing, so that equal questions are equal."""
    given = _parts(value, {"campaign", "link", "days", "times", "by"})
    kept: dict[str, object] = {}
    if "campaign" in given:
        kept["campaign"] = _key(given["campaign"])
    if "link" in given:
        kept["link"] = _text(given["link"], MAX_LINK)
    if "days" in given:
        kept["days"] = _days(given["days"])
    most = gettext("Enter a number of messages from 1 to %(most)s.") % {"most": f"{MAX_TIMES:,}"}
    if "times" in given and (times := _whole(given["times"], 1, MAX_TIMES, most)) > 1:
        kept["times"] = times
    if "times" in kept and "campaign" in kept:
        raise ValueRefused(
            gettext("A campaign sends one message to each contact: ask for it once.")
        )
    by = given.get("by", "people")
    if not isinstance(by, str) or by not in BY:
        raise ValueRefused(gettext("Choose people, machines or both."))
    return kept if by == "people" else {**kept, "by": by}


def _parts(value: object, known: set[str]) -> dict[str, object]:
    if value is None:
        return {}
    if not isinstance(value, dict) or set(value) - known:
        raise ValueRefused(gettext("This is not understood. Choose it anew."))
    return {name: each for name, each in value.items() if each not in (None, "")}


def _part(value: object) -> dict[str, object]:
    given = _parts(value, {"part", "of", "seed"})
    parts = gettext("Enter a number of parts from %(fewest)s to %(most)s.") % {
        "fewest": PARTS[0],
        "most": PARTS[-1],
    }
    of = _whole(given.get("of"), PARTS[0], PARTS[-1], parts)
    part = _whole(
        given.get("part"), 1, of, gettext("Enter a part from 1 to %(most)s.") % {"most": of}
    )
    return {"part": part, "of": of, "seed": _text(given.get("seed"), 50)}


CLEANERS: dict[Input, Callable[[object], object]] = {
    Input.NONE: _none,
    Input.TEXT: _text,
    Input.NUMBER: _number,
    Input.NUMBERS: _numbers,
    Input.DATE: _date,
    Input.DATES: _dates,
    Input.DAYS: _days,
    Input.CHOICE: _text,
    Input.CHOICES: _choices,
    Input.TAG: _key,
    Input.SEGMENT: _key,
    Input.TASK: _key,
    Input.IMPORT: _key,
    Input.DOMAIN: _domain,
    Input.LANGUAGE: _language,
    Input.ENGAGEMENT: _engagement,
    Input.PART: _part,
}
