"""Which content of a launched campaign a SubTask gets, as SQL: the only place that decides it.

By the language of the contact, where the contents have several; then at random by weight.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate
from typing import Any, NamedTuple

from campaigns.languages import choosing
from campaigns.models import Content, Task

BY_WEIGHT = (
    "(%({0}_ids)s::bigint[])[1 + width_bucket(random() * %({0}_sum)s, %({0}_up_to)s::float8[])]"
)


class Pick(NamedTuple):
    """`sql` gives the key of a content. Where it `needs_language`, the query that it stands in has
    the column of `choosing`.
    """

    sql: str
    params: dict[str, Any]
    needs_language: bool = False


def pick(task: Task, waits: bool) -> Pick:
    """The first content alone, where all SubTasks wait for a test's sample to be drawn."""
    contents = Content.objects.filter(task=task).order_by("pk")
    rows = list(contents.values_list("pk", "weight", "language"))[: 1 if waits else None]
    languages = choosing.languages_of(language for *_, language in rows)
    if not languages.are_several:
        return Pick(*_by_weight("all", (row[:2] for row in rows)))
    of_tags = [_by_weight(f"of_{n}", _in(rows, tag)) for n, tag in enumerate(languages.tags)]
    sql, params = _by_weight("default", _in(rows, languages.default))
    for _, more in of_tags:
        params |= more
    sql = choosing.case([each for each, _ in of_tags], sql)
    return Pick(sql, {**params, **choosing.params(languages)}, needs_language=True)


def _in(rows: Iterable[tuple[int, int, str]], tag: str) -> Iterable[tuple[int, int]]:
    return ((pk, weight) for pk, weight, language in rows if language.lower() == tag)


def _by_weight(name: str, rows: Iterable[tuple[int, int]]) -> tuple[str, dict[str, Any]]:
    keys, weights = zip(*rows, strict=True)
    up_to = [float(bound) for bound in accumulate(weights)]
    params = {f"{name}_ids": [*keys], f"{name}_sum": up_to[-1], f"{name}_up_to": up_to[:-1]}
    return BY_WEIGHT.format(name), params
