"""Lines of text from running text: white space collapses, wanted line breaks never pile up."""

from __future__ import annotations

import re

_WHITE_SPACE = re.compile(r"\s+")
_MOST_BREAKS = 2  # one blank line


class TextFlow:
    """Collects text as a browser would lay it out.

    A mark is written in place but takes no room: the spaces or breaks around it count as one.
    `prefix` (a list bullet) goes in front of the next text.
    """

    def __init__(self) -> None:
        self.prefix = ""
        self.keep_white_space = False
        self._parts: list[str] = []
        self._breaks = _MOST_BREAKS  # line breaks at the end so far; none are wanted at the start
        self._wanted_breaks = 0
        self._space_wanted = False
        self._space_written = False  # the last text, marks aside, is a space
        self._separator = ""

    @property
    def position(self) -> int:
        return len(self._parts)

    def since(self, position: int) -> str:
        return "".join(self._parts[position:])

    def text(self) -> str:
        lines = "".join(self._parts).split("\n")
        return "\n".join([*(line.rstrip(" \t") for line in lines[:-1]), lines[-1]]).strip() + "\n"

    def write(self, text: str) -> None:
        if self.keep_white_space:
            self._write_as_is(text)
            return
        collapsed = _WHITE_SPACE.sub(" ", text)
        words = collapsed.strip(" ")
        if words:
            self._space_wanted |= collapsed.startswith(" ")
            self._catch_up()
            self._parts.append(words)
            self._breaks, self._space_written = 0, False
        self._space_wanted |= collapsed.endswith(" ")

    def mark(self, mark: str) -> None:
        self._catch_up()
        self._parts.append(mark)

    def break_lines(self, count: int) -> None:
        """End the line, with 2 for a blank line; neighbouring calls do not add up."""
        self._wanted_breaks = max(self._wanted_breaks, count)
        self._space_wanted = False
        self._separator = ""

    def break_here(self) -> None:
        """A line break of its own: two of them make a blank line."""
        self._wanted_breaks = min(_MOST_BREAKS, max(self._wanted_breaks, self._breaks) + 1)
        self._space_wanted = False

    def separate(self, separator: str) -> None:
        """Put this between what the line has and what comes next on it, if anything does."""
        self._separator = separator

    def _catch_up(self) -> None:
        missing = self._wanted_breaks - self._breaks
        if missing > 0:
            self._parts.append("\n" * missing)
            self._breaks = self._wanted_breaks
        if not self._breaks and (self._separator or self._space_wanted):
            if not self._space_written:
                self._parts.append(self._separator or " ")
            self._space_written = True
        if self.prefix:
            self._parts.append(self.prefix)
        self._wanted_breaks, self._space_wanted = 0, False
        self._separator = self.prefix = ""

    def _write_as_is(self, text: str) -> None:
        if not text:
            return
        self._catch_up()
        self._parts.append(text)
        self._breaks = len(text) - len(text.rstrip("\n"))
