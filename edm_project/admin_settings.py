"""The admin's look: title, colours, and a sidebar of the pages that the user may see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.templatetags.static import static
from django.urls import reverse, reverse_lazy
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from edm_project.web.content_security import mark_as_admin
from edm_project.web.uploads import most_octets
from signin.own.languages import spoken

EVERYBODY = "everybody"


def _link(title: Promise, icon: str, model: str, permission: str = "") -> dict[str, Any]:
    app, name = model.split(".")
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(f"admin:{app}_{name}_changelist"),
        "permission": _may_view(permission or f"{app}.view_{name}"),
    }


def _page(title: Promise, icon: str, name: str, permission: str) -> dict[str, Any]:
    return {
        "title": title,
        "icon": icon,
        "link": reverse_lazy(name),
        "permission": _may_view(permission),
    }


def _group(title: Promise, *items: dict[str, Any]) -> dict[str, Any]:
    """What staff use each day."""
    return {"title": title, "separator": True, "items": list(items)}


def _folded(title: Promise, *items: dict[str, Any]) -> dict[str, Any]:
    """What is used less often: open where one of its pages is shown, and by its button."""
    return {"title": title, "collapsible": True, "items": list(items)}


def _on_contacts(request: HttpRequest) -> bool:
    """The pages of imports are below those of contacts, and have an entry of their own."""
    contacts = reverse("admin:campaigns_contact_changelist")
    imports = (
        reverse("admin:campaigns_contact_imports"),
        reverse("admin:campaigns_contact_import_file"),
    )
    return request.path.startswith(contacts) and not request.path.startswith(imports)


def _on_imports(request: HttpRequest) -> bool:
    contacts = reverse("admin:campaigns_contact_changelist")
    return request.path.startswith(contacts) and not _on_contacts(request)


def _tests_a(request: HttpRequest) -> str:
    """A test is sent by a service, but staff come to it from what they test: a campaign's variant
    or a template."""
    if request.path != reverse("admin:dispatch_emailservice_test_mail"):
        return ""
    asked = request.POST if request.method == "POST" else request.GET
    return next((name for name in ("variant", "template") if asked.get(name)), "")


def _is_below(model: str, tested: str) -> Callable[[HttpRequest], bool]:
    app, name = model.split(".")

    def active(request: HttpRequest) -> bool:
        pages = reverse(f"admin:{app}_{name}_changelist")
        found = _tests_a(request)
        return found == tested if found else request.path.startswith(pages)

    return active


def _may_view(permission: str) -> Callable[[HttpRequest], bool]:
    return lambda request: permission == EVERYBODY or request.user.has_perm(permission)


def _static(path: str) -> Callable[[HttpRequest], str]:
    """The URL of one of our own static files, built when a page is shown: settings are not complete
    yet."""
    return lambda request: static(path)


def environment(request: HttpRequest) -> list[str] | None:
    """The badge in the header that distinguishes development from production."""
    return [gettext("Development"), "warning"] if settings.DEBUG else None


def languages(request: HttpRequest) -> list[dict[str, str]]:
    """Of the switch in the user menu."""
    return [{"code": code, "name_local": name} for code, name in spoken()]


def on_every_page(request: HttpRequest) -> dict[str, Any]:
    """The colours are in a file, colours.css, not inline."""
    mark_as_admin(request)
    most = most_octets(request)
    return {
        "colors": None,
        "most_octets": most,
        "most_megabytes": most // 1_000_000,
        "most_files": settings.DATA_UPLOAD_MAX_NUMBER_FILES,
    }


UNFOLD: dict[str, Any] = {
    "SITE_TITLE": "EDM Dispatch",
    "SITE_HEADER": "EDM Dispatch",
    "SITE_SUBHEADER": _("Email campaigns"),
    "SITE_SYMBOL": "outgoing_mail",
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": _static("edm/icon.svg")}],
    "STYLES": [_static("edm/colours.css"), _static("edm/admin.css")],
    "SCRIPTS": [
        _static("edm/htmx.js"),
        _static("edm/copy.js"),
        _static("edm/accessible.js"),
        _static("edm/files.js"),
    ],
    "DASHBOARD_CALLBACK": "dispatch.admin.start_page.start_page",
    "ENVIRONMENT": "edm_project.admin_settings.environment",
    "SHOW_BACK_BUTTON": True,
    "SHOW_LANGUAGES": True,
    "LANGUAGES": {
        "action": reverse_lazy("own_language"),
        "navigation": "edm_project.admin_settings.languages",
    },
    "ACCOUNT": {
        "navigation": [
            {"title": _("Profile"), "link": reverse_lazy("own_profile")},
            {"title": _("Notifications"), "link": reverse_lazy("own_notices")},
            {"title": _("Second factor"), "link": reverse_lazy("mfa_index")},
            {"title": _("Your sessions"), "link": reverse_lazy("sign_in_sessions")},
            {
                "title": _("Change password"),
                "link": reverse_lazy("admin:password_change"),
            },
        ],
    },
    "GLOBAL_CALLBACK": "edm_project.admin_settings.on_every_page",
    "COMMAND": {"search_callback": "edm_project.web.palette.found"},
    "SIDEBAR": {
        "show_search": True,
        "command_search": True,
        "show_all_applications": False,
        "navigation": [
            _group(
                _("Campaigns"),
                _link(_("Campaigns"), "campaign", "campaigns.task")
                | {"active": _is_below("campaigns.task", "variant")},
                _link(pgettext_lazy("e-mail", "Messages"), "mail", "campaigns.subtask"),
                _page(
                    _("Who got what"), "person_search", "found_messages", "campaigns.view_subtask"
                ),
                _link(_("Templates"), "draft", "campaigns.template")
                | {"active": _is_below("campaigns.template", "template")},
            ),
            _folded(
                _("Content"),
                _link(_("Saved blocks"), "dashboard_customize", "campaigns.savedblock"),
                _link(_("Brands"), "palette", "campaigns.brand"),
                _link(_("Images"), "image", "campaigns.image"),
                _link(_("Senders"), "badge", "campaigns.sender"),
                _link(_("Seed lists"), "forward_to_inbox", "dispatch.seedlist"),
            ),
            _group(
                _("Audience"),
                _link(_("Contacts"), "contacts", "campaigns.contact") | {"active": _on_contacts},
                _link(_("Segments"), "filter_alt", "campaigns.segment"),
                _link(_("Tags"), "sell", "campaigns.tag"),
                _page(
                    _("Imports"),
                    "upload_file",
                    "admin:campaigns_contact_imports",
                    "campaigns.import_contact",
                )
                | {"active": _on_imports},
                _link(_("Sign-up forms"), "how_to_reg", "signup.signupform"),
                _link(_("Suppressions"), "block", "campaigns.suppression"),
            ),
            _folded(
                _("Data"),
                _link(_("Attributes"), "tune", "campaigns.attribute"),
                _link(_("Sign-ups"), "fact_check", "signup.signup"),
                _link(_("Work"), "sync", "campaigns.operation"),
                _page(_("Export or erase"), "person_off", "privacy", "campaigns.export_address"),
            ),
            _group(
                _("Delivery"),
                _link(_("Email services"), "dns", "dispatch.emailservice")
                | {"active": _is_below("dispatch.emailservice", "")},
                _page(_("Monitor"), "monitor_heart", "monitor", "campaigns.see_everything"),
            ),
            _folded(
                _("Logs"),
                _link(_("Attempts"), "receipt_long", "dispatch.attempt"),
                _link(_("Events"), "mark_email_read", "tracking.event"),
                _link(_("Rejected requests"), "gpp_bad", "tracking.rejectedrequests"),
            ),
            _folded(
                _("Staff"),
                _link(_("History"), "history", "admin.logentry", EVERYBODY),
                _link(_("Users"), "person", "auth.user"),
                _link(_("Roles"), "group", "auth.group"),
                _link(_("Teams"), "diversity_3", "access.team"),
                _link(_("Sign-ins"), "login", "signin.signin"),
            ),
            {
                "separator": True,
                "items": [_page(_("Help"), "help", "help", EVERYBODY)],
            },
        ],
    },
}
