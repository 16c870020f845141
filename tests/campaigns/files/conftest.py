from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.imports.report import ImportReport
from campaigns.imports.writing.contacts import import_contacts
from tests.campaigns.files.loading import Import


@pytest.fixture
def owner() -> User:
    return User.objects.create_user("ann")


@pytest.fixture
def load(owner: User) -> Import:
    def load(content: str | bytes, **options: Any) -> ImportReport:
        encoded = content.encode() if isinstance(content, str) else content
        return import_contacts(BytesIO(encoded), owner, **options)

    return load
