"""Which of a campaign's languages a contact gets: the only place that decides it.

By lookup as of RFC 4647, section 3.4: the contact's tag, then the same without its last part, and
so on, zh-Hans-CN, zh-Hans, zh; at last the language for everyone else. Case does not count. What
the language of a contact is, is said in `campaigns.segments.sql.contacts`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from campaigns.segments.sql.contacts import LANGUAGE

COLUMN = "language"
OF_ATTRIBUTES = f"{LANGUAGE.format('attributes')} AS {COLUMN}"
"""The language of a contact as a column, "" for none, of a query that has its attributes."""


class Languages(NamedTuple):
    """Of a campaign's variants, in lower case. `tags` are looked up, the longest first; everyone
    for whom none is found gets `default`, "" when it is not said what language that is.
    """

    tags: Sequence[str]
    default: str

    @property
    def are_several(self) -> bool:
        return bool({*self.tags} - {self.default})


def languages_of(written: Iterable[str]) -> Languages:
    """Of the languages of a campaign's rows in their order. Rows without one are for everyone else;
    when there are none, that is the language of the first row.
    """
    all_of_them = [tag.lower() for tag in written]
    default = "" if "" in all_of_them else next(iter(all_of_them), "")
    tags = sorted({*all_of_them} - {""}, key=lambda tag: (-tag.count("-"), tag))
    return Languages(tags, default)


def case(results: Sequence[str], otherwise: str) -> str:
    """SQL with the parameters of `params`: the result of the first of the tags that fits COLUMN;
    there is a result for each of `Languages.tags`."""
    whens = [
        f"WHEN {COLUMN} = %(tag_{n})s OR starts_with({COLUMN}, %(tag_{n})s || '-') THEN {result}"
        for n, result in enumerate(results)
    ]
    return f"CASE {' '.join(whens)} ELSE {otherwise} END" if whens else otherwise


def params(languages: Languages) -> dict[str, Any]:
    return {f"tag_{n}": tag for n, tag in enumerate(languages.tags)}


def chosen(languages: Languages, tag: str) -> str:
    """As `case` chooses, for one language."""
    parts = tag.lower().split("-")
    shorter = ("-".join(parts[:end]) for end in range(len(parts), 0, -1))
    return next((each for each in shorter if each in languages.tags), languages.default)
