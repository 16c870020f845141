"""Pass many rows in one parameter of a statement.

As a JSON text for `json_to_recordset(%s) AS v(…)`, or as the text of an array for `%s::bigint[]`:
psycopg would quote lists value by value in Python, which takes longer than the statement in a tick.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any


def as_json(rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows by column name. What JSON does not know (UUIDs, times) is written as its `str`.

    The texts must not contain NUL: PostgreSQL refuses it.
    """
    return json.dumps(list(rows), default=str, ensure_ascii=False)


def as_array(values: Iterable[object]) -> str:
    """Values whose `str` needs no quotes in an array: numbers, UUIDs."""
    return "{" + ",".join(map(str, values)) + "}"
