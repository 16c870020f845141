from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.campaigns.admin.staff import MANAGER, member
from tests.campaigns.admin.steps.way import Way


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def way(user: User) -> Way:
    return Way(user)
