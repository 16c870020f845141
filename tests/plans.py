"""How PostgreSQL carries out the statements of the code under test, by EXPLAIN ANALYZE."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.db import connection, transaction

EXPLAIN = "EXPLAIN (ANALYZE, TIMING OFF, COSTS OFF, SUMMARY OFF, FORMAT JSON) "
EXPLAINABLE = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")
LOOKED_AT = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")


@dataclass(frozen=True, slots=True)
class Scan:
    """A statement's visit to a table: how, and how many rows it looked at."""

    table: str
    how: str
    rows: float
    sql: str


@dataclass(slots=True)
class Plans:
    """What the statements of a block did, in the order in which they were run."""

    scans: list[Scan] = field(default_factory=list)
    indexes: set[str] = field(default_factory=set)

    def add(self, sql: str, node: dict[str, Any]) -> None:
        table, index = node.get("Relation Name"), node.get("Index Name", "")
        if index:
            self.indexes.add(index)
        if table and node["Node Type"] != "ModifyTable":
            rows = node["Actual Loops"] * sum(node.get(key, 0) for key in LOOKED_AT)
            self.scans.append(Scan(table, f"{node['Node Type']} {index}".strip(), rows, sql))
        for child in node.get("Plans", ()):
            self.add(sql, child)


@contextmanager
def explained() -> Iterator[Plans]:
    """EXPLAIN every statement of the block, with its parameters, just before it is run. What the explaining itself
    wrote is rolled back.
    """
    plans = Plans()
    explaining = False

    def explain(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal explaining
        if not explaining and sql.lstrip().startswith(EXPLAINABLE):
            explaining = True
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(EXPLAIN + sql, params)
                found = cursor.fetchone()[0]
                transaction.set_rollback(True)
            explaining = False
            for plan in json.loads(found) if isinstance(found, str) else found:
                plans.add(sql, plan["Plan"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explain):
        yield plans
