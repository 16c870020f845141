"""How far an operation is, and how long the rest will take."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models.functions import Now

from campaigns.models import Operation, OperationState

S = OperationState


def save(operation: Operation) -> None:
    """Store how far an operation is. Call it in the transaction of the piece that was done."""
    operation.progressed_at = Now()
    operation.save(update_fields=["position", "done", "total", "result", "progressed_at"])


@dataclass(frozen=True, slots=True)
class Speed:
    """`per_second` in rows; `seconds_left` is None while the total or the speed is not known."""

    per_second: float
    seconds_left: float | None


def speed(operation: Operation) -> Speed | None:
    """The mean speed since the start, by the database's times. None before the first piece."""
    started, last = operation.started_at, operation.progressed_at
    if started is None or last is None or last <= started or not operation.done:
        return None
    per_second = operation.done / (last - started).total_seconds()
    if operation.total is None:
        return Speed(per_second, None)
    return Speed(per_second, max(operation.total - operation.done, 0) / per_second)


def percent(operation: Operation) -> int:
    if operation.state == S.DONE:
        return 100
    return min(100 * operation.done // operation.total, 99) if operation.total else 0
