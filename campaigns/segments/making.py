"""Make segments of others: copies, and the parts of a random split."""

from __future__ import annotations

import secrets
from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext

from campaigns.models import Segment
from campaigns.segments.values import PARTS

LONGEST = 100
Condition = Mapping[str, object]


def free_name(owner_id: int, wanted: str) -> str:
    """A name that no segment of the owner has: this one, or with a number after it."""
    name, number = wanted[:LONGEST], 1
    while Segment.objects.filter(owner=owner_id, name__iexact=name).exists():
        number += 1
        end = f" ({number})"
        name = f"{wanted[: LONGEST - len(end)]}{end}"
    return name


def make(owner_id: int, wanted: str, condition: Condition) -> Segment:
    """Save a segment, its name made unique. The condition is one that was checked."""
    name = free_name(owner_id, wanted)
    segment: Segment = Segment.objects.create(owner_id=owner_id, name=name, condition=condition)
    return segment


def duplicate(segment: Segment) -> Segment:
    return make(
        segment.owner_id,
        gettext("Copy of %(name)s") % {"name": segment.name},
        segment.condition,
    )


def split(owner_id: int, name: str, whole: Condition | None, parts: int) -> list[Segment]:
    """Segments of which each contact that `whole` holds is in exactly one, at random and always in
    the same; None is for all contacts. Raises ValueError for too many or too few parts.
    """
    if parts not in PARTS:
        raise ValueError(parts)
    seed = secrets.token_hex(8)
    with transaction.atomic():
        return [
            make(owner_id, _named(name, number, parts), _part(whole, number, parts, seed))
            for number in range(1, parts + 1)
        ]


def within(segment: Segment) -> Condition:
    return {"field": "segment", "operator": "in", "value": segment.pk}


def _part(whole: Condition | None, number: int, parts: int, seed: str) -> Condition:
    value = {"part": number, "of": parts, "seed": seed}
    line = {"field": "part", "operator": "is", "value": value}
    return {"match": "all", "lines": [*([whole] if whole else []), line]}


def _named(name: str, number: int, parts: int) -> str:
    end = gettext(", part %(number)s of %(parts)s") % {"number": number, "parts": parts}
    return f"{name[: LONGEST - len(end) - 5]}{end}"
