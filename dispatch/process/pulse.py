"""Signs of life in memory that a supervisor shares with a process that it forks: how often the
process has come round, and what it is at.
"""

from __future__ import annotations

import mmap
import struct

_FIELDS = struct.Struct("=qq")


class Pulse:
    """Written by one process, read by its supervisor. Make it before the fork."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, _FIELDS.size)

    def beat(self, doing: int = 0) -> None:
        """Show that the process goes on. `doing` is a number that says with what; 0 for nothing in
        particular.
        """
        _FIELDS.pack_into(self._memory, 0, self.count + 1, doing)

    @property
    def count(self) -> int:
        count: int = _FIELDS.unpack_from(self._memory)[0]
        return count

    @property
    def doing(self) -> int:
        doing: int = _FIELDS.unpack_from(self._memory)[1]
        return doing
