"""System checks of the sign-in settings."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def check_provider(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """The provider's answers are trusted only because they come over TLS."""
    if settings.DEBUG or not settings.OIDC_SERVER_URL.startswith("http://"):
        return []
    return [
        Error(
            "OIDC_SERVER_URL begins with http://: anyone on the way could sign in as anyone.",
            hint="Set it to the https:// address of the provider.",
            id="signin.E001",
        )
    ]
