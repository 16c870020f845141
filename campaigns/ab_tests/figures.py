"""What came of each variant of a test, in its sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

from django.db import connection

from campaigns.ab_tests.chances import Seen, chances_to_be_best, interval
from campaigns.ab_tests.variants import variants_of
from campaigns.models import ABTest
from campaigns.models.ab_test import Measure

SENT_SQL = """
SELECT s.content_id, count(*),
       count(*) FILTER (WHERE s.status IN ('sent', 'delivered', 'opened', 'clicked', 'bounced')),
       count(*) FILTER (WHERE s.status IN ('delivered', 'opened', 'clicked')),
       count(*) FILTER (WHERE s.status = 'bounced')
FROM unnest((SELECT subtask_ids FROM campaigns_absample WHERE test_id = %s)) AS d(id)
JOIN campaigns_subtask s ON s.id = d.id
GROUP BY 1
"""


class People(NamedTuple):
    """How many recipients of a variant opened, clicked, and clicked the test's link themselves."""

    opened: int = 0
    clicked: int = 0
    clicked_link: int = 0


BY_PEOPLE: list[Callable[[ABTest], dict[int, People]]] = []
"""What an app that builds on this one (tracking) counts by content, in the sample; never machines,
nor proxies, which fetch what is not read."""


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one variant, as they are kept with a test."""

    letter: str
    content: int
    subject: str
    total: int = 0
    sent: int = 0
    delivered: int = 0
    bounced: int = 0
    opened: int = 0
    clicked: int = 0
    clicked_link: int = 0
    chance: float = 0.0
    """The probability to be the best."""

    @property
    def reached(self) -> int:
        """Sent and not come back: not every server reports what it delivers."""
        return self.sent - self.bounced

    def successes(self, measure: str) -> int:
        by_measure = {Measure.OPENS: self.opened, Measure.LINK: self.clicked_link}
        return by_measure.get(Measure(measure), self.clicked)

    def seen(self, measure: str) -> Seen:
        return Seen(min(self.successes(measure), self.reached), self.reached)

    def interval(self, measure: str) -> tuple[float, float]:
        return interval(self.seen(measure))


def look(test: ABTest) -> list[Figures]:
    """As of now, in the order of the variants. May take a second for 100,000 in the sample."""
    sent = _sent(test)
    people: dict[int, People] = {}
    for count in BY_PEOPLE:
        people |= count(test)
    found = [
        Figures(
            variant.letter,
            variant.content_id,
            variant.subject,
            *sent.get(variant.content_id, (0, 0, 0, 0)),
            *people.get(variant.content_id, People()),
        )
        for variant in variants_of(test.pk)
    ]
    return with_chances(found, test.measure)


def with_chances(found: list[Figures], measure: str) -> list[Figures]:
    if not found:
        return []
    chances = chances_to_be_best([each.seen(measure) for each in found])
    return [
        Figures(**{**asdict(each), "chance": chance})
        for each, chance in zip(found, chances, strict=True)
    ]


def as_json(found: list[Figures]) -> list[dict[str, Any]]:
    return [asdict(each) for each in found]


def kept(test: ABTest) -> list[Figures]:
    """Those of the last look."""
    return [Figures(**each) for each in test.figures]


def _sent(test: ABTest) -> dict[int, tuple[int, int, int, int]]:
    with connection.cursor() as cursor:
        cursor.execute(SENT_SQL, [test.pk])
        return {content: tuple(counts) for content, *counts in cursor.fetchall()}
