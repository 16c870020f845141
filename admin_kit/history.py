"""The history: Django's log, written for actions outside of forms, and its page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from addressing.addresses import with_addresses_as_written
from admin_kit.base import LedgerAdmin, staff
from admin_kit.entries import visible_entries
from admin_kit.filters import TimeRangeFilter
from admin_kit.typed import DropdownFilter
from admin_kit.words.moments import to_the_second
from admin_kit.words.stored_texts import shown
from admin_kit.words.told_changes import told

APPS = ("campaigns", "dispatch", "signup", "auth")


def log_event(request: HttpRequest, model: type[Model], what: str, text: str) -> None:
    """An entry about no single row, such as an import."""
    LogEntry.objects.create(
        user_id=staff(request).pk,
        content_type=ContentType.objects.get_for_model(model),
        object_repr=what[:200],
        action_flag=ADDITION,
        change_message=text,
    )


def log_each(request: HttpRequest, rows: Iterable[Model], text: str) -> None:
    """An entry in the history of each row."""
    log_each_of(staff(request).pk, rows, text)


def log_each_of(user_id: int, rows: Iterable[Model], text: str) -> None:
    """The same, of what a user has asked for and the cluster does."""
    LogEntry.objects.bulk_create(
        (
            LogEntry(
                user_id=user_id,
                content_type=ContentType.objects.get_for_model(row),
                object_id=str(row.pk),
                object_repr=str(row)[:200],
                action_flag=CHANGE,
                change_message=text,
            )
            for row in rows
        ),
        batch_size=1000,
    )


class KindFilter(DropdownFilter):
    """By the model that an entry is about."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        kinds = ContentType.objects.filter(app_label__in=APPS).order_by("model")
        return [
            (str(kind.pk), str(model._meta.verbose_name))
            for kind in kinds
            if (model := kind.model_class()) and model in model_admin.admin_site._registry
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(content_type=value) if str(value).isdecimal() else queryset.none()


@admin.register(LogEntry)
class HistoryAdmin(LedgerAdmin):
    """Staff read their own actions; users who may see everything read all."""

    list_display = ("when", "user", "what", "row", "message")
    fields = list_display
    list_select_related = ("user", "content_type")
    list_filter = (KindFilter, ("action_time", TimeRangeFilter))
    sortable_by = ()
    search_fields = ("user__username", "object_repr")
    search_help_text = _("Part of a user name, or of what was changed")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return visible_entries(super().get_queryset(request), request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.admin_site.has_permission(request)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    @admin.display(description=_("when"))
    def when(self, entry: LogEntry) -> str:
        return to_the_second(entry.action_time)

    @admin.display(description=_("kind"))
    def what(self, entry: LogEntry) -> str:
        return entry.content_type.name if entry.content_type else "–"

    @admin.display(description=_("what"))
    def row(self, entry: LogEntry) -> str:
        what = with_addresses_as_written(shown(entry.object_repr))
        url = entry.get_admin_url() if entry.object_id and not entry.is_deletion() else None
        if not url:
            return what
        return format_html('<a href="{}" class="edm-link">{}</a>', url, what)

    @admin.display(description=_("what happened"))
    def message(self, entry: LogEntry) -> str:
        done = with_addresses_as_written(told(entry))
        return done or str(entry.get_action_flag_display())
