"""Check every request of a signed-in user: end expired sessions, require second factors and
confirmations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from signin.models import Outcome
from signin.record import record
from signin.session import confirming, second_factor, sessions

WITHOUT_SECOND_FACTOR = _(
    "Your account needs a second factor. Set one up now; everything else opens afterwards."
)
ALWAYS_OPEN = frozenset(
    {
        "admin:logout",
        "admin:jsi18n",
        "account_logout",
        "account_reauthenticate",
        "openid_connect_login",
        "openid_connect_callback",
    }
)
Answer = Callable[[HttpRequest], HttpResponse]


class SignedInMiddleware:
    """After authentication and messages. Costs nothing for requests without a session cookie, as
    recipients and providers send them.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if _is_signed_in(request):
            if why := sessions.why_over(request.session) or _has_no_rights(request):
                return _end(request, why)
            if not _asks_by_itself(request):
                sessions.note_use(request)
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        if not _is_signed_in(request) or request.resolver_match is None:
            return None
        name = request.resolver_match.view_name
        if name in ALWAYS_OPEN:
            return None
        if not name.startswith("mfa_") and _lacks_second_factor(request):
            messages.warning(request, WITHOUT_SECOND_FACTOR)
            return HttpResponseRedirect(reverse("mfa_index"))
        if confirming.needs_confirmation(request, name):
            return confirming.ask_first(request)
        return None


def _is_signed_in(request: HttpRequest) -> bool:
    return settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated


def _has_no_rights(request: HttpRequest) -> str:
    """Why this session is over for good: it does not come to life when rights are given back."""
    user = request.user
    return (
        "" if getattr(user, "is_staff", False) else gettext("your account may not sign in any more")
    )


def _asks_by_itself(request: HttpRequest) -> bool:
    """A page that refreshes its figures is no use of the session. Browsers say what is not a page
    that their user opens.
    """
    mode = request.headers.get("Sec-Fetch-Mode", "navigate")
    return request.method == "GET" and mode != "navigate"


def _end(request: HttpRequest, why: str) -> HttpResponse:
    user = request.user
    then = request.get_full_path() if request.method == "GET" else reverse("admin:index")
    if user.is_authenticated:
        record(request, Outcome.TIMED_OUT, user)
    logout(request)
    messages.warning(
        request,
        gettext("You were signed out: %(why)s. Your last request was not carried out.")
        % {"why": why},
    )
    return redirect_to_login(then, reverse("admin:login"))


def _lacks_second_factor(request: HttpRequest) -> bool:
    """Once a session has been seen with one it is not looked for again: taking it away ends the
    sessions, or happens in this one, on pages that forget it.
    """
    user = request.user
    if not user.is_authenticated or not second_factor.is_required_of(user):
        return False
    if request.session.get(second_factor.SEEN):
        return False
    if second_factor.has_one(user):
        request.session[second_factor.SEEN] = True
        return False
    return True
