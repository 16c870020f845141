"""What the steps of an operation hold open between two pieces, such as a file: it is closed when a
worker's slice of the operation ends."""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class _Held:
    operation_id: int = 0
    value: Any = None
    stack: ExitStack = field(default_factory=ExitStack)


_held = _Held()


def get(operation_id: int) -> Any:
    """What is held for the operation, or None."""
    return _held.value if _held.operation_id == operation_id else None


def hold(operation_id: int, value: AbstractContextManager[T]) -> T:
    """Enter a context until the end of the slice; what is held for another operation ends."""
    close()
    entered = _held.stack.enter_context(value)
    _held.operation_id, _held.value = operation_id, entered
    return entered


def close() -> None:
    _held.operation_id, _held.value = 0, None
    _held.stack.close()
