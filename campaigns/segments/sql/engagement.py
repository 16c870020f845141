"""Conditions on what people did with an owner's messages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from campaigns.engagement import link_key
from campaigns.segments.fields import BY_MACHINES, ENGAGEMENT
from campaigns.segments.moment import Moment
from campaigns.segments.sql.expression import Among

MACHINES = {
    "people": "NOT f.is_machine",
    "machines": "f.is_machine",
    "anyone": "f.is_machine IN (false, true)",
}
# By the primary key of `Engagement`, then by that of `EngagementTimes`.
OF_TASK = "campaigns_engagement f WHERE f.task_id = %s AND {where}"
OF_ANY = "campaigns_engagementtimes f WHERE f.owner_id = %s AND {where}"
# Messages with which people or machines did something: one where both did, so the times of both
# cannot be added up. A set of its own, which PostgreSQL makes once.
BY_ANYONE = """(
    SELECT m.address_key FROM (SELECT DISTINCT f.address_key, f.task_id FROM campaigns_engagement f
        WHERE f.task_id IN (SELECT t.id FROM campaigns_task t WHERE t.owner_id = %s) AND {where}
    ) AS m GROUP BY 1 HAVING count(*) >= %s) AS f WHERE true"""


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rows of engagement must be like. `since` is None for ever."""

    kind: int
    link: int
    by: str
    times: int
    since: dt.datetime | None

    @property
    def where(self) -> str:
        return f"f.kind = %s AND f.link = %s AND {MACHINES[self.by]}"

    @property
    def params(self) -> tuple[object, ...]:
        return self.kind, self.link


def those_who_did(
    name: str, value: dict[str, object], owner_id: int, moment: Callable[[], Moment]
) -> Among:
    """The addresses with whose messages something happened; `value` is a clean one, and its
    campaign the owner's."""
    days, times = value.get("days"), value.get("times")
    asked = Asked(
        kind=int(ENGAGEMENT[name]),
        link=link_key(str(value["link"])) if "link" in value else 0,
        by=str(value.get("by", "people")) if name in BY_MACHINES else "people",
        times=times if isinstance(times, int) else 1,
        since=moment().days_ago(days) if isinstance(days, int) else None,
    )
    if "campaign" in value:
        return _among(OF_TASK, _lately(asked, (value["campaign"],)))
    if asked.by == "anyone" and asked.times > 1:
        where, params = _lately(asked, (owner_id,))
        return _among(BY_ANYONE, (where, (*params, asked.times)))
    return _among(OF_ANY, _often(asked, (owner_id,)))


Where = tuple[str, tuple[object, ...]]
"""With the params in the order of their places."""


def _among(source: str, where: Where) -> Among:
    condition, params = where
    return Among("address_key", "f.address_key", source.format(where=condition), params)


def _lately(asked: Asked, first: tuple[object, ...]) -> Where:
    """Of rows with one time."""
    params = (*first, *asked.params)
    if asked.since is None:
        return asked.where, params
    return f"{asked.where} AND f.at > %s", (*params, asked.since)


def _often(asked: Asked, first: tuple[object, ...]) -> Where:
    """The times are the newest first: where the third is in the span, so are three."""
    params = (*first, *asked.params)
    if asked.since is not None:
        return f"{asked.where} AND f.times[%s] > %s", (*params, asked.times, asked.since)
    if asked.times > 1:
        return f"{asked.where} AND cardinality(f.times) >= %s", (*params, asked.times)
    return asked.where, params
