"""What is wrong with blocks, and where."""

from __future__ import annotations

from typing import NamedTuple


class Problem(NamedTuple):
    """`block` is the id of a block, "" for the message as a whole; `field` the name of one of its
    fields, such as "text" or "items-0-link", "" for the block. The message is for staff."""

    block: str
    field: str
    message: str


class BlocksError(Exception):
    """The problems of a message in blocks, all that were found. As lists, for a worker sends it."""

    def __init__(self, problems: list[list[str]]) -> None:
        super().__init__(problems)
        self.problems = [Problem(*each) for each in problems]

    def __str__(self) -> str:
        return " ".join(each.message for each in self.problems)


def error(problems: list[Problem]) -> BlocksError:
    return BlocksError([list(each) for each in problems])


class Wrong(Exception):
    """A value cannot be used; the message, a sentence, says why."""
