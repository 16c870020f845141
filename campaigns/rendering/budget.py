"""Limit the workers' processor time that the messages of one template may use in one process."""

from __future__ import annotations

import threading
import time

from django.utils.translation import gettext

SECONDS_A_MESSAGE = 0.02
"""The average allowed per message."""
SECONDS_BEYOND = 1.0
"""The total excess of all messages before no more are rendered."""
REGAINED_A_SECOND = 0.01
"""Processor seconds regained per second of time."""


class RenderBudget:
    """Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards all below
        self.renew()

    def renew(self) -> None:
        with self._lock:
            self._beyond = 0.0
            self._messages, self._seconds = 0, 0.0
            self._forgiven_at = time.monotonic()

    def charge(self, cpu_seconds: float) -> None:
        """Count one message."""
        with self._lock:
            self._forgive()
            self._messages += 1
            self._seconds += cpu_seconds
            self._beyond = max(0.0, self._beyond + cpu_seconds - SECONDS_A_MESSAGE)

    def spent(self) -> str:
        """Why no more messages are rendered; "" while they are."""
        with self._lock:
            self._forgive()
            if self._beyond < SECONDS_BEYOND:
                return ""
            return gettext(
                "rendering %(messages)s messages took %(seconds)s s of processor time, and "
                "%(most)s s a message is the limit"
            ) % {
                "messages": f"{self._messages:,}",
                "seconds": f"{self._seconds:.2f}",
                "most": f"{SECONDS_A_MESSAGE:g}",
            }

    def _forgive(self) -> None:
        now = time.monotonic()
        regained = (now - self._forgiven_at) * REGAINED_A_SECOND
        self._beyond, self._forgiven_at = max(0.0, self._beyond - regained), now
