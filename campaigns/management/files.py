"""Files named on the command line."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any


def opened(path: str) -> Any:
    """A context with the bytes of a file; "-" is standard input. Raises OSError."""
    return nullcontext(sys.stdin.buffer) if path == "-" else Path(path).open("rb")
