"""How PostgreSQL may run the query of a segment."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# Sets of a million addresses are compared in memory or in the order of an index, by one process: a
# count never takes more than one core from the dispatchers. What is too big to be hashed is looked
# through again for each contact: with the multiplier, above thirty million addresses.
SETTINGS = {
    "work_mem": "128MB",
    "hash_mem_multiplier": "8",
    "random_page_cost": "1.1",
    "max_parallel_workers_per_gather": "0",
}


@contextmanager
def planned_for_sets() -> Iterator[None]:
    """A transaction whose queries may use more memory, for counts and samples of segments."""
    with transaction.atomic(), connection.cursor() as cursor:
        names = list(SETTINGS)
        cursor.execute("SELECT " + ", ".join("current_setting(%s)" for _ in names), names)
        before = dict(zip(names, cursor.fetchone(), strict=True))
        _set(SETTINGS)
        yield
        _set(before)


def _set(settings: dict[str, str]) -> None:
    with connection.cursor() as cursor:
        for name, value in settings.items():
            cursor.execute("SELECT set_config(%s, %s, true)", [name, value])
