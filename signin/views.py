"""Sign-in pages that allauth does not provide."""

from __future__ import annotations

from typing import Any

from allauth.usersessions.models import UserSession
from django.contrib import admin, messages
from django.contrib.auth import logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.forms import SetPasswordForm
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from signin import invitations
from signin.adapters import too_many
from signin.models import Outcome
from signin.record import record, record_too_many_tries
from signin.session import sessions
from signin.throttling import throttle
from signin.throttling.limits import password_limits
from signin.typed import LoginView

OTHERS = "others"
MOST_KEYS = 2**31
"""Keys of users are below it."""


class SignInView(LoginView):
    template_name = "signin/sign_in.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """A signed-in user without the right to be here would be redirected in a loop."""
        user = request.user
        if user.is_authenticated and not user.is_staff:
            logout(request)
        return super().dispatch(request, *args, **kwargs)


def change_password(request: HttpRequest) -> HttpResponseBase:
    """The admin's page. It reveals whether the old password is right, so tries are counted."""
    user = request.user
    if request.method != "POST" or not isinstance(user, User):
        return admin.site.password_change(request)
    try:
        admission = throttle.count(password_limits(request, user.get_username()))
    except throttle.TooManyTries as exceeded:
        record_too_many_tries(request, user, exceeded)
        messages.error(request, too_many(exceeded).message)
        return HttpResponseRedirect(reverse("own_password"))
    response = admin.site.password_change(request)
    if _is_wrong(response):
        record(request, Outcome.WRONG_PASSWORD, user)
    else:
        admission.give_back()
    return response


def _is_wrong(response: HttpResponseBase) -> bool:
    """Whether the old password was."""
    form = (getattr(response, "context_data", None) or {}).get("form")
    return form is not None and "old_password" in form.errors


@never_cache
@login_required
@require_http_methods(["GET", "POST"])
def own_sessions(request: HttpRequest) -> HttpResponse:
    """List one's sessions; end one of them, or all others."""
    user = request.user
    assert isinstance(user, User)  # login_required
    if request.method == "POST":
        return _end(request, user, request.POST.get("end", ""))
    return render(request, "signin/sessions.html", {"sessions": sessions.of(user)})


def _end(request: HttpRequest, user: User, which: str) -> HttpResponse:
    if which == OTHERS:
        ended = sessions.end_all(user, but=request.session.session_key)
        messages.success(
            request, gettext("Signed out elsewhere: %(ended)s sessions ended.") % {"ended": ended}
        )
    elif which.isdecimal() and len(which) < 19:
        found = UserSession.objects.filter(user=user.pk, pk=int(which)).first()
        if found is not None:
            found.end()
        messages.success(request, gettext("The session was ended."))
    return HttpResponseRedirect(reverse("sign_in_sessions"))


@never_cache
@require_http_methods(["GET", "POST"])
def accept_invitation(request: HttpRequest, user_id: int, token: str) -> HttpResponse:
    """Set a password by a link. To look at it uses nothing up: programs of mailboxes open links."""
    user = invitations.invited(user_id, token) if user_id < MOST_KEYS else None
    if user is None:
        return render(request, "signin/invitation_over.html", status=404)
    form = SetPasswordForm(user, request.POST if request.method == "POST" else None)
    if form.is_valid():
        if not invitations.accept(user_id, token, form.cleaned_data["new_password1"]):
            return render(request, "signin/invitation_over.html", status=404)
        messages.success(request, gettext("Your password is set. Sign in with it now."))
        return HttpResponseRedirect(reverse("admin:login"))
    return render(request, "signin/invitation.html", {"form": form, "invited": user})
