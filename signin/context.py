"""The admin's layout (title, sidebar, colours) for the sign-in pages."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.http import urlencode

OURS = ("account_", "mfa_", "sign_in_", "socialaccount_", "openid_connect_")


def admin_frame(request: HttpRequest) -> dict[str, Any]:
    match = request.resolver_match
    if match is None or not match.view_name.startswith(OURS):
        return {}
    return {
        **admin.site.each_context(request),
        "single_sign_on": settings.OIDC_NAME if settings.OIDC_SERVER_URL else "",
        "single_sign_on_url": _single_sign_on_url(request),
    }


def _single_sign_on_url(request: HttpRequest) -> str:
    """With the page to open afterwards; allauth follows it on this site only."""
    url = reverse("openid_connect_login", args=[settings.OIDC_PROVIDER_ID])
    then = request.GET.get("next", "")
    return f"{url}?{urlencode({'next': then})}" if then else url
