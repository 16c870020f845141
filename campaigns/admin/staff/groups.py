"""Admin pages for roles, which Django calls groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, User
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from admin_kit.base import SafeAdmin, staff
from admin_kit.typed import ModelForm
from campaigns.admin import uses
from campaigns.admin.staff import permissions, roles

admin.site.unregister(Group)


class RoleForm(ModelForm):
    """A role of ours has its name in the reader's language, and keeps it in English."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["name"] = roles.named(self.instance)

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        return self.instance.name if name == self.initial.get("name") else name


@admin.register(Group)
class StaffGroupAdmin(GroupAdmin, SafeAdmin):
    form = RoleForm
    nothing_yet = _("A role says what its members may see and do.")
    list_display = ("role", "members")
    sortable_by = ()
    search_help_text = _("Part of a name")
    filter_horizontal = ()

    @admin.display(description=_("role"))
    def role(self, group: Group) -> str:
        return roles.named(group)

    @admin.display(description=_("members"))
    def members(self, group: Any) -> SafeString:
        """Leads to them."""
        url = f"{reverse('admin:auth_user_changelist')}?groups__id__exact={group.pk}"
        return format_html('<a href="{}" class="edm-link">{}</a>', url, group.how_many)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Group]:
        groups: QuerySet[Group] = super().get_queryset(request)
        return groups.annotate(how_many=Count("user", filter=Q(user__team=None)))

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        found = super().get_object(request, object_id, from_field)
        if found is not None:
            found.shown_name = roles.named(found)
        return found

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        if (role := context.get("original")) is not None:
            context["subtitle"] = roles.named(role)
        return super().render_change_form(request, context, *args, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        """Not of groups with more rights than the own ones."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or roles.may_change_group(staff(request), obj))

    def has_delete_permission(self, request: HttpRequest, obj: Group | None = None) -> bool:
        allowed = super().has_delete_permission(request, obj)
        return allowed and (obj is None or roles.may_change_group(staff(request), obj))

    def get_form(
        self, request: HttpRequest, obj: Group | None = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        """A group gives its members no right that the user who makes it lacks."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if "permissions" in form.base_fields:
            form.base_fields["permissions"] = permissions.PermissionsField(
                permissions.offered(staff(request), obj),
                label=_("What its members may"),
                required=False,
            )
        return form

    def uses_of(self, objects: Sequence[Group], request: HttpRequest) -> list[str]:
        """Deleting the group would take its permissions from its members."""
        return uses.by_rows(User.objects.filter(groups__in=objects).distinct(), request.user)

    def deletion_of(self, objects: Sequence[Group], request: HttpRequest) -> tuple[Any, ...]:
        """Its permissions go with it: they are not listed one by one."""
        _listed, _counts, missing, protected = super().deletion_of(objects, request)
        return [roles.named(group) for group in objects], {}, missing, protected
