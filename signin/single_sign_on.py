"""The two pages of single sign-on. What goes wrong there is said plainly, and logged."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect import views
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from requests import RequestException

logger = logging.getLogger(__name__)

FAILED = "Single sign-on did not work this time. Try again, or sign in with your password."
NONSENSE = (AttributeError, KeyError, TypeError, ValueError)
"""What allauth raises when the provider's answers are not what the protocol says."""

View = Callable[..., HttpResponse]


def told_plainly(view: View) -> View:
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (RequestException, OAuth2Error, *NONSENSE) as error:
            return failed(request, error)

    return wrapped


def failed(request: HttpRequest, error: object) -> HttpResponse:
    """Back to the page of signing in. The log names the kind of error only: its text may hold what
    the provider sent.
    """
    what = type(error).__name__ if isinstance(error, Exception) else str(error)[:40]
    logger.warning("single sign-on failed: %s", what)
    messages.error(request, FAILED)
    return HttpResponseRedirect(reverse("admin:login"))


urlpatterns: list[URLPattern] = [
    path("oidc/<str:provider_id>/login/", told_plainly(views.login), name="openid_connect_login"),
    path(
        "oidc/<str:provider_id>/login/callback/",
        told_plainly(views.callback),
        name="openid_connect_callback",
    ),
]
