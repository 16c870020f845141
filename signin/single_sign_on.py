"""The two views of single sign-on: the redirect to the provider, and its callback. Errors are shown
to the user and logged.

A signed-in user goes there to confirm. The browser cannot change the request that is built here,
but it can change it on its way, so only the provider's answer counts: `auth_time`, when the person
last authenticated there.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect import views
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext_lazy as _
from requests import RequestException

from signin.session.confirming import OPEN_SECONDS
from signin.session.sessions import confirmed_within

logger = logging.getLogger(__name__)

FAILED = _("Single sign-on did not work this time. Try again, or sign in with your password.")
NOT_CONFIRMED = _(
    "Single sign-on did not say that you showed just now who you are, so nothing is confirmed. "
    "Try again; if it stays so, its administrator has to have auth_time put into ID tokens."
)
NEW_PROOF = "prompt=login&max_age=0"
"""By OpenID Connect Core 1.0, 3.1.2.1: ask the person again, and say when that was."""
NONSENSE = (AttributeError, KeyError, TypeError, ValueError)
"""What allauth raises when the provider's answers violate the protocol."""

View = Callable[..., HttpResponse]


def told_plainly(view: View) -> View:
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return view(request, *args, **kwargs)
        except (RequestException, OAuth2Error, *NONSENSE) as error:
            return failed(request, error)

    return wrapped


def start(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Redirect to the provider. Of the query string only the page to open afterwards is used:
    allauth would also connect a second person to the account, or use any other parameter."""
    asked = QueryDict(mutable=True)
    if then := request.GET.get("next"):
        asked["next"] = then
    if request.user.is_authenticated:
        asked["auth_params"] = NEW_PROOF
    request.GET = asked  # type: ignore[assignment]  # django-stubs: a request's own is immutable
    answer: HttpResponse = views.login(request, provider_id)
    return answer


def come_back(request: HttpRequest, provider_id: str) -> HttpResponse:
    """The callback. A user who came to confirm and did not is not redirected in a loop."""
    confirming = request.user.is_authenticated
    answer: HttpResponse = views.callback(request, provider_id)
    if not confirming or not request.user.is_authenticated:
        return answer
    if confirmed_within(request, OPEN_SECONDS):
        return answer
    messages.error(request, NOT_CONFIRMED)
    return HttpResponseRedirect(reverse("admin:index"))


def proved_at(told: Any) -> float:
    """When the person last authenticated at the provider, by its answer; 0 if unknown, never later
    than now."""
    claims = told.get("id_token") if isinstance(told, dict) else None
    at = claims.get("auth_time") if isinstance(claims, dict) else None
    if not isinstance(at, int | float) or isinstance(at, bool):
        return 0.0
    return max(0.0, min(at, time.time()))


def failed(request: HttpRequest, error: object) -> HttpResponse:
    """Back to the page of signing in. The log names the kind of error only: its text may hold what
    the provider sent.
    """
    what = type(error).__name__ if isinstance(error, Exception) else str(error)[:40]
    logger.warning("single sign-on failed: %s", what)
    messages.error(request, FAILED)
    return HttpResponseRedirect(reverse("admin:login"))


urlpatterns: list[URLPattern] = [
    path("oidc/<str:provider_id>/login/", told_plainly(start), name="openid_connect_login"),
    path(
        "oidc/<str:provider_id>/login/callback/",
        told_plainly(come_back),
        name="openid_connect_callback",
    ),
]
