"""Read-only admin pages for events and rejected requests."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_replace
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter

from access.ownership import sees_everything
from addressing.addresses import as_stored, as_written
from admin_kit.base import LedgerAdmin, staff
from admin_kit.filters import TimeRangeFilter
from admin_kit.typed import label
from admin_kit.words.moments import to_the_minute
from admin_kit.words.numbers import number
from admin_kit.words.stored_texts import shown
from campaigns.admin import task_steps
from campaigns.admin.seeing import colour_scheme
from campaigns.admin.seeing.preview import MESSAGE_POLICY
from campaigns.models import Content, Task
from tracking import consent
from tracking.click_map import click_map_of, described
from tracking.event_kinds import EventKind
from tracking.feedback import feedback_of, has_clicks_of_no_link, links_of
from tracking.models import Event, EventState, RejectedRequests

task_steps.WARNERS.append(consent.warnings)

KIND_LABELS = {
    EventKind.ACCEPTED.label: "",
    EventKind.DEFERRED.label: "warning",
    EventKind.DELIVERED.label: "success",
    EventKind.OPENED.label: "success",
    EventKind.CLICKED.label: "success",
    EventKind.SOFT_BOUNCED.label: "warning",
    EventKind.HARD_BOUNCED.label: "danger",
    EventKind.REJECTED.label: "danger",
    EventKind.COMPLAINED.label: "danger",
    EventKind.UNSUBSCRIBED.label: "warning",
    EventKind.RESUBSCRIBED.label: "info",
    EventKind.PREFERENCES.label: "info",
}
SHOWN_IF_TOLD = ("by", "url", "told", "occurred_at", "times", "last_at", "noted")
ENDPOINTS = {
    "open": _("picture that records opens"),
    "click": _("links in messages"),
    "web view": _("message in the browser"),
    "unsubscribe": _("unsubscribing"),
    "preferences": _("preference page"),
    "sign-up": _("sign-up form"),
    "confirmation": _("confirming a sign-up"),
}
"""What counts are kept of, by their names in metrics."""
REASONS = {
    "token": _("a link that is damaged or made up"),
    "method": _("a request of another kind than the page takes"),
    "form": _("a form that cannot be read"),
    "limit": _("too many requests"),
    "honeypot": _("filled in what people do not see"),
    "mark": _("not sent from the form's own page"),
}
WEBHOOK = "webhook "


@admin.register(Event)
class EventAdmin(LedgerAdmin):
    list_display = ("address", "kind_label", "by", "received", "reported", "standing")
    list_display_links = ("address",)
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("actor", ChoicesDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("received_at", TimeRangeFilter),
    )
    sortable_by = ()
    search_fields = ("recipient",)
    search_help_text = _("The whole address of a recipient")
    fieldsets = (
        (None, {"fields": ("kind", *SHOWN_IF_TOLD, "message", "received_at", "reported")}),
        (
            _("Technical details"),
            {
                "classes": ("collapse",),
                "fields": (
                    "state",
                    "service_id",
                    "dedupe_key",
                    "message_id",
                    "provider_message_id",
                    "ip_address",
                    "user_agent",
                    "due_at",
                    "settled_at",
                    "raw",
                ),
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Events without a matched SubTask have no owner: only users who see everything see
        them."""
        events = super().get_queryset(request)
        if sees_everything(request.user):
            return events
        # By keys: what owners have, the planner does not know of few tasks.
        own = list(Task.objects.visible_to(request.user).order_by().values_list("pk", flat=True))
        return events.filter(state=EventState.APPLIED, subtask__task__in=own)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Owners see those alone that count."""
        columns = super().get_list_display(request)
        everything = sees_everything(request.user)
        return [name for name in columns if everything or name != "standing"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """The planner takes index event_recipient only when asked for the keys alone."""
        if "\x00" in search_term:
            return queryset.none(), False
        if not search_term:
            return queryset, False
        to_address = Event.objects.filter(recipient=as_stored(search_term.lower()))
        newest = to_address.order_by("-id").values_list("pk", flat=True)[:1000]
        return queryset.filter(pk__in=list(newest)), False

    def get_fieldsets(self, request: HttpRequest, obj: Event | None = None) -> Any:
        """Without what is not told of this event; of one without a message, to which address."""
        (title, told), *rest = super().get_fieldsets(request, obj)
        names = [
            name for name in told["fields"] if name not in SHOWN_IF_TOLD or _is_told(obj, name)
        ]
        if obj is not None and obj.subtask_id is None:
            names[names.index("message")] = "address"
        return [(title, {**told, "fields": names}), *rest]

    @label(_("kind"), KIND_LABELS)
    def kind_label(self, event: Event) -> str:
        return str(event.get_kind_display())

    @admin.display(description=_("by"))
    def by(self, event: Event) -> str:
        return event.by or "–"

    @admin.display(description=_("received"))
    def received(self, event: Event) -> str:
        """With how often, of what happened more than once."""
        at = to_the_minute(event.received_at)
        return f"{at} (× {number(event.times)})" if event.times > 1 else at

    @admin.display(description=_("reported by"))
    def reported(self, event: Event) -> str:
        return event.reported_by

    @admin.display(description=_("not counted"))
    def standing(self, event: Event) -> str:
        """Of one that is not applied, why."""
        if event.state == EventState.APPLIED:
            return ""
        return shown(event.note) or str(event.get_state_display())

    @admin.display(description=_("note"))
    def noted(self, event: Event) -> str:
        return shown(event.note) or "–"

    @admin.display(description=_("detail"))
    def told(self, event: Event) -> str:
        return shown(event.detail) or "–"

    @admin.display(description=_("recipient"))
    def address(self, event: Event) -> str:
        """The link to the event: a provider may tell of none."""
        return as_written(event.recipient) or "–"

    @admin.display(description=_("message"))
    def message(self, event: Event) -> str:
        if event.subtask_id is None:
            return "–"
        url = reverse("admin:campaigns_subtask_change", args=[event.subtask_id])
        to = gettext("Message to %(address)s") % {"address": self.address(event)}
        return format_html('<a class="edm-link" href="{}">{}</a>', url, to)


def _is_told(event: Event | None, name: str) -> bool:
    """`times` only of what happened more than once."""
    found = {"told": "detail", "noted": "note"}.get(name, name)
    value = getattr(event, found, None)
    return value not in (None, "", 1)


@require_safe
def click_map(request: HttpRequest, task_id: int) -> HttpResponse:
    """To be wrapped in `admin_view`."""
    policed: Any = csp_replace(MESSAGE_POLICY)
    shown: HttpResponse = policed(_click_map)(request, task_id)
    return shown


def _click_map(request: HttpRequest, task_id: int) -> HttpResponse:
    user = staff(request)
    if not user.has_perm("campaigns.view_task"):
        raise PermissionDenied
    task = get_object_or_404(Task.objects.visible_to(user), pk=task_id)
    contents: list[Content] = list(Content.objects.filter(task=task).order_by("pk"))
    if not contents:
        raise Http404(gettext("It was not launched."))
    asked = request.GET.get("version")
    chosen = next((each for each in contents if str(each.pk) == asked), contents[0])
    shown = click_map_of(chosen)
    context = {
        **admin.site.each_context(request),
        "title": gettext("Clicks on the message of “%(campaign)s”") % {"campaign": task},
        "versions": [(each.pk, described(each)) for each in contents],
        "version": chosen.pk,
        "shown": shown,
        "not_by_link": has_clicks_of_no_link(feedback_of(task.pk), links_of(task.pk)),
        "message": colour_scheme.as_seen(shown.html, scheme="light"),
        "back_url": reverse("admin:campaigns_task_change", args=[task.pk]),
    }
    return TemplateResponse(request, "admin/tracking/click_map.html", context)


@admin.register(RejectedRequests)
class RejectedRequestsAdmin(LedgerAdmin):
    """How many requests were rejected; what they were is not kept."""

    list_display = ("day", "at", "why", "count")
    fields = list_display
    sortable_by = ()
    ordering = ("-day", "endpoint", "reason")

    @admin.display(description=_("endpoint"))
    def at(self, row: RejectedRequests) -> str:
        provider = row.endpoint.removeprefix(WEBHOOK)
        if provider != row.endpoint:
            return gettext("webhook of %(provider)s") % {"provider": provider}
        return str(ENDPOINTS.get(row.endpoint) or shown(row.endpoint))

    @admin.display(description=_("reason"))
    def why(self, row: RejectedRequests) -> str:
        return str(REASONS.get(row.reason) or shown(row.reason))
