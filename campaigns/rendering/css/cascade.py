"""What of the rules of a mail's style sheets goes into the style attributes of its elements.

Later declarations win by standing later in the attribute, as they do in sheets. A style attribute
wins over every sheet, so rules that stay in sheets (in @media, for `:hover`) would lose to what
they win over now. They get `!important`, one family of properties at a time; where that would let
them win over more than now, the family stays in the sheets at the elements concerned.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from campaigns.rendering.css.rules import Declaration

_PREFIX = re.compile(r"-(?:webkit|moz|ms|o)-")
_ONE_FAMILY = re.compile(
    r"(?P<of>margin|padding|border(?!-(?:collapse|spacing)\b)|font|background|list-style"
    r"|text-decoration|text-emphasis|text-wrap|flex|grid(?!-(?:\w+-)?gap\b)|mask|outline|overflow"
    r"|transition|animation|column-rule|offset|container|contain-intrinsic|scroll-margin|scroll-padding|inset|place|align|justify)(?:-|\Z)"
)
_SIDES = ("top", "right", "bottom", "left")
_FAMILIES = {
    "line-height": "font",
    "word-wrap": "overflow",
    "white-space": "text-wrap",
    "white-space-collapse": "text-wrap",
    "align": "place",
    "justify": "place",
    **dict.fromkeys(
        ("row-gap", "column-gap", "grid-gap", "grid-row-gap", "grid-column-gap"), "gap"
    ),
    **dict.fromkeys(("column-width", "column-count", "columns"), "columns"),
    **dict.fromkeys(_SIDES, "inset"),
    **{
        f"{limit}{logical}-size": f"{limit}{physical}"
        for limit in ("", "min-", "max-")
        for logical, physical in (("inline", "width"), ("block", "height"))
    },
}
_LENGTH = r"(?:0|\d{1,5}(?:\.\d{1,4})?(?:px|pt|em|%))"
_SIDE = "(?:top|right|bottom|left)"
_COLOUR = (
    "(?:#(?:[0-9a-f]{3}|[0-9a-f]{6})|aqua|black|blue|fuchsia|gray|green|lime|maroon|navy|olive"
    "|purple|red|silver|teal|white|yellow)"
)
_UNDERSTOOD_EVERYWHERE = re.compile(
    rf"(?:font-size|width|height|max-width|max-height|(?:padding|margin)-{_SIDE}): {_LENGTH}"
    rf"|(?:padding|margin): {_LENGTH}(?: {_LENGTH}){{0,3}}"
    rf"|(?:color|background-color): {_COLOUR}"
    rf"|border(?:-{_SIDE})?: (?:0|none|{_LENGTH} solid {_COLOUR})"
    "|text-align: (?:left|right|center)|font-weight: (?:normal|bold)"
    "|text-decoration: (?:none|underline)|display: (?:none|block|inline)",
    re.IGNORECASE,
)


def family_of(name: str) -> str:
    """What a property can set together with others, as shorthands do, goes by one name."""
    if name.startswith("--"):
        return name
    name = _PREFIX.sub("", name, count=1) if name.startswith("-") else name
    found = _ONE_FAMILY.match(name)
    name = found["of"] if found else name
    return _FAMILIES.get(name, name)


@dataclass(frozen=True, slots=True)
class Candidate:
    """The declarations of a rule, for those of its selectors that are treated alike."""

    rule: int
    declarations: list[Declaration]
    is_inlined: bool
    can_become_important: bool = False
    is_universal: bool = False


class Situation(NamedTuple):
    """What applies to an element: candidates by number, the weakest first, and its own style."""

    numbers: tuple[int, ...]
    own: tuple[Declaration, ...]


@dataclass(slots=True)
class _Contest:
    """Who sets properties of one family in a situation: rank and rule, the weakest first."""

    inlined: list[tuple[int, int]] = field(default_factory=list)
    kept: list[tuple[int, int]] = field(default_factory=list)
    fixed: list[tuple[int, int]] = field(default_factory=list)
    important: list[tuple[int, int]] = field(default_factory=list)
    own: bool = False

    def would_lose(self, kept: list[tuple[int, int]]) -> bool:
        """Whether something kept wins over something inlined, of another rule."""
        lowest = self.inlined[:3]  # a rule is at most two candidates
        return any(rank > low and rule != other for rank, rule in kept for low, other in lowest)

    def would_win_too_much(self) -> bool:
        """Whether `!important` lets something kept win over what it gives way to now."""
        if not self.kept:
            return False
        stronger = any(rank > self.kept[0][0] for rank, _ in (*self.inlined, *self.fixed))
        return self.own or stronger or any(rank < self.kept[-1][0] for rank, _ in self.important)


class Cascade:
    """Decides for all situations of a mail. Costs time in proportion to what applies in each."""

    def __init__(self, candidates: Sequence[Candidate], situations: Iterable[Situation]) -> None:
        self._candidates = candidates
        self._has_all = any(
            each.name == "all" for candidate in candidates for each in candidate.declarations
        )
        self._left: dict[Situation, set[str]] = {}
        wanted: set[str] = set()
        refused: set[str] = set()
        for situation in set(situations):
            contests = self._contests(situation)
            self._left[situation] = {
                family for family, each in contests.items()
                if each.would_lose(each.kept) or each.would_lose(each.fixed)
            }  # fmt: skip
            wanted |= self._left[situation]
            refused |= {
                family for family, each in contests.items()
                if each.would_win_too_much() or each.would_lose(each.fixed)
            }  # fmt: skip
        self._important = wanted - refused

    def style(self, situation: Situation) -> list[Declaration]:
        """What the style attribute says, the element's own included, the weakest first.

        What is `!important` in a sheet comes after the element's own, and without that mark: it
        stands in the sheet, and so wins over nothing that it does not win over there.
        """
        left = self._left[situation] - self._important
        inlined = [
            each
            for number in situation.numbers
            if self._candidates[number].is_inlined
            for each in self._candidates[number].declarations
        ]
        left |= {self._family(each) for each in inlined if not each.can_be_inlined}
        inlined = [each for each in inlined if self._family(each) not in left]
        normal = [each for each in inlined if not each.important]
        important = [each for each in inlined if each.important]
        stripped = [each._replace(important=False, end=0) for each in important]
        return list(_needed([*normal, *situation.own, *stripped]))

    def becomes_important(self) -> Iterator[Declaration]:
        """The declarations of rules that stay in their sheets which need the mark there."""
        for candidate in self._candidates:
            if candidate.can_become_important:
                for each in candidate.declarations:
                    if not each.important and self._family(each) in self._important:
                        yield each

    def _family(self, declaration: Declaration) -> str:
        return "all" if self._has_all else family_of(declaration.name)

    def _contests(self, situation: Situation) -> dict[str, _Contest]:
        """By family; none where nothing that applies stays in a sheet."""
        contests: dict[str, _Contest] = defaultdict(_Contest)
        if all(self._candidates[number].is_inlined for number in situation.numbers):
            return contests
        for rank, number in enumerate(situation.numbers):
            candidate = self._candidates[number]
            for each in candidate.declarations:
                self._enter(contests[self._family(each)], candidate, each).append(
                    (rank, candidate.rule)
                )
        for each in situation.own:
            contests[self._family(each)].own |= not each.important
        return contests

    @staticmethod
    def _enter(
        contest: _Contest, candidate: Candidate, declaration: Declaration
    ) -> list[tuple[int, int]]:
        if declaration.important:
            return contest.important
        if candidate.is_inlined:
            return contest.inlined
        return contest.kept if candidate.can_become_important else contest.fixed


def _needed(declarations: list[Declaration]) -> Iterator[Declaration]:
    """Without those after which the same property is set again. Where not every program may
    understand that value, both stay: programs take the last one that they understand.
    """
    again: set[tuple[str, bool]] = set()
    texts: set[str] = set()
    kept = []
    for each in reversed(declarations):
        bare = str(each._replace(important=False))
        is_set_again = (each.name, True) in again or (each.name, each.important) in again
        if not each.name or not (is_set_again or str(each) in texts):
            kept.append(each)
        texts.add(str(each))
        if _UNDERSTOOD_EVERYWHERE.fullmatch(bare):
            again |= {(each.name, False), (each.name, each.important)}
    return reversed(kept)
