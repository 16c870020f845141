"""Email services: set up and watched. What staff do with one is in `actions`."""

from __future__ import annotations

import functools
import zoneinfo
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import BooleanRadioFilter

from access.ownership import SEE_EVERYTHING
from admin_kit.base import WithPanel, visible_rows
from admin_kit.confirmation import page, say
from admin_kit.lists import ChangeList
from admin_kit.owners import OwnerFilter
from admin_kit.typed import SearchableSelect, button, label
from admin_kit.words.listing import listed
from admin_kit.words.numbers import number
from campaigns.admin import uses
from campaigns.admin.changes import ExplainedChanges
from dispatch.admin.services import domain_state, state
from dispatch.admin.services.bounce_mailbox import MailboxActions
from dispatch.admin.services.form import PREFIX, form_for, settings_fields, stored_provider
from dispatch.admin.services.history import history_of
from dispatch.admin.services.where import settings_link
from dispatch.domains import checking
from dispatch.encryption import CredentialsError, decrypt
from dispatch.errors import ServiceError
from dispatch.models import Attempt, EmailService, Turn
from dispatch.pace import services
from dispatch.providers import get_provider, provider_choices
from dispatch.providers.base import Provider
from dispatch.providers.webhooks import takes_webhooks, webhook_url
from signin.session.confirming import confirmed_lately

GENERAL = ("name", "domain", "dkim_selector", "enabled", "users")
LIMITS = ("sending_interval", "daily_quota", "quota_reset_time", "quota_time_zone")
RARE_LIMITS = ("burst", "max_connections")
RARE_SETTINGS = {
    PREFIX + name
    for name in (
        "timeout",
        "reply_timeout",
        "ehlo_name",
        "messages_per_connection",
        "largest_megabytes",
        "ca_certificates",
        "api_url",
    )
}
"""What works as it is nearly everywhere: folded, so that the rest is seen."""


class ReservedFilter(OwnerFilter):
    title = _("reserved for")

    def owned(self, rows: QuerySet[Any], owner_id: int) -> QuerySet[Any]:
        return rows.filter(users=owner_id)


