"""The result of one check."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum


class Verdict(StrEnum):
    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"
    UNKNOWN = "unknown"
    """It could not be asked."""


_ORDER = (Verdict.OK, Verdict.WARNING, Verdict.UNKNOWN, Verdict.PROBLEM)


@dataclass(frozen=True, slots=True)
class Check:
    """`words` say what it means for the mail, `publish` which DNS record would help."""

    name: str
    verdict: Verdict
    words: str
    publish: str = ""

    def as_json(self) -> dict[str, str]:
        return asdict(self)


def worst(verdicts: Iterable[str]) -> Verdict:
    """OK for none."""
    return max((Verdict(each) for each in verdicts), key=_ORDER.index, default=Verdict.OK)
