"""What runs each kind of operation, by its dotted name: the rooms that do the work stand above this
one."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.module_loading import import_string

from campaigns.models import Operation, OperationKind

Step = Callable[[Operation], bool]
"""Does the next piece of an operation in a transaction, and saves `position`, `done` and `result`
in it by `progress.save`. False when nothing is left to do. Raises OperationProblem."""

STEPS: dict[str, str] = {
    OperationKind.IMPORT: "campaigns.imports.writing.run.step",
    OperationKind.UNDO_IMPORT: "campaigns.imports.writing.undo.step",
    OperationKind.EXPORT: "campaigns.exports.run.step",
    OperationKind.CHANGE_CONTACTS: "campaigns.contact_changes.run.step",
    OperationKind.CONVERT_ATTRIBUTE: "campaigns.attributes.change.step",
    OperationKind.DECIDE_DOUBTS: "dispatch.deciding.step",
    OperationKind.RETRY_FAILED: "campaigns.state.bulk.step",
    OperationKind.RENEW_TEMPLATES: "campaigns.blocks.renewing.step",
}


class OperationProblem(Exception):
    """The operation ends as failed. The message, for staff, says what happened and what to do."""


def step_of(kind: str) -> Step:
    found: Step = import_string(STEPS[kind])
    return found
