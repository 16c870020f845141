"""Migrations that change what staff read, and nothing of the database."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.migrations.operations import SeparateDatabaseAndState
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState


class NamesOnly(SeparateDatabaseAndState):
    """Names of fields and the like, which the database does not know. Django would make the models
    anew after each operation, which takes seconds for a hundred; here they are made once, when the
    next migration asks for them.
    """

    def __init__(self, operations: Sequence[Operation]) -> None:
        super().__init__(state_operations=operations)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        vars(state).pop("apps", None)
        super().state_forwards(app_label, state)
