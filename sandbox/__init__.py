"""Running code on untrusted input where it can be ended: in worker processes with hard limits.

A function that parses or renders input from strangers or staff is marked with `bounded`. Called
anywhere, it runs in a worker process of the caller's (`sandbox.pool`) and returns, raises, or is
ended:

    @bounded(Limits(cpu_seconds=2), raises=(Problem,))
    def compile_html(html: str) -> str: ...

The limits hold inside native code and for any input: the kernel ends a worker by a signal at its
processor time, refuses memory beyond the limit, and a stack overflow ends the worker alone.
"""

from sandbox.calls import bounded
from sandbox.limits import Failed, LimitReached, Limits, Stalled
from sandbox.pool import warm_up, warm_up_meanwhile

__all__ = [
    "Failed",
    "LimitReached",
    "Limits",
    "Stalled",
    "bounded",
    "warm_up",
    "warm_up_meanwhile",
]
