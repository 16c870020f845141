from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from admin_kit.typed import DropdownFilter
from dispatch.models import EmailService


class ServiceFilter(DropdownFilter):
    """By the email services that the user may see."""

    title = _("email service")
    parameter_name = "service"

    def has_output(self) -> bool:
        return True

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        services = EmailService.objects.visible_to(request.user).values_list("pk", "name")
        return [(str(pk), name) for pk, name in services.order_by("name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        return queryset.filter(service=value) if str(value).isdecimal() else queryset.none()
