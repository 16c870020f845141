"""Staff accounts and groups, in the look of the rest."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from campaigns.admin.base import SafeAdmin
from campaigns.admin.typed import UserAdmin
from campaigns.models import Contact, Sender, Tag, Task, Template

OWNED = (Task, Template, Sender, Contact, Tag)

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class StaffAdmin(UserAdmin, SafeAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    filter_horizontal = ()
    searchable_fields = ("groups", "user_permissions")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Accounts are not deleted many at once."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever has done or owns anything stays, switched off: contacts and history would go
        with the account.
        """
        return super().has_delete_permission(request, obj) and (obj is None or _is_unused(obj))


def _is_unused(user: User) -> bool:
    if LogEntry.objects.filter(user=user.pk).exists():
        return False
    return not any(model._default_manager.filter(owner=user.pk).exists() for model in OWNED)


@admin.register(Group)
class StaffGroupAdmin(GroupAdmin, SafeAdmin):
    filter_horizontal = ()
    searchable_fields = ("permissions",)
