"""What workers do with blocks: read them, and make MJML of them."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from campaigns.blocks import checking, compiling
from campaigns.blocks.look import Look
from campaigns.blocks.problems import BlocksError
from campaigns.rendering.template_work import PARSING
from sandbox import bounded


@bounded(PARSING, raises=(BlocksError,))
def checked(raw: Any) -> dict[str, Any]:
    """Blocks as they are to be stored. Raises BlocksError."""
    return checking.write(checking.read(raw))


def to_mjml(raw: Any, look: Look, *, is_marked: bool = False) -> str:
    """Raises BlocksError."""
    return _to_mjml(raw, asdict(look), is_marked=is_marked)


@bounded(PARSING, raises=(BlocksError,))
def _to_mjml(raw: Any, look: dict[str, Any], *, is_marked: bool) -> str:
    return compiling.to_mjml(checking.read(raw), Look(**look), is_marked=is_marked)
