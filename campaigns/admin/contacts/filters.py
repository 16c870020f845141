"""The filters of the list of contacts. Each can be combined with the others and with a search."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import TextFilter as UnfoldTextFilter

from addressing.addresses import as_stored
from admin_kit.base import visible_rows
from admin_kit.filters import RelatedRowFilter
from admin_kit.typed import DropdownFilter
from admin_kit.words.moments import day
from campaigns import audience, contact_search
from campaigns.admin.contacts.columns import SEGMENT
from campaigns.contact_status import ContactStatus, condition_of
from campaigns.db.keys import is_key
from campaigns.models import Operation, OperationKind, Segment, Tag
from campaigns.segments import matching

MOST_IMPORTS = 50


class TagFilter(RelatedRowFilter):
    """Also contacts with a tag under the chosen one."""

    title = _("tag")

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        chosen = self.used_parameters.get(self.lookup_kwarg)
        key = chosen[0] if isinstance(chosen, list) else chosen
        if key in (None, ""):
            return queryset
        if not is_key(str(key)):
            raise IncorrectLookupParameters
        tag = _visible(Tag.objects.all(), request, str(key))
        return queryset.filter(audience.has_tag([tag.pk])) if tag else queryset.none()


class AppliedFilter(DropdownFilter):
    """Also filters while there is nothing to choose: Django would leave it out, and show all."""

    def has_output(self) -> bool:
        return True


class StatusFilter(DropdownFilter):
    title = _("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(value, str(label)) for value, label in ContactStatus.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        if value not in ContactStatus.values:
            return queryset.none()
        return queryset.filter(condition_of(value))


class SegmentFilter(AppliedFilter):
    title = _("segment")
    parameter_name = SEGMENT

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        segments = visible_rows(Segment.objects.all(), request.user)
        return [(str(key), name) for key, name in segments.values_list("pk", "name")[:200]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        segment = _visible(Segment.objects.all(), request, value)
        if segment is None:
            return queryset.none()
        return queryset.filter(pk__in=matching.contacts_of(segment).values("pk"))


class ImportFilter(AppliedFilter):
    title = _("import")
    parameter_name = "imported_by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        imports = visible_rows(Operation.objects.filter(kind=OperationKind.IMPORT), request.user)
        newest = imports.order_by("-pk").values_list("pk", "title", "created_at")[:MOST_IMPORTS]
        return [(str(key), f"{title}, {day(at)}") for key, title, at in newest]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        operation = _visible(Operation.objects.all(), request, value)
        return queryset.filter(imported_by=operation) if operation else queryset.none()


class DomainFilter(UnfoldTextFilter):  # type: ignore[misc]  # unfold is not typed
    """Of addresses at exactly this domain."""

    title = _("domain")
    parameter_name = "domain"

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        domain = str(self.value() or "").strip().lower().removeprefix("@")
        if not domain:
            return queryset
        if "\x00" in domain:
            return queryset.none()
        end = "@" + as_stored(domain)
        return contact_search.search(queryset, end, request.user).filter(email__endswith=end)


def _visible(rows: QuerySet[Any], request: HttpRequest, key: str) -> Any:
    """The row that a filter names, if this user may see it."""
    return visible_rows(rows, request.user).filter(pk=key).first() if is_key(key) else None
