"""Filters of ours, which Shopify's Liquid has not: `money` and `plural`, as a language has them.

What is no number stays as it is, as with `date`. A currency or a language that there is not is an
error: it is the template's fault.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, localcontext
from functools import lru_cache

from babel import Locale
from babel.core import UnknownLocaleError
from babel.numbers import format_currency, list_currencies
from django.conf import settings
from django.utils.translation import gettext
from liquid import Environment
from liquid.exceptions import FilterArgumentError
from liquid.filter import liquid_filter

from campaigns.rendering.liquid.numbers import NUMBER_TEXT

LARGEST = 15
"""Digits before the point of an amount; longer ones stay as they are."""
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8}){0,2}")
_NUMBER = re.compile(NUMBER_TEXT)
_FORMS = ("zero", "one", "two", "few", "many", "other")


def money(value: object, currency: object = "", language: object = "") -> object:
    """An amount: `{{ price | money: "EUR", "de" }}` is 1.234,50 €."""
    amount = _number(value)
    if str(currency) not in list_currencies():
        raise FilterArgumentError(
            gettext("money: “%(currency)s” is no currency; write one as “EUR”")
            % {"currency": str(currency)[:20]},
            token=None,
        )
    locale = _locale("money", language)
    if amount is None:
        return value
    with localcontext(rounding=ROUND_HALF_UP):  # as the other filters round
        return format_currency(amount, str(currency), locale=locale)


def plural(value: object, one: object = None, other: object = None, **forms: object) -> object:
    """The word that goes with a number: `{{ n }} {{ n | plural: "day", "days" }}`.

    Languages with more forms have them by name: one, two, few, many, other, and the language.
    """
    locale = _locale("plural", forms.pop("language", ""))
    words = {"one": one, "other": other, **forms}
    if unknown := forms.keys() - set(_FORMS):
        raise FilterArgumentError(
            gettext("plural: there is no form “%(form)s”") % {"form": min(unknown)[:20]}, token=None
        )
    if words["other"] is None:
        raise FilterArgumentError(gettext("plural: the word for many is missing"), token=None)
    number = _number(value)
    form = "other" if number is None else locale.plural_form(abs(number))
    word = words.get(form)
    return words["other"] if word is None else word


def _number(value: object) -> Decimal | None:
    """None for what is none, or is too large for an amount."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return None
    if isinstance(value, int) and abs(value) >= 10**LARGEST:
        return None
    text = str(value)
    if isinstance(value, str) and not _NUMBER.match(text):
        return None
    number = Decimal(text.strip())
    return number if number.is_finite() and number.adjusted() < LARGEST else None


def _locale(name: str, language: object) -> Locale:
    """That of the site without one."""
    written = str(language or settings.LANGUAGE_CODE)
    found = _known(written) if _LANGUAGE.fullmatch(written) else None
    if found is None:
        said = gettext(
            "%(name)s: “%(written)s” is no language; write one as “de”, “en-GB” or “zh”"
        ) % {"name": name, "written": written[:20]}
        raise FilterArgumentError(said, token=None)
    return found


@lru_cache(maxsize=64)
def _known(language: str) -> Locale | None:
    try:
        return Locale.parse(language.replace("-", "_"))
    except (UnknownLocaleError, ValueError):
        return None


def add_filters(environment: Environment) -> None:
    environment.add_filter("money", liquid_filter(money))
    environment.add_filter("plural", liquid_filter(plural))