class ServiceList(ChangeList):
    """Why a service is not ready has a column while one of the page is not."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if not any(state.state_of(service)[1] for service in self.result_list):
            self.list_display = [each for each in self.list_display if each != "why"]


@admin.register(EmailService)
class EmailServiceAdmin(ExplainedChanges, MailboxActions, WithPanel):
    hidden_changes = (PREFIX,)  # nor are they shown to all who read the history
    list_display = ("name", "domain", "state_label", "why", "quota", "rate", "pace_text")
    list_filter = (("enabled", BooleanRadioFilter), ReservedFilter)
    search_fields = ("name", "domain")
    search_help_text = _("Part of a name or a domain")
    sortable_by = ("name", "domain")
    searchable_fields = ("users",)  # also for who may not see accounts
    readonly_fields = ("webhook_address",)
    actions = None
    actions_detail = (
        {
            "title": _("Test"),
            "icon": "science",
            "items": [
                "test_connection",
                "send_test_mail",
                "test_bounce_mailbox",
                "check_domain",
            ],
        },
        "change_provider",
        "renew_webhook",
        "bounce_mailbox",
        "unfreeze",
        "freeze",
    )
    change_form_outer_before_template = "admin/dispatch/emailservice/before_form.html"

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ServiceList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        visible = visible_rows(super().get_queryset(request), request.user)
        return state.with_state(visible, request.user)

    def uses_of(self, objects: Sequence[EmailService], request: HttpRequest) -> list[str]:
        """What has sent anything is part of the proof: it is switched off instead. A task that
        names no other service could use all of its owner's.
        """
        lines = uses.by_tasks(objects, request.user, "services", statuses=uses.UNDER_WAY)
        return [*lines, *(f"“{each}” {PROOF}" for each in objects if not _is_unused(each))]

    # The form

    def provider_of(self, request: HttpRequest, service: EmailService | None) -> Provider | None:
        """The provider whose settings are shown; None when staff have yet to choose a known one."""
        asked = request.GET.get("provider", "")
        if asked and asked not in dict(provider_choices()):
            asked = ""
        try:
            return stored_provider(service, asked)
        except ServiceError:
            return None

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "quota_time_zone":
            field.widget = SearchableSelect(choices=[(name, name) for name in time_zones()])
        return field

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        provider = self.provider_of(request, obj)
        if provider is not None:
            kwargs["form"] = form_for(provider, confirmed=confirmed_lately(request))
        kwargs["fields"] = [*GENERAL, *LIMITS, *RARE_LIMITS]
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        provider = self.provider_of(request, obj)
        general = GENERAL if self._may_see_users(request, obj) else GENERAL[:-1]
        shown: list[tuple[str | None, dict[str, Any]]] = [(None, {"fields": general})]
        rare: list[str] = []
        if provider is not None and self._may_save(request, obj):
            address = ["webhook_address"] if obj is not None and takes_webhooks(obj) else []
            settings = settings_fields(provider)
            rare = [name for name in settings if name in RARE_SETTINGS]
            usual = [name for name in settings if name not in RARE_SETTINGS]
            shown.append(
                (
                    gettext(provider.label),
                    {
                        "fields": [*address, *usual],
                        "description": settings_link(provider.name),
                    },
                )
            )
        return [
            *shown,
            (gettext("Pace and quota"), {"fields": LIMITS}),
            (gettext("Rarely changed"), {"fields": [*rare, *RARE_LIMITS], "classes": ["collapse"]}),
        ]

    def _may_see_users(self, request: HttpRequest, obj: Any) -> bool:
        return self._may_save(request, obj) or request.user.has_perm(SEE_EVERYTHING)

    def _may_save(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, obj)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        provider = self.provider_of(request, None)
        if provider is None:
            if self.has_add_permission(request):
                return self._choose_provider(request, self.url("add"), self.url("changelist"))
            return super().add_view(request, *args, **kwargs)
        heading = gettext("New service: %(provider)s") % {"provider": gettext(provider.label)}
        kwargs["extra_context"] = {**(kwargs.get("extra_context") or {}), "heading": heading}
        return super().add_view(request, *args, **kwargs)

    def _choose_provider(self, request: HttpRequest, form_url: str, back_url: str) -> HttpResponse:
        return page(
            request,
            self,
            "admin/dispatch/emailservice/choose_provider.html",
            title=gettext("Which provider?"),
            providers=provider_choices(),
            form_url=form_url,
            back_url=back_url,
        )

    @button(_("Provider"), "provider", icon="swap_horiz", permissions=["change"])
    def change_provider(self, request: HttpRequest, object_id: str) -> HttpResponse:
        change_url = self.url("change", self.visible(request, object_id).pk)
        return self._choose_provider(request, change_url, change_url)

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        if getattr(form, "unreadable", ""):
            say(
                request,
                gettext("The credentials were entered anew: the old ones could not be read."),
            )
        return super().save_form(request, form, change)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Looks the domain up anew after every change."""
        services.save(obj)
        transaction.on_commit(partial(checking.ask, obj.pk))

    # How it is doing

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.state_view)
        name = "dispatch_emailservice_state"
        return [path("<path:object_id>/state/", view, name=name), *super().get_urls()]

    def panel_of(self, request: HttpRequest, row: EmailService) -> dict[str, Any]:
        word, why = state.state_of(row)
        report = domain_state.report_of(row)
        query = urlencode({"service": str(row.pk)})
        provider = self.provider_of(request, row)
        return {
            "facts": [
                (gettext("Domain"), row.domain),
                (gettext("Provider"), gettext(provider.label) if provider else row.provider),
            ],
            "service_history": partial(history_of, row),
            "service_state": {
                "word": word,
                "colour": state.STATE_LABELS[word],
                "why": why,
                "figures": state.figures_of(row),
                "account": state.account_of(row),
                "domain": domain_state.summary(row, report),
                "checks": domain_state.checks(row, report),
                "url": self.url("state", row.pk),
                "test_url": self.url("test_connection", row.pk),
                "check_url": self.url("check_domain", row.pk),
                "attempts_url": f"{reverse('admin:dispatch_attempt_changelist')}?{query}",
            },
        }

    def state_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The part of the service's page that refreshes itself."""
        panel = self.panel_of(request, self.visible(request, object_id))
        return render(request, "admin/dispatch/emailservice/state.html", panel)

    @label(_("state"), state.STATE_LABELS)
    def state_label(self, service: EmailService) -> str:
        return state.state_of(service)[0]

    @admin.display(description=_("until when, or why"))
    def why(self, service: EmailService) -> str:
        return state.state_of(service)[1] or "–"

    @admin.display(description=_("quota used"))
    def quota(self, service: EmailService) -> str:
        return state.quota_of(service)

    @admin.display(description=_("sent in the last minute"))
    def rate(self, service: Any) -> str:
        return number(service.sent_last_minute)

    @admin.display(description=_("pace"), ordering="sending_interval")
    def pace_text(self, service: EmailService) -> str:
        return state.pace_of(service)

    @admin.display(description=_("webhook address"))
    def webhook_address(self, service: EmailService) -> str:
        """With its secret part: only for users who may change the service."""
        try:
            address = webhook_url(service)
        except CredentialsError:
            return str(UNREADABLE_ADDRESS)
        return format_html(
            '<input type="text" readonly value="{}" size="100" class="w-full bg-transparent" '
            'id="webhook-address" aria-label="{}"><br>{} {} {}',
            address,
            gettext("Webhook address"),
            copy_button("webhook-address"),
            missing_secrets(service),
            gettext(
                "Enter it at the provider, so that it tells what became of the messages. It is a "
                "secret of this service: share it with no one else."
            ),
        )


@functools.cache
def time_zones() -> list[str]:
    """The names of all time zones, "UTC" first, without what is no place."""
    places = {name for name in zoneinfo.available_timezones() if "/" in name}
    return ["UTC", *sorted(name for name in places if not name.startswith(("Etc/", "SystemV/")))]


def copy_button(element: str) -> str:
    """What copy.js makes copy the text of an element."""
    return format_html(
        '<button type="button" class="cursor-pointer edm-link font-semibold" data-copy="{}" '
        'data-copied="{}">{}</button>',
        element,
        gettext("Copied"),
        gettext("Copy"),
    )


UNREADABLE_ADDRESS = _(
    "The address cannot be read with the keys in CREDENTIALS_KEYS. Add the key that it was "
    "encrypted with to their end, or renew the address and enter the new one at the provider."
)


def missing_secrets(service: EmailService) -> str:
    """What keeps the service from taking events, in words; "" when nothing does."""
    try:
        missing = get_provider(service.provider).missing_webhook_secrets(
            decrypt(service.credentials)
        )
    except ServiceError:
        return ""
    return (
        gettext("No events are taken before this is entered: %(missing)s.")
        % {"missing": listed(missing)}
        if missing
        else ""
    )


PROOF = _("has sent messages: it belongs to their proof. Take away “Enabled” instead.")


def _is_unused(service: EmailService) -> bool:
    """Whether it never got anything to send."""
    served = (Turn.objects.filter(service=service.pk), Attempt.objects.filter(service=service.pk))
    return not any(rows.exists() for rows in served)
