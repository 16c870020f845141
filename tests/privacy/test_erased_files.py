"""Files of exports and imports that may contain an address that is erased."""

from __future__ import annotations

import pytest

from campaigns.models import Operation
from campaigns.operations import files
from privacy.erasure import erase
from tests.factories import OperationFactory

pytestmark = pytest.mark.django_db
ADDRESS = "ada@example.com"


def stored(kind: str, state: str) -> Operation:
    operation = OperationFactory(kind=kind, state=state)
    files.store(operation, "download", "a.csv", [ADDRESS.encode()], None)
    return operation


@pytest.mark.parametrize(
    "kind, state",
    [("export", "done"), ("export", "running"), ("import", "done"), ("import", "cancelled")],
)
def test_a_file_that_may_contain_it_is_deleted(kind: str, state: str) -> None:
    operation = stored(kind, state)
    erase(ADDRESS)
    assert not operation.files.exists()


@pytest.mark.parametrize("state", ["preparing", "queued", "running"])
def test_what_was_brought_for_an_import_that_is_to_come_stays(state: str) -> None:
    operation = stored("import", state)
    erase(ADDRESS)
    assert operation.files.count() == 1
