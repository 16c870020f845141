"""What higher packages have maintenance do: they put their chores in when Django starts."""

from __future__ import annotations

from collections.abc import Callable

MORE: list[Callable[[], object]] = []
