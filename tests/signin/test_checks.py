from __future__ import annotations

import pytest
from pytest_django import Settings

from signin.checks import check_provider


@pytest.mark.parametrize(
    ("url", "problems"), [("", 0), ("https://id.test", 0), ("http://id.test", 1)]
)
def test_the_provider_is_reached_by_https(settings: Settings, url: str, problems: int) -> None:
    settings.DEBUG, settings.OIDC_SERVER_URL = False, url
    assert len(check_provider(None)) == problems
