"""Background work that hangs or dies, for clusters to run."""

from __future__ import annotations

import os
import signal
import time

from campaigns import background


def hang() -> None:
    time.sleep(600)


@background.job("deadly", seconds=60)
def die(about: int) -> None:
    os.kill(os.getpid(), signal.SIGKILL)
