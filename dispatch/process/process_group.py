"""Child processes in process groups of their own, each of which is watched, replaced and ended
whole.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from typing import NoReturn

from django.db import connections

from dispatch.process.pulse import Pulse
from dispatch.process.signals import stop_signals

logger = logging.getLogger(__name__)

GRACE_SECONDS = 9.0
"""How long a group that was told to stop may take; what is left of it then is killed."""

YOUNG_SECONDS = 10.0
PAUSE_SECONDS = 2.0
"""One that ends younger than YOUNG_SECONDS is not started again before PAUSE_SECONDS."""


class ProcessGroup:
    """Runs `main` in a child, which is ended with all its descendants.

    `main` has to beat the pulse. The child's first process does nothing but wait: for `main` to
    end, upon which it ends the group, and for the supervisor to end, however that died.
    """

    _held: dict[int, int] = {}  # noqa: RUF012  # of all groups: a child closes what is not its own
    """Group to the end of a pipe that closes with the supervisor."""

    def __init__(
        self,
        name: str,
        main: Callable[[Pulse], object],
        silence_seconds: float,
        niceness: int = 0,
    ) -> None:
        """`niceness` is by how much its processes yield the processor to others (nice(2))."""
        self.name = name
        self.silence_seconds = silence_seconds
        self._niceness = niceness
        self.pulse = Pulse()
        self._main = main
        self.pid = 0
        """Of its first process, and of the group; 0 before the first start."""
        self._has_ended = False
        """Its first process has been collected; cleared by `start`."""
        self._started_at = self._start_after = 0.0
        """When it was last started, and before when it must not be again (monotonic seconds)."""
        self._kill_at: float | None = None
        """When what is left of it is killed (monotonic seconds). Set by `end`, cleared by `start`;
        None: it is not ending.
        """
        self._last_beat = 0
        """The count of the pulse at the last look."""
        self._silent = 0.0
        """For how many seconds of looking the pulse has not beaten."""

    def start(self) -> None:
        """Call it in a process with a single thread."""
        connections.close_all()
        keep_alive, held = os.pipe()
        pid = os.fork()
        if pid == 0:
            for other in (held, *self._held.values()):
                os.close(other)
            self._be_group(keep_alive)
        os.close(keep_alive)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.setpgid(pid, pid)  # the child does so too; whichever comes first
        self._held[pid] = held
        self.pid, self._has_ended, self._kill_at = pid, False, None
        self._started_at = time.monotonic()
        self._last_beat, self._silent = self.pulse.count, 0.0

    def collected(self, pid: int) -> None:
        """A child of the supervisor has ended; perhaps it is this one's first process."""
        self._has_ended = self._has_ended or pid == self.pid

    @property
    def is_ending(self) -> bool:
        return self._kill_at is not None

    @property
    def may_start(self) -> bool:
        """Not at once when it has just ended soon after its start."""
        return time.monotonic() >= self._start_after

    def find_fault(self, seconds: float) -> str:
        """What is wrong with it, or "". `seconds` is how often it is looked at: time in which the
        supervisor itself stood still does not count.
        """
        if self._has_ended:
            return "has ended"
        if self.pulse.count != self._last_beat:
            self._last_beat, self._silent = self.pulse.count, 0.0
        else:
            self._silent += seconds
        return "stands still" if self._silent > self.silence_seconds else ""

    def end(self) -> None:
        """SIGTERM to the whole group, once; `is_gone` follows it up."""
        if self._kill_at is None:
            now = time.monotonic()
            is_young = now - self._started_at < YOUNG_SECONDS
            self._start_after = self._started_at + PAUSE_SECONDS if is_young else now
            self._kill_at = now + GRACE_SECONDS
            self._signal(signal.SIGTERM)

    def is_gone(self) -> bool:
        """Whether no process of a group that was told to end is left. Kills those that are late."""
        is_late = self._kill_at is not None and time.monotonic() > self._kill_at
        if self._signal(signal.SIGKILL if is_late else 0):
            return False
        if (held := self._held.pop(self.pid, None)) is not None:
            os.close(held)
        return True

    def _signal(self, number: int) -> bool:
        """False when no process of the group is left."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            return False
        return True

    # In the child

    def _be_group(self, keep_alive: int) -> NoReturn:
        os.setpgid(0, 0)
        os.nice(self._niceness)
        for number in stop_signals():
            signal.signal(number, signal.SIG_DFL)
        pid = os.fork()
        if pid == 0:
            os.close(keep_alive)
            self._be_main()
        # After the last fork of this process: a fork beside a thread may leave locks held for ever.
        threading.Thread(target=_end_with_supervisor, args=(keep_alive,), daemon=True).start()
        os.waitpid(pid, 0)
        os.killpg(0, signal.SIGTERM)  # what it has started must not go on without it
        os._exit(1)

    def _be_main(self) -> NoReturn:
        try:
            self._main(self.pulse)
        # The boundary of the process: it ends here, and why is told nowhere else.
        except BaseException:
            logger.exception("%s failed", self.name)
        finally:
            os._exit(1)


def _end_with_supervisor(keep_alive: int) -> None:
    os.read(keep_alive, 1)  # returns when the supervisor's end is closed, however it died
    os.killpg(0, signal.SIGTERM)
