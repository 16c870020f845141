"""The signals that ask for an orderly end."""

from __future__ import annotations

import signal


def stop_signals() -> list[signal.Signals]:
    """Not the hang-up of a terminal under `nohup`; the kernel also sends that one to a stopped
    process group whose parent died.
    """
    numbers = [signal.SIGTERM, signal.SIGINT]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    return numbers
