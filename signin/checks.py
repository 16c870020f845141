"""System checks of the settings of signing in."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register


@register(Tags.security)
def check_provider(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """What the provider says is believed because it comes by TLS."""
    if settings.DEBUG or not settings.OIDC_SERVER_URL.startswith("http://"):
        return []
    return [
        Error(
            "OIDC_SERVER_URL begins with http://: anyone on the way could sign in as anyone.",
            hint="Set it to the https:// address of the provider.",
            id="signin.E001",
        )
    ]
