"""What a check finds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext, gettext_noop

from admin_kit.words.listing import headed

MOST_PLACES = 5


class Level(StrEnum):
    """A blocker keeps a campaign from being launched, a warning can be overruled by name, a note
    is there to be read."""

    BLOCKER = "blocker"
    WARNING = "warning"
    NOTE = "note"

    @property
    def label(self) -> str:
        return gettext(LEVELS[self])


LEVELS = {
    Level.BLOCKER: gettext_noop("Blocker"),
    Level.WARNING: gettext_noop("Warning"),
    Level.NOTE: gettext_noop("Note"),
}


class Page(StrEnum):
    """Where a finding is mended that is not mended in the template's text."""

    NONE = ""
    SENDER = "sender"
    BRAND = "brand"
    ATTRIBUTES = "attributes"


@dataclass(frozen=True, slots=True)
class Place:
    """A field of the template, and the line in it or the block, both counted from 1; 0 where it is
    not known. `written` is what stands there, shortened.
    """

    field: str = ""
    line: int = 0
    block: int = 0
    block_id: str = ""
    written: str = ""
    in_campaign: bool = False


@dataclass(frozen=True, slots=True)
class Finding:
    """`check` names the check. `what` is wrong, what it `means` for the mail, how to `mend` it. Of
    its places the first MOST_PLACES are kept, and the number of all.
    """

    check: str
    level: Level
    what: str
    means: str
    mend: str
    places: tuple[Place, ...] = ()
    number: int = 0
    page: Page = Page.NONE
    of: str = ""
    """Which of a campaign's variants it is about; "" for one without variants."""
    template_id: int = 0
    task_id: int = 0
    """Of the campaign that it was found in, whose own words are at places `in_campaign`."""

    @property
    def key(self) -> str:
        """What a person overrules: another text is another finding."""
        said = "\n".join([self.check, self.of, self.what])
        return hashlib.sha256(said.encode("utf-8", "replace")).hexdigest()[:16]

    @property
    def name(self) -> str:
        return headed(self.of, self.what) if self.of else self.what

    @property
    def more(self) -> int:
        """How many places are not listed."""
        return max(0, self.number - len(self.places))


_ORDER = list(Level)


def in_order(findings: Iterable[Finding]) -> list[Finding]:
    """The worst first, else in the order of the checks."""
    return sorted(findings, key=lambda finding: _ORDER.index(finding.level))


def of_level(findings: Iterable[Finding], level: Level) -> list[Finding]:
    return [finding for finding in findings if finding.level == level]


def to_json(findings: Iterable[Finding]) -> list[Any]:
    return [asdict(finding) for finding in findings]


def from_json(stored: Iterable[Any]) -> list[Finding]:
    return [_finding(**values) for values in stored]


def _finding(level: str, page: str, places: list[Any], **values: Any) -> Finding:
    kept = tuple(Place(**place) for place in places)
    return Finding(level=Level(level), page=Page(page), places=kept, **values)
