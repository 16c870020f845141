"""The choices of a column, as a file writes them."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext

from campaigns.attributes.values import Unfit


class Choices:
    """The choices of a column. Those of an attribute that the import makes grow with the file."""

    MOST = 200

    def __init__(self, choices: Iterable[str]) -> None:
        self.known = {_folded(choice): choice for choice in choices}
        self.may_grow = False

    def choose(self, cell: str) -> str:
        """Raises Unfit."""
        word = _folded(cell)
        if word not in self.known:
            if not self.may_grow or len(self.known) >= self.MOST or len(cell) > self.MOST:
                raise Unfit(
                    gettext(
                        "“%(value)s” is none of the choices. Add it to the attribute, and import "
                        "the file again."
                    )
                    % {"value": cell[:50]}
                )
            self.known[word] = " ".join(cell.split())
        return self.known[word]


def _folded(choice: str) -> str:
    return " ".join(choice.split()).casefold()
