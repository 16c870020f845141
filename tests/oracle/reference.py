"""Liquid as Shopify has it (Debian's ruby-liquid), in one process for all cases; and as we do."""

from __future__ import annotations

import datetime as dt
import json
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from campaigns.rendering.liquid import environment
from campaigns.rendering.liquid.dates import times_of
from campaigns.rendering.precompiled import Pieces
from tests.campaigns.rendering.by_liquid import by_liquid
from tests.campaigns.rendering.precompiled import PrecompiledTemplate

NOW = dt.datetime(2026, 7, 14, 21, 30, 15, tzinfo=dt.UTC)
ERROR = "error"
"""What a template comes to that cannot be rendered: each has words of its own for it."""


class Reference:
    def __init__(self, script: Path, *, zone: str) -> None:
        self._process = subprocess.Popen(
            ["ruby", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env={**os.environ, "TZ": zone, "LC_ALL": "C.UTF-8"},
        )

    def __enter__(self) -> Reference:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._process.communicate(timeout=10)

    def render(self, source: str, variables: dict[str, Any]) -> str:
        assert self._process.stdin and self._process.stdout
        case = {"source": source, "variables": variables, "now": int(NOW.timestamp())}
        self._process.stdin.write(json.dumps(case) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return ERROR if "error" in answer else answer["text"]


def here(source: str, variables: dict[str, Any]) -> str:
    """What both of our ways of rendering come to."""
    given = {**variables, **times_of(NOW)}
    try:
        whole = by_liquid(source, given, escape=False)
    except environment.Problem:
        whole = ERROR
    assert _in_pieces(source, given) == whole
    return whole


def _in_pieces(source: str, variables: dict[str, Any]) -> str:
    try:
        template = PrecompiledTemplate(source, escape=False)
        return str(Pieces(template.fixed, template.fill(variables)))
    except environment.Problem:
        return ERROR
