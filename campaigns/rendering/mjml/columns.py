"""The widths of columns that Liquid shows or leaves out.

MJML divides a section by the columns that are written. Of {% if %} … {% else %} one alternative is
shown, so that the columns of the largest count.
"""

from __future__ import annotations

from campaigns.rendering.liquid.environment import ENDS
from campaigns.rendering.mjml.liquid_units import DIVIDERS, WHOLE
from campaigns.rendering.mjml.reading import Between, Element

_CLOSERS = frozenset(ENDS.values())


def share_of(section: Element) -> str | None:
    """The width of each of its columns without one, where the compiler would count too many."""
    if not any(isinstance(child, Between) and child.tag for child in section.children):
        return None
    written = sum(1 for child in section.elements() if child.name != "mj-raw")
    shown = _shown_at_once(section)
    return f"{100 / shown:.6g}%" if 0 < shown < written else None


def _shown_at_once(section: Element) -> int:
    """The most."""
    blocks = [[0]]  # of each open block the columns of its alternatives
    for child in section.children:
        if isinstance(child, Element):
            blocks[-1][-1] += child.name != "mj-raw"
        elif child.tag in WHOLE:
            continue
        elif child.tag in ENDS:
            blocks.append([0])
        elif child.tag in DIVIDERS:
            blocks[-1].append(0)
        elif child.tag in _CLOSERS:
            alternatives = blocks.pop()
            blocks[-1][-1] += max(alternatives)
    return blocks[0][0]
