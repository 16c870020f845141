"""How the admin looks: title, colours, and a sidebar with what the user may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest
from django.urls import reverse_lazy

EVERYBODY = "everybody"


def _link(title: str, icon: str, model: str, permission: str = "") -> dict[str, Any]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _may_view(permission or f"{app}.view_{name}"),
    }


def _page(title: str, icon: str, name: str, permission: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(name),
        "permission": _may_view(permission),
    }


def _may_view(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: permission == EVERYBODY or request.user.has_perm(permission)


def _static(path: str) -> Callable[[HttpRequest], str]:
    """The address of one of our own files, asked for when a page is shown: settings are not
    complete yet.
    """

    def address(request: HttpRequest) -> str:
        from django.templatetags.static import static

        return static(path)

    return address


def environment(request: HttpRequest) -> list[str] | None:
    """The badge in the header that tells development from production."""
    from django.conf import settings

    return ["Development", "warning"] if settings.DEBUG else None


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "EDM Dispatch",
    "SITE_HEADER": "EDM Dispatch",
    "SITE_SUBHEADER": "Email campaigns",
    "SITE_SYMBOL": "outgoing_mail",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static("edm/icon.svg")}],
    "STYLES": [_static("edm/admin.css")],
    "DASHBOARD_CALLBACK": "dispatch.admin.start_page.start_page",
    "ENVIRONMENT": "edm_project.admin_settings.environment",
    "SHOW_BACK_BUTTON": True,
    "BORDER_RADIUS": "6px",
    "COLORS": {
        "primary": {
            "50": "oklch(97% .014 254.604)",
            "100": "oklch(93.2% .032 255.585)",
            "200": "oklch(88.2% .059 254.128)",
            "300": "oklch(80.9% .105 251.813)",
            "400": "oklch(70.7% .165 254.624)",
            "500": "oklch(62.3% .214 259.815)",
            "600": "oklch(54.6% .245 262.881)",
            "700": "oklch(48.8% .243 264.376)",
            "800": "oklch(42.4% .199 265.638)",
            "900": "oklch(37.9% .146 265.522)",
            "950": "oklch(28.2% .091 267.935)",
        },
    },
    "SIDEBAR": {
        "show_search": False,
        "show_all_applications": False,
        "navigation": [
            {
                "title": "Campaigns",
                "items": [
                    _link("Tasks", "campaign", "campaigns.task"),
                    _link("SubTasks", "mail", "campaigns.subtask"),
                    _link("Templates", "draft", "campaigns.template"),
                    _link("Senders", "badge", "campaigns.sender"),
                ],
            },
            {
                "title": "Audience",
                "separator": True,
                "items": [
                    _link("Contacts", "contacts", "campaigns.contact"),
                    _link("Tags", "sell", "campaigns.tag"),
                    _link("Suppressions", "block", "campaigns.suppression"),
                    _page("Export or erase", "person_off", "privacy", "campaigns.export_address"),
                ],
            },
            {
                "title": "Delivery",
                "separator": True,
                "items": [
                    _link("Email services", "dns", "dispatch.emailservice"),
                    _link("Attempts", "receipt_long", "dispatch.attempt"),
                    _page("Monitor", "monitor_heart", "monitor", "campaigns.see_everything"),
                    _link("Events", "mark_email_read", "tracking.event"),
                    _link("Refused requests", "gpp_bad", "tracking.refusal"),
                ],
            },
            {
                "title": "Staff",
                "separator": True,
                "items": [
                    _link("History", "history", "admin.logentry", EVERYBODY),
                    _link("Users", "person", "auth.user"),
                    _link("Groups", "group", "auth.group"),
                ],
            },
        ],
    },
}
