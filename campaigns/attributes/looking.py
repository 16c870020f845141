"""What contacts have of attributes, seen in the newest of them: a bounded look, however many there
are."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection

from campaigns.attributes.values import Unfit, convert, show
from campaigns.models import Attribute

NEWEST = 20_000
NEWEST_OF_LIST = 5_000
MOST_EXAMPLES = 10
MOST_DISTINCT = 50

COUNT_SQL = """
SELECT key, count(*) FROM (
    SELECT attributes FROM campaigns_contact WHERE owner_id = %s ORDER BY id DESC LIMIT %s
) AS newest, jsonb_object_keys(
    CASE WHEN jsonb_typeof(attributes) = 'object' THEN attributes ELSE '{}' END) AS key
GROUP BY key
"""
VALUES_SQL = """
SELECT attributes -> %s FROM (
    SELECT attributes FROM campaigns_contact WHERE owner_id = %s ORDER BY id DESC LIMIT %s
) AS newest
WHERE attributes ? %s
"""


@dataclass(frozen=True, slots=True)
class Look:
    """Of the values that the newest contacts have: how many, how many are no values of the type
    that is tried, the first reasons, and the most frequent values as texts."""

    having: int
    unfit: int
    reasons: Sequence[str]
    frequent: Sequence[str]


def counts(owner_id: int) -> dict[str, int]:
    """By key, how many of the owner's newest contacts have it."""
    with connection.cursor() as cursor:
        cursor.execute(COUNT_SQL, [owner_id, NEWEST_OF_LIST])
        return dict(cursor.fetchall())


def look(attribute: Attribute, kind: str, choices: Sequence[str] = ()) -> Look:
    """Try the values as those of another type."""
    values = _values(attribute)
    reasons: Counter[str] = Counter()
    for value in values:
        try:
            convert(kind, value, choices)
        except Unfit as error:
            reasons[str(error)] += 1
    shown = Counter(map(show, values))
    return Look(
        len(values),
        reasons.total(),
        [reason for reason, _ in reasons.most_common(MOST_EXAMPLES)],
        [text for text, _ in shown.most_common(MOST_DISTINCT) if text],
    )


def _values(attribute: Attribute) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(VALUES_SQL, [attribute.key, attribute.owner_id, NEWEST, attribute.key])
        return [json.loads(value) for (value,) in cursor.fetchall()]
