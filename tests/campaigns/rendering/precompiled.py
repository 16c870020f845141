"""A template with its gaps filled, in one process."""

from __future__ import annotations

import json
from typing import Any

from campaigns.rendering.gaps import GapTemplate
from campaigns.rendering.precompiled import Precompiled, gap_from_json


class PrecompiledTemplate:
    """A template taken apart as in a worker, and filled as in the process that sends."""

    def __init__(self, source: str, *, escape: bool) -> None:
        self._template = GapTemplate(source, escape=escape)
        gaps = json.loads(json.dumps(self._template.gaps))
        self._form = Precompiled(
            self._template.fixed,
            gaps if gaps is None else [gap_from_json(gap) for gap in gaps],
            escape=escape,
        )
        self.fixed = self._form.fixed
        self.trimmed = self._form.trimmed
        self.look_up = self._form.look_up

    def fill(self, variables: dict[str, Any]) -> list[bytes]:
        looked_up = self.look_up(variables)
        if looked_up is not None:
            return looked_up
        return [value.encode("utf-8") for value in self._template.fill(variables)]
