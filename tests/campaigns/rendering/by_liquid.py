"""What python-liquid itself makes of a template, within our bounds."""

from __future__ import annotations

from typing import Any

from liquid.output import LimitedStringIO

from campaigns.rendering.liquid import environment


def by_liquid(source: str, variables: dict[str, Any], *, escape: bool) -> str:
    """Raises Problem."""
    template = environment.parse(source, escape=escape)
    buffer = LimitedStringIO(limit=environment.MAX_OUTPUT, newline="")
    with environment.problems():
        context = template.context_class(template, globals=template.make_globals(variables))
        template.render_with_context(context, buffer)
    return buffer.getvalue()
