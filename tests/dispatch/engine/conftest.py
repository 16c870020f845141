from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.deduplicating_provider import DeduplicatingProvider


@pytest.fixture
def provider() -> Iterator[DeduplicatingProvider]:
    with DeduplicatingProvider() as server:
        yield server
