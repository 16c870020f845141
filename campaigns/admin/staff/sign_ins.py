"""The sign-in log, for superusers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from admin_kit.base import LedgerAdmin
from admin_kit.filters import TimeRangeFilter
from admin_kit.typed import label
from admin_kit.words.listing import listed
from admin_kit.words.moments import to_the_second
from signin import browsers
from signin.models import Outcome, SignIn

COLOURS = {
    Outcome.SIGNED_IN.label: "success",
    Outcome.WRONG_PASSWORD.label: "warning",
    Outcome.WRONG_CODE.label: "danger",
    Outcome.REFUSED.label: "danger",
    Outcome.NOT_ALLOWED.label: "warning",
}
UNKNOWN = _("no such account")
METHODS: Mapping[str, Any] = {
    "password": pgettext_lazy("a way to sign in", "password"),
    "totp": pgettext_lazy("a way to sign in", "authenticator app"),
    "webauthn": pgettext_lazy("a way to sign in", "security key"),
    "recovery_codes": pgettext_lazy("a way to sign in", "recovery code"),
    "oidc": pgettext_lazy("a way to sign in", "single sign-on"),
    "socialaccount": pgettext_lazy("a way to sign in", "single sign-on"),
    "device": _("limit of the browser"),
    "device-code": _("limit of the browser"),
    "known-place": _("limit of the place"),
    "address": _("limit of the IP address"),
    "pair": _("limit of the IP address with this name"),
    "wide": _("limit of the network"),
    "wide-pair": _("limit of the network with this name"),
    "code": _("limit of the IP address with this name"),
    "user-code": _("limit of the account"),
}
"""As they are kept, joined by “and”; of what was refused, the limit that was reached."""


@admin.register(SignIn)
class SignInAdmin(LedgerAdmin):
    list_display = ("when", "who", "result", "times", "by", "address", "browser")
    fields = list_display
    list_filter = ("outcome", ("at", TimeRangeFilter))
    sortable_by = ()
    search_fields = ("user_name", "address")
    search_help_text = _("Part of a user name or of an IP address")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Regardless of a group's permissions: IP addresses of colleagues are for superusers
        only."""
        return request.user.is_active and request.user.is_superuser

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description=_("when"))
    def when(self, row: SignIn) -> str:
        return to_the_second(row.at)

    @admin.display(description=_("user name"))
    def who(self, row: SignIn) -> str:
        return row.user_name or str(UNKNOWN)

    @label(_("result"), COLOURS)
    def result(self, row: SignIn) -> str:
        return row.get_outcome_display()

    @admin.display(description=_("method"), empty_value="–")
    def by(self, row: SignIn) -> str:
        return listed([str(METHODS.get(each, each)) for each in row.method.split(" and ") if each])

    @admin.display(description=_("browser"))
    def browser(self, row: SignIn) -> str:
        words = browsers.in_words(row.user_agent)
        return format_html('<span title="{}">{}</span>', row.user_agent, words)
