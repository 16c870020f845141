"""Files in the database."""

from __future__ import annotations

import datetime as dt
import io

import pytest

from campaigns.models import FileChunk, StoredFile
from campaigns.operations import files
from tests.factories import OperationFactory

pytestmark = pytest.mark.django_db

DATA = bytes(range(256)) * 5_000  # 1.28 MB: two chunks


def stored(data: bytes = DATA, keep: dt.timedelta | None = None) -> StoredFile:
    parts = [data[at : at + 1_000] for at in range(0, len(data), 1_000)]
    return files.store(OperationFactory(), "upload", "contacts.csv", parts, keep)


def test_a_stored_file_reads_as_it_was() -> None:
    file = stored()
    assert file.size == len(DATA)
    assert files.open_file(file).read() == DATA


def test_a_file_is_cut_into_chunks() -> None:
    assert FileChunk.objects.filter(file=stored()).count() == 2


def test_its_parts_are_the_file() -> None:
    assert b"".join(files.parts_of(stored())) == DATA


def test_an_empty_file_is_empty() -> None:
    assert files.open_file(stored(b"")).read() == b""


@pytest.mark.parametrize("at", [0, 1, files.CHUNK - 1, files.CHUNK, len(DATA) - 1, len(DATA) + 9])
def test_it_reads_from_any_position(at: int) -> None:
    file, plain = files.open_file(stored()), io.BytesIO(DATA)
    file.seek(at)
    plain.seek(at)
    assert file.read(3_000) == plain.read(3_000)


def test_it_reads_from_its_end() -> None:
    file = files.open_file(stored())
    assert file.seek(-3, io.SEEK_END) == len(DATA) - 3
    assert file.read() == DATA[-3:]


def test_a_file_of_the_same_role_is_replaced() -> None:
    operation = OperationFactory()
    for data in (b"first", b"second"):
        files.store(operation, "upload", "contacts.csv", [data], None)
    assert files.open_file(operation.files.get()).read() == b"second"


def test_an_expired_file_is_deleted_and_others_stay() -> None:
    stored(b"old", dt.timedelta(seconds=-1))
    kept = [stored(b"new", dt.timedelta(hours=1)), stored(b"for good")]
    assert files.delete_expired() == 1
    assert set(StoredFile.objects.all()) == set(kept)
