from __future__ import annotations

import pytest
from django.contrib.auth.models import User

from tests.campaigns.admin.imports.wizard import Wizard
from tests.campaigns.admin.staff import MANAGER, member


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def wizard(user: User) -> Wizard:
    return Wizard(user)
