"""The sample of a test: how large it is, and who is in it.

A launch makes all SubTasks of a test waiting. With its last chunk the sample is drawn from all of
them at random: every recipient is as likely as any other, first or last in the alphabet, and the
size is exact. The order is that of a hash with a seed that is new for each draw; its first part
gets the first variant, and so on.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from itertools import accumulate

from django.contrib.postgres.functions import TransactionNow
from django.db import connection

from campaigns.ab_tests.variants import Variant, variants_of
from campaigns.models import ABSample, ABTest, SubTask
from campaigns.models.ab_test import UNTIL_RELEASED, SampleUnit, TestState

CHUNK = 20_000
"""So many SubTasks a statement, far from the limit of its time."""

DRAW_SQL = """
SELECT id FROM campaigns_subtask
WHERE task_id = %s AND status = 'pending' AND available_at = %s
ORDER BY hashint8extended(id, %s), id LIMIT %s
"""


def size_of(test: ABTest, recipients: int) -> int:
    """The size of the sample among so many recipients; a half is rounded up."""
    if test.sample_unit == SampleUnit.PERCENT:
        return min((recipients * test.sample + 50) // 100, recipients)
    return min(test.sample, recipients)


def parts_of(size: int, weights: Sequence[int]) -> list[int]:
    """How many of a sample each variant gets, in proportion to the weights; they add up to it."""
    whole = sum(weights)
    ends = [(2 * size * up_to + whole) // (2 * whole) for up_to in accumulate(weights)]
    return [end - start for start, end in zip([0, *ends], ends, strict=False)]


def draw(test: ABTest, recipients: int) -> None:
    """Give the variants to a sample of the waiting SubTasks, which are sent now. Call in the
    transaction that ends the launch."""
    size = size_of(test, recipients)
    ids = _drawn(test, size)
    start = 0
    variants = variants_of(test.pk)
    for variant, part in zip(variants, parts_of(size, [v.weight for v in variants]), strict=True):
        _give(ids[start : start + part], variant)
        start += part
    ABSample.objects.create(test=test, subtask_ids=sorted(ids))
    ABTest.objects.filter(pk=test.pk).update(
        state=TestState.COLLECTING, sample_size=size, rest=recipients - size
    )


def _drawn(test: ABTest, size: int) -> list[int]:
    seed = secrets.randbits(63)
    with connection.cursor() as cursor:
        cursor.execute(DRAW_SQL, [test.pk, UNTIL_RELEASED, seed, size])
        return [pk for (pk,) in cursor.fetchall()]


def _give(ids: Sequence[int], variant: Variant) -> None:
    """Due at one moment for all variants: claims go by that, and one variant before the other would
    have more time to be opened and clicked, or another time of the day.
    """
    for start in range(0, len(ids), CHUNK):
        SubTask.objects.filter(pk__in=ids[start : start + CHUNK]).update(
            content=variant.content_id, available_at=TransactionNow()
        )
