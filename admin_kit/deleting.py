"""Deletion of rows that may be in use: such a row stays, and the page says where it is used."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any

from django.contrib import messages
from django.db import IntegrityError, connection, transaction
from django.db.models import ProtectedError
from django.http import HttpRequest
from django.utils.translation import gettext

from admin_kit.typed import ModelAdmin


class ExplainedDeletion(ModelAdmin):
    """For one row and for many at once."""

    delete_confirmation_template = "admin/delete_explained.html"
    delete_selected_confirmation_template = "admin/delete_selected_explained.html"

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        """Why some of these rows cannot be deleted: where they are used, a line each."""
        return []

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[Any, ...]:
        """For a row in use, related rows are not searched. Before a deletion the rows are locked:
        what would come to refer to one of them from now on waits, and then finds it gone."""
        objects = list(objs)
        if request.method == "POST" and connection.in_atomic_block:
            keys = [row.pk for row in objects]
            list(self.model._base_manager.filter(pk__in=keys).order_by("pk").select_for_update())
        if uses := self.uses_of(objects, request):
            return [], {}, set(), uses
        return self.deletion_of(objects, request)

    def deletion_of(self, objects: Sequence[Any], request: HttpRequest) -> tuple[Any, ...]:
        """As `get_deleted_objects`, of rows that are not in use: what the page says of each, and
        how much goes with them. Tables that staff see no page of are not counted."""
        _listed, counts, missing, protected = super().get_deleted_objects(objects, request)
        others = {str(each._meta.verbose_name_plural) for each in self.admin_site._registry}
        others.discard(str(self.opts.verbose_name_plural))
        told = {name: number for name, number in counts.items() if str(name) in others}
        return [str(row) for row in objects], told, missing, protected

    def render_delete_form(self, request: HttpRequest, context: dict[str, Any]) -> Any:
        response = super().render_delete_form(request, context)
        if request.method == "POST" and context["protected"]:
            response.status_code = 403
        return response

    def delete_view(self, *args: Any, **kwargs: Any) -> Any:
        """A row that came into use after the check is checked again, and then explained."""
        try:
            return super().delete_view(*args, **kwargs)
        except IntegrityError:  # ProtectedError is one
            return super().delete_view(*args, **kwargs)

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """A deletion is logged before it is tried, so both are one transaction."""
        is_deletion = request.POST.get("action") == "delete_selected"
        try:
            with transaction.atomic() if is_deletion else nullcontext():
                return super().response_action(request, *args, **kwargs)
        except ProtectedError:
            messages.error(
                request, gettext("One of them has just come into use. Nothing was deleted.")
            )
            return None
