"""Admin pages for operations: the list of work, one with its progress, its files, its end."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.enums import ActionVariant

from admin_kit.base import LedgerAdmin, OwnedAdmin, WithPanel
from admin_kit.confirmation import Question, ask, is_confirmed, say
from admin_kit.history import log_event
from admin_kit.typed import button, label
from admin_kit.words.moments import to_the_minute
from campaigns.admin.operations.downloads import as_download
from campaigns.admin.operations.work import (
    COLOURS,
    Work,
    has_right_to_cancel,
    kept_files,
    may_cancel,
    may_download,
)
from campaigns.models import Operation
from campaigns.operations import running

EXPIRED = _("This file has expired and was deleted. Export again, or have the work done once more.")


@admin.register(Operation)
class OperationAdmin(WithPanel, LedgerAdmin, OwnedAdmin):
    nothing_yet = _(
        "Imports, exports and changes of many contacts stand here while they run and afterwards."
    )
    list_display = ("title", "kind", "state_label", "rows", "requested_by", "created")
    list_display_links = ("title",)
    list_filter = (("kind", ChoicesDropdownFilter), ("state", ChoicesDropdownFilter))
    list_select_related = ("owner", "requested_by")
    sortable_by = ()
    search_fields = ("title",)
    search_help_text = _("Part of what it is about")
    fields = ("kind", "title", "owner", "requested_by", "created", "started", "finished")
    readonly_fields = ("created", "started", "finished")
    actions = None
    actions_detail = ("cancel",)
    change_form_outer_before_template = "admin/campaigns/operations/panel.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Also what the user started on the rows of others, but of no team that the user has
        left."""
        started = Q(requested_by=request.user.pk, owner__team=None)
        visible = super().get_queryset(request).values("pk")
        return Operation.objects.filter(started | Q(pk__in=visible)).order_by("-pk")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Work that a user started is shown to that user also without a permission."""
        started = obj is not None and obj.requested_by_id == request.user.pk
        return started or super().has_view_permission(request, obj)

    def panel_of(self, request: HttpRequest, row: Operation) -> dict[str, Any]:
        return {"work": Work(row, request.user)}

    def get_urls(self) -> list[URLPattern]:
        def own(route: str, view: Any, name: str) -> URLPattern:
            wrapped: Any = self.admin_site.admin_view(view)
            name = f"campaigns_operation_{name}"
            made: URLPattern = path(f"<path:object_id>/{route}", wrapped, name=name)
            return made

        return [
            own("progress/", self.progress_view, "progress"),
            own("files/<str:role>/", self.file_view, "file"),
            *super().get_urls(),
        ]

    def progress_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The self-refreshing part of a page."""
        work = Work(self.visible(request, object_id), request.user)
        response = render(request, "admin/campaigns/operations/progress.html", {"work": work})
        if not work.refreshes and request.GET.get("state", work.operation.state) != (
            work.operation.state
        ):
            response["HX-Refresh"] = "true"  # the page's buttons have changed
        return response

    def file_view(self, request: HttpRequest, object_id: str, role: str) -> Any:
        """Stream a file. Only those have it for whom it was made: others who may see everything
        see the work, and no rows that may have been chosen by more than they may see."""
        operation: Operation = self.visible(request, object_id)
        if operation.is_open or not may_download(operation, request.user) or "\x00" in role:
            raise Http404(gettext("There is no such file, or it was made for others."))
        file = kept_files(operation).filter(role=role).first()
        if file is None:
            say(request, str(EXPIRED), error=True)
            return HttpResponseRedirect(self.url("change", operation.pk))
        log_event(
            request,
            Operation,
            str(operation),
            gettext_noop("Downloaded “%(name)s”.") % {"name": file.name},
        )
        return as_download(file)

    def has_cancel_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        operation = self.get_object(request, str(object_id))
        return operation is not None and has_right_to_cancel(operation, request.user)

    @button(
        _("Cancel"), "cancel", icon="cancel", variant=ActionVariant.DANGER, permissions=["cancel"]
    )
    def cancel(self, request: HttpRequest, object_id: str) -> HttpResponse:
        operation: Operation = self.visible(request, object_id)
        back_url = self.url("change", operation.pk)
        if not may_cancel(operation, request.user):
            say(
                request,
                gettext("“%(operation)s” has ended already.") % {"operation": operation},
                error=True,
            )
        elif not is_confirmed(request):
            question = Question(
                gettext("Cancel “%(operation)s”?") % {"operation": operation},
                gettext(
                    "It ends after the rows that are being worked on. What was done until then "
                    "stays."
                ),
                gettext("Cancel the work"),
                danger=True,
            )
            return ask(request, self, question, original=operation, back_url=back_url)
        elif running.cancel(operation):
            self.log_change(request, operation, gettext_noop("Cancelled."))
            say(request, gettext("“%(operation)s” is cancelled.") % {"operation": operation})
        else:
            say(
                request,
                gettext("“%(operation)s” has ended already.") % {"operation": operation},
                error=True,
            )
        return HttpResponseRedirect(back_url)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        operation = self.get_object(request, str(object_id))
        may = operation is not None and may_cancel(operation, request.user)
        return super().get_actions_detail(request, object_id) if may else []

    @label(_("state"), COLOURS)
    def state_label(self, operation: Operation) -> str:
        return str(operation.get_state_display())

    @admin.display(description=_("rows"))
    def rows(self, operation: Operation) -> str:
        return Work(operation, operation.owner).rows or "–"

    @admin.display(description=_("asked for at"))
    def created(self, operation: Operation) -> str:
        return to_the_minute(operation.created_at)

    @admin.display(description=_("begun at"))
    def started(self, operation: Operation) -> str:
        return to_the_minute(operation.started_at)

    @admin.display(description=_("ended at"))
    def finished(self, operation: Operation) -> str:
        return to_the_minute(operation.finished_at)
