from __future__ import annotations

import pytest
from pytest_django import Settings

from dispatch.errors import ServiceError
from dispatch.providers import PROVIDERS, get_provider, provider_choices


def test_every_provider_is_found_by_its_name() -> None:
    assert [get_provider(provider.name) for provider in PROVIDERS] == list(PROVIDERS)


def test_an_unknown_provider_needs_a_person() -> None:
    with pytest.raises(
        ServiceError, match="choose one of brevo, .*engagelab, .*sparkpost"
    ) as caught:
        get_provider("pigeon")
    assert caught.value.needs_person


def test_development_providers_are_no_choice_in_production(settings: Settings) -> None:
    settings.DEBUG = True
    assert "maildir" in dict(provider_choices())
    settings.DEBUG = False
    assert "maildir" not in dict(provider_choices())


def test_secret_fields_are_fields_of_the_form() -> None:
    for provider in PROVIDERS:
        assert provider.secret_fields <= set(provider.settings_form.base_fields)
