"""Adding to the end of a stored file."""

from __future__ import annotations

import pytest

from campaigns.models import FileChunk
from campaigns.operations import files
from tests.factories import OperationFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "CHUNK", 4)


@pytest.mark.parametrize("first", [b"", b"ab", b"abcd", b"abcdefghi"])
@pytest.mark.parametrize("then", [b"", b"x", b"xy", b"xyz" * 5])
def test_what_is_added_comes_after_what_is_there(first: bytes, then: bytes) -> None:
    file = files.store(OperationFactory(), "part", "a.csv", [first], None)
    files.append(file.operation, "part", [then])
    files.append(file.operation, "part", [b"!"])
    file.refresh_from_db()
    assert b"".join(files.parts_of(file)) == first + then + b"!"
    assert file.size == len(first + then) + 1


def test_all_chunks_but_the_last_are_full() -> None:
    file = files.store(OperationFactory(), "part", "a.csv", [b"abc"], None)
    files.append(file.operation, "part", [b"d", b"efgh", b"ij"])
    sizes = FileChunk.objects.filter(file=file).order_by("number").values_list("data", flat=True)
    assert [len(data) for data in sizes] == [4, 4, 2]


def test_nothing_is_added_to_a_file_that_was_deleted() -> None:
    assert files.append(OperationFactory(), "part", [b"x"]) is False
