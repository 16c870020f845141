"""Admin pages for staff accounts and groups."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from access.ownership import is_team
from admin_kit.base import SafeAdmin, Visitor, staff
from admin_kit.confirmation import Question, ask, is_confirmed, say
from admin_kit.typed import UserAdmin, button
from campaigns.admin import uses
from campaigns.db.keys import is_key
from signin.session import second_factor

admin.site.unregister(User)
admin.site.unregister(Group)


@admin.register(User)
class StaffAdmin(UserAdmin, SafeAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    filter_horizontal = ()
    searchable_fields = ("groups", "user_permissions")
    actions_detail = ("reset_second_factor",)

    @button(
        "Reset second factor",
        "reset-second-factor",
        icon="phonelink_erase",
        permissions=["reset_second_factor"],
    )
    def reset_second_factor(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """For a user who has lost it. The password then suffices to sign in and set up another."""
        user = self.visible(request, object_id)
        if not self.has_reset_second_factor_permission(request):
            raise PermissionDenied
        back_url = self.url("change", user.pk)
        if not is_confirmed(request):
            return ask(request, self, _reset_question(user), original=user, back_url=back_url)
        second_factor.reset(user)
        second_factor.log(staff(request), user, "Reset the second factor, ended all sessions.")
        say(request, f"“{user}” has no second factor now and is signed out everywhere.")
        return HttpResponseRedirect(back_url)

    def has_reset_second_factor_permission(
        self, request: HttpRequest, object_id: Any = None
    ) -> bool:
        return staff(request).is_superuser

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Without the accounts of teams, which have pages of their own."""
        return super().get_queryset(request).filter(team=None)

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> Any:
        """Pages name the owner of a row, and lead here: of a team, on to the team."""
        if is_key(object_id) and is_team(int(object_id)):
            return HttpResponseRedirect(reverse("admin:access_team_change", args=[object_id]))
        return super().change_view(request, object_id, *args, **kwargs)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """No bulk deletion of accounts."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    def uses_of(self, objects: Sequence[User], request: HttpRequest) -> list[str]:
        """A user with history or owned rows is deactivated instead: deletion would cascade to
        contacts and history."""
        return [line for user in objects for line in _uses_of(user, request.user)]


def _reset_question(user: User) -> Question:
    kinds = ", ".join(second_factor.kinds_of(user)) or "none"
    return Question(
        f"Reset the second factor of “{user}”?",
        "Make sure that it is really this user who asks: call back by a number that you know. "
        "Apps, keys and recovery codes stop working, and all sessions of the user end. Until a new "
        "one is set up, the password alone is enough.",
        "Reset",
        details=[("Set up now", kinds)],
        danger=True,
    )


def owned_by(user: User, asking: Visitor) -> list[str]:
    """What an account owns, and the services reserved for it."""
    owned = (
        model._default_manager.filter(owner=user.pk)
        for model in apps.get_models()
        if any(field.name == "owner" for field in model._meta.fields)
    )
    # A service with an empty list of users would be open to all users.
    services = apps.get_model("dispatch", "EmailService").objects.filter(users=user.pk)
    return [line for rows in (*owned, services) for line in uses.by_rows(rows, asking)]


def _uses_of(user: User, asking: Visitor) -> list[str]:
    lines = owned_by(user, asking)
    if LogEntry.objects.filter(user=user.pk).exists():
        lines.append("The history has entries of this user.")
    return [*lines, "Take away “Active” instead: then this user cannot sign in."] if lines else []


@admin.register(Group)
class StaffGroupAdmin(GroupAdmin, SafeAdmin):
    filter_horizontal = ()
    searchable_fields = ("permissions",)

    def uses_of(self, objects: Sequence[Group], request: HttpRequest) -> list[str]:
        """Deleting the group would take its permissions from its members."""
        return uses.by_rows(User.objects.filter(groups__in=objects).distinct(), request.user)
