from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings

from tests.signin import pages


@pytest.fixture(autouse=True)
def quick_hashing(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def ada(db: None) -> User:
    return pages.make_user("ada", is_superuser=True)
