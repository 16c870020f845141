"""An export of many contacts takes no more memory than one of few, and each row is in it once."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psutil
import pytest
from django.db import connection

from campaigns.exports import asking, contacts, run, tables
from campaigns.exports.asking import Export
from campaigns.models import Operation
from campaigns.operations import files
from tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.timeout(600)]
CONTACTS = 200_000
MOST_GROWTH = 40_000_000  # bytes
MAKE_SQL = """
INSERT INTO campaigns_contact (owner_id, email, name, attributes)
SELECT %s, 'c' || n || '@example.com', 'Contact ' || n, jsonb_build_object(
    'points', n, 'city', 'Town ' || n %% 1000, 'note', repeat('x', 200), 'vip', n %% 2 = 0)
FROM generate_series(1, %s) AS n
"""


def memory() -> int:
    return int(psutil.Process(os.getpid()).memory_info().rss)


@pytest.mark.parametrize("format", ["csv", "xlsx"])
def test_memory_does_not_grow_with_the_rows(format: str) -> None:
    owner = UserFactory(is_superuser=True)
    with connection.cursor() as cursor:
        cursor.execute(MAKE_SQL, [owner.pk, CONTACTS])
    operation = asking.start(Export(owner, contacts.NAME, format, {}, "all contacts"))
    operation.state = "running"
    operation.save()
    run.step(operation)
    before, most = memory(), 0
    honest = tables.rows_of

    def watched(*args: object) -> Iterator[object]:
        nonlocal most
        yield from honest(*args)  # type: ignore[arg-type]
        most = max(most, memory())

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(run, "rows_of", watched)
        while run.step(operation):
            operation = Operation.objects.get(pk=operation.pk)
    file = operation.files.get(role="download")
    print(format, "grew by", (max(most, memory()) - before) // 1_000_000, "MB;", file.size, "bytes")
    assert max(most, memory()) - before < MOST_GROWTH
    assert operation.result["rows"] == CONTACTS
    if format == "csv":
        lines = sum(part.count(b"\r\n") for part in files.parts_of(file))
        assert lines == CONTACTS + 1
