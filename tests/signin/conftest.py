from __future__ import annotations

from typing import Any

import pytest

from tests.signin import pages


@pytest.fixture(autouse=True)
def quick_hashing(settings: Any) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ada(db: None) -> Any:
    return pages.make_user("ada", is_superuser=True)
