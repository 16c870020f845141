"""Require a recent password or second factor: for the pages named here; single changes (secrets of
a service) call `confirmed_lately` themselves."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from signin.session.sessions import confirmed_within

OPEN_SECONDS = 15 * 60
"""How old the last confirmation may be when such a page is opened."""
SUBMIT_SECONDS = 2 * OPEN_SECONDS
"""The same when its form is sent: there has to be time to fill it in."""

PAGES = frozenset(
    {
        "admin:auth_user_add",
        "admin:auth_user_change",
        "admin:auth_user_delete",
        "admin:auth_user_password_change",
        "admin:auth_user_reset_second_factor",
        "admin:auth_user_invite",
        "admin:auth_user_take_invitation_back",
        "admin:auth_group_add",
        "admin:auth_group_change",
        "admin:auth_group_delete",
        "own_password",
        "admin:campaigns_suppression_export_file",
        "admin:dispatch_emailservice_bounce_mailbox",
        "admin:dispatch_emailservice_renew_webhook",
        "privacy",
    }
)
ACTIONS = frozenset({"admin:auth_user_changelist", "admin:auth_group_changelist"})
"""Lists may be viewed without confirmation; actions in them require it."""
NOTHING_DONE = _(
    "Nothing was changed: first confirm that it is still you. Then do it again, please."
)


def confirmed_lately(request: HttpRequest) -> bool:
    """Whether a form that changes secrets may be accepted now."""
    return confirmed_within(request, SUBMIT_SECONDS)


def needs_confirmation(request: HttpRequest, view_name: str) -> bool:
    submitted = request.method not in ("GET", "HEAD")
    if view_name not in PAGES and not (submitted and view_name in ACTIONS):
        return False
    return not confirmed_within(request, SUBMIT_SECONDS if submitted else OPEN_SECONDS)


def ask_first(request: HttpRequest) -> HttpResponseRedirect:
    """Redirect to the page that asks for a password or a second factor, and back. The posted form
    is dropped: it may hold secrets."""
    if request.method not in ("GET", "HEAD"):
        messages.warning(request, NOTHING_DONE)
    return HttpResponseRedirect(confirm_url(request.get_full_path()))


def confirm_elsewhere() -> SafeString:
    """For a form with unsaved work: asks the user to confirm in another tab, and keeps the form."""
    return format_html(
        gettext(
            "Secrets and where they are sent are changed only shortly after you showed that it "
            'is you. <a href="{}" target="_blank" rel="noopener" class="edm-link">Confirm that it '
            "is you</a> in a new tab, then save here again. Secrets have to be entered once more."
        ),
        confirm_url(reverse("admin:index")),
    )


def confirm_url(then: str) -> str:
    return f"{reverse('account_reauthenticate')}?{urlencode({'next': then})}"
