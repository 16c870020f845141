"""Conditions in SQL that are true or false and never unknown: NOT is exactly the complement."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func
from django.db.models.sql.compiler import SQLCompiler


class Sql(Func):
    """A condition on columns of the outer query, which `{0}`, `{1}` … stand for.

    `params` are in the order of their places. A condition that may be unknown is written with IS
    TRUE.
    """

    output_field = BooleanField()

    def __init__(self, sql: str, params: tuple[Any, ...] = (), *columns: str) -> None:
        super().__init__(*(F(column) for column in columns))
        self.sql, self.params = sql, params

    def as_sql(  # type: ignore[override]  # its own template
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, list[Any]]:
        columns = [compiler.compile(source)[0] for source in self.get_source_expressions()]
        return f"({self.sql.format(*columns)})", list(self.params)


@dataclass(frozen=True, slots=True)
class Among:
    """That a column of the outer query is among those that a subquery finds. `source` stands after
    its FROM, with a WHERE that goes on at its end. Neither column is ever NULL."""

    outer: str
    column: str
    source: str
    params: tuple[Any, ...]

    def sql(self, is_joined: bool) -> Sql:
        """To be joined, or to be hashed once where no join is possible: PostgreSQL takes the other
        form there for a look-up for each row."""
        if is_joined:
            found = f"EXISTS (SELECT 1 FROM {self.source} AND {self.column} = {{0}})"
        else:
            found = f"{{0}} IN (SELECT {self.column} FROM {self.source})"
        return Sql(found, self.params, self.outer)


def never() -> Sql:
    return Sql("FALSE")
