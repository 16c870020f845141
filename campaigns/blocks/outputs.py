"""Liquid in texts and links of blocks: outputs alone, {{ first_name | default: "friend" }}."""

from __future__ import annotations

import re
from collections.abc import Callable

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.blocks.problems import Wrong
from campaigns.rendering.liquid import environment

_ODD = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_RAW = re.compile(r"\|\s*safe\b")
ONLY_OUTPUTS = _(
    'Only variables such as {{ first_name | default: "friend" }} may be written here. '
    "To show something to some recipients, say so under “Shown to”."
)


def pieces(source: str) -> list[tuple[str, bool]]:
    """The text, and the outputs in it, which are those with True. Raises Wrong."""
    refuse_odd(source)
    found: list[tuple[str, bool]] = []
    at = 0
    for output in environment.markup_in(source):
        found += [(source[at : output.start], False), (_checked(output), True)]
        at = output.end
    found.append((source[at:], False))
    for text, is_output in found:
        if not is_output and ("{{" in text or "{%" in text):
            raise Wrong(gettext("“{{” begins a variable that no “}}” ends."))
    return found


def refuse_odd(source: str) -> None:
    """Raises Wrong for characters that neither HTML nor MJML may have."""
    if _ODD.search(source):
        raise Wrong(gettext("It has characters that no text has. Write it anew."))


def _checked(output: environment.Markup) -> str:
    if output.tag or output.text.startswith("{%"):
        raise Wrong(str(ONLY_OUTPUTS))
    if "<" in output.text or ">" in output.text or _RAW.search(output.text):
        raise Wrong(
            gettext("A variable comes out as text here: “<”, “>” and “safe” have no use in it.")
        )
    try:
        parsed = environment.parse(output.text, escape=True)
        environment.refuse_unknown_filters(parsed, output.text)
    except environment.Problem as problem:
        raise Wrong(f"{output.text[:100]}: {problem.message}.") from problem
    return output.text


def convert(source: str, text: Callable[[str], str]) -> str:
    """The source with its text converted, and its outputs as they are. Raises Wrong."""
    return "".join(part if is_output else text(part) for part, is_output in pieces(source))


def in_attribute(output: str) -> str:
    """An output that may stand between double quotes. Raises Wrong."""
    if '"' not in output:
        return output
    if "'" in output:
        raise Wrong(gettext("Use one kind of quotes in a variable that is part of an address."))
    return output.replace('"', "'")
