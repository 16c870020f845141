"""Rows and pages of lists: no counting of big tables, no crash on invalid query strings."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR
from django.db import DataError, transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst

from admin_kit.typed import ChangeList as BaseChangeList
from admin_kit.typed import InfinitePages

MAX_PAGES = 500


class UncountedPaginator(InfinitePages):
    """Pages without a total. Far pages, which cost as much as all pages before them, are not
    offered."""

    template_name = "unfold/helpers/pagination_infinite.html"

    @property
    def count(self) -> int:
        return self.per_page * MAX_PAGES


class ChangeList(BaseChangeList):
    """A change list whose query strings cannot break it: what the database refuses is an incorrect
    lookup, and leads back to the plain list. It is ordered by columns that may be sorted by alone;
    Django takes any column that is shown.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = capfirst(str(self.opts.verbose_name_plural))  # Django's: "Select … to change"

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        asked = self.params.pop(ORDER_VAR, "").split(".")
        if sortable := [part for part in asked if self._may_sort(part)]:
            self.params[ORDER_VAR] = ".".join(sortable)
        return list(super().get_ordering(request, queryset))

    def _may_sort(self, part: str) -> bool:
        """Of the number of a column, with a minus before it for descending."""
        try:
            return self.list_display[int(part.removeprefix("-"))] in (self.sortable_by or ())
        except (ValueError, IndexError):
            return False

    def get_results(self, request: HttpRequest) -> None:
        try:
            with transaction.atomic():
                super().get_results(request)
                self.result_list = list(self.result_list)
        except (DataError, ValueError, OverflowError) as error:
            raise IncorrectLookupParameters from error
        # Else unfold's heading gives the number of results, which an uncounted list does not know.
        self.full_result_count = self.result_count
