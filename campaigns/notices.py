"""What staff are told of a template beside how it looks."""

from __future__ import annotations

from collections.abc import Callable

from campaigns.template_work import PartProblem
from sandbox import Failed, LimitReached

FROM_HTML: list[Callable[[str], list[str]]] = []
"""What apps that build on this one (tracking) have to say of it. They may raise PartProblem."""


def of_html(html: str) -> list[str]:
    """Nothing of a template that cannot be read: it is refused elsewhere."""
    try:
        return [notice for each in FROM_HTML for notice in each(html)]
    except (PartProblem, LimitReached, Failed):
        return []
