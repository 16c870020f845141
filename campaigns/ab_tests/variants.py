"""The variants of a test: the contents that the launch froze, in their order."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from campaigns.models import ABTest, Content

LETTERS = "ABCDE"


class Variant(NamedTuple):
    letter: str
    content_id: int
    subject: str
    weight: int

    def __str__(self) -> str:
        return f"{self.letter} “{self.subject}”"


def letter(number: int) -> str:
    """Counted from 0; one too many has a number."""
    return LETTERS[number : number + 1] or str(number + 1)


def letters_of(task_ids: Iterable[int]) -> dict[int, str]:
    """By the key of a content its letter, of those of these tasks that have a test."""
    tested = ABTest.objects.filter(task__in=set(task_ids)).values_list("pk", flat=True)
    return {each.content_id: each.letter for pk in tested for each in variants_of(pk)}


def variants_of(task_id: int) -> list[Variant]:
    """The first is the one that waits in place of the winner."""
    contents = Content.objects.filter(task=task_id).order_by("pk")
    rows = contents.values_list("pk", "subject", "weight")[: len(LETTERS)]
    return [Variant(letter, *row) for letter, row in zip(LETTERS, rows, strict=False)]
