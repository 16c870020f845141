"""What python-liquid itself makes of a template, within our bounds."""

from __future__ import annotations

from typing import Any

from liquid.output import LimitedStringIO

from campaigns import liquid


def by_liquid(source: str, variables: dict[str, Any], *, escape: bool) -> str:
    """Raises Problem."""
    template = liquid.parse(source, escape=escape)
    buffer = LimitedStringIO(limit=liquid.MAX_OUTPUT, newline="")
    with liquid.problems():
        context = template.context_class(template, globals=template.make_globals(variables))
        template.render_with_context(context, buffer)
    return buffer.getvalue()
