"""The address of a provider's API may be another one: https, or this machine, and guarded."""

from __future__ import annotations

import pytest
from django import forms

from dispatch.providers import PROVIDERS
from dispatch.providers.http.fields import api_url
from dispatch.providers.http.transport import HttpProvider


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("", ""),
        ("https://mail.cloud.example/api", "https://mail.cloud.example/api/"),
        ("https://mail.cloud.example:8443/", "https://mail.cloud.example:8443/"),
        ("http://localhost:8025", "http://localhost:8025/"),
    ],
)
def test_an_address_ends_with_a_slash(entered: str, kept: str) -> None:
    assert api_url().clean(entered) == kept


@pytest.mark.parametrize(
    "entered",
    [
        "http://mail.cloud.example/",
        "https://user:password@mail.cloud.example/",
        "https://mail.cloud.example/?to=x",
        "https://mail.cloud.example/#x",
        "https://169.254.169.254/",
        "https://[fe80::1]/",
        "https://127.1.2.3:99999/",
        "https:///x",
        "https://a.example\\@b.example/",
        "ftp://mail.cloud.example/",
        "file:///etc/passwd",
        "mail.cloud.example",
    ],
)
def test_an_address_that_is_unsafe_is_refused(entered: str) -> None:
    with pytest.raises(forms.ValidationError):
        api_url().clean(entered)


def test_every_provider_with_an_api_takes_another_address_of_it() -> None:
    with_an_api = [provider for provider in PROVIDERS if isinstance(provider, HttpProvider)]
    assert len(with_an_api) == 9
    for provider in with_an_api:
        assert "api_url" in provider.settings_form.base_fields
        assert "api_url" in provider.place_fields
