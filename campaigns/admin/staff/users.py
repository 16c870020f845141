"""Admin pages for staff accounts and groups."""

from __future__ import annotations

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.admin import RelatedFieldListFilter
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, gettext_noop, pgettext_lazy
from django.utils.translation import gettext as _
from unfold.forms import AdminPasswordChangeForm

from access.ownership import is_team
from admin_kit.base import SafeAdmin, Visitor, staff
from admin_kit.confirmation import Question, ask, is_confirmed, say
from admin_kit.typed import UserAdmin, button
from admin_kit.words.moments import to_the_minute
from campaigns.admin import uses
from campaigns.admin.staff import inviting, roles
from campaigns.admin.staff.user_forms import NewStaffForm, StaffForm, teams_open_to
from campaigns.db.keys import is_key
from campaigns.wording import listed
from signin import invitations
from signin.models import Invitation
from signin.session import second_factor, sessions
from system_mail import sending

admin.site.unregister(User)


class RoleFilter(RelatedFieldListFilter):
    """Roles by the names that the reader knows them by."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[Any]:
        return [(group.pk, roles.named(group)) for group in Group.objects.order_by("name")]


@admin.register(User)
class StaffAdmin(UserAdmin, SafeAdmin):
    form = StaffForm
    add_form = NewStaffForm
    change_password_form = AdminPasswordChangeForm
    filter_horizontal = ()
    searchable_fields = ("user_permissions",)
    list_display = ("username", "email", "name", "role", "is_active", "last_seen")
    list_filter = (("groups", RoleFilter), "is_active", "is_staff", "is_superuser")
    search_help_text = gettext_lazy("Part of a name or an email address")
    empty_value_display = "–"
    add_form_template = "admin/change_form.html"
    """Django's own promises more options after saving; here all are there."""
    actions_detail = ("invite", "take_invitation_back", "reset_second_factor")
    change_form_outer_before_template = "admin/auth/user/before_form.html"
    change_form_outer_after_template = "admin/auth/user/roles.html"
    add_fieldsets = (
        (None, {"fields": ("email", "first_name", "last_name", "username", "groups", "teams")}),
    )
    fieldsets = (
        (None, {"fields": ("username", "first_name", "last_name", "email", "password")}),
        (
            gettext_lazy("What the user may"),
            {"fields": ("groups", "teams", "is_active")},
        ),
        (
            gettext_lazy("For experts"),
            {
                "classes": ["collapse"],
                "fields": ("is_staff", "is_superuser", "user_permissions"),
            },
        ),
    )

    # Buttons

    @button(
        gettext_lazy("Send a link to set a password"),
        "invite",
        icon="forward_to_inbox",
        permissions=["invite"],
    )
    def invite(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self._account(request, object_id)
        back_url = self.url("change", user.pk)
        if not is_confirmed(request):
            question = inviting.question(user)
            return ask(request, self, question, original=user, back_url=back_url)
        return inviting.invite(request, user, self, back_url)

    @button(
        gettext_lazy("Take the link back"),
        "take-back",
        icon="link_off",
        permissions=["take_invitation_back"],
    )
    def take_invitation_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        user = self._account(request, object_id)
        back_url = self.url("change", user.pk)
        if not is_confirmed(request):
            question = Question(
                _("Take back the link of “%(user)s”?") % {"user": user},
                _("It sets no password any more. You can send another one at any time."),
                _("Take back"),
                danger=True,
            )
            return ask(request, self, question, original=user, back_url=back_url)
        if invitations.take_back(user, staff(request)):
            say(request, _("The link of “%(user)s” works no more.") % {"user": user})
        else:
            say(request, _("There is no open link of “%(user)s”.") % {"user": user}, error=True)
        return HttpResponseRedirect(back_url)

    @button(
        gettext_lazy("Reset second factor"),
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
        second_factor.log(
            staff(request), user, gettext_noop("Reset the second factor, ended all sessions.")
        )
        say(
            request,
            gettext("“%(user)s” has no second factor now and is signed out everywhere.")
            % {"user": user},
        )
        return HttpResponseRedirect(back_url)

    def _account(self, request: HttpRequest, object_id: str) -> User:
        """One that can sign in and that this user may change."""
        user: User = self.visible(request, object_id)
        if not self.has_change_permission(request, user):
            raise PermissionDenied
        if not (user.is_active and user.is_staff):
            raise Http404(gettext("This account may not sign in."))
        return user

    def has_invite_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        user = self._row(object_id)
        return self.has_change_permission(request, user) and (
            user is None or (user.is_active and user.is_staff)
        )

    def has_take_invitation_back_permission(
        self, request: HttpRequest, object_id: Any = None
    ) -> bool:
        user = self._row(object_id)
        return self.has_invite_permission(request, object_id) and (
            user is None or request.method == "POST" or invitations.of(user) is not None
        )

    def has_reset_second_factor_permission(
        self, request: HttpRequest, object_id: Any = None
    ) -> bool:
        return staff(request).is_superuser

    def _row(self, object_id: Any) -> User | None:
        return User.objects.filter(pk=object_id).first() if is_key(str(object_id)) else None

    # Who may do what

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Not of accounts with more rights than the own ones."""
        allowed = super().has_change_permission(request, obj)
        return allowed and (obj is None or roles.may_act_on(staff(request), obj))

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        actor, allowed = staff(request), super().has_delete_permission(request, obj)
        return allowed and (obj is None or (obj != actor and roles.may_act_on(actor, obj)))

    def get_fieldsets(self, request: HttpRequest, obj: User | None = None) -> Any:
        """What this user has to give. Single permissions, and every right at once, are for
        superusers."""
        actor = staff(request)
        left_out = set() if actor.is_superuser else {"is_superuser", "user_permissions"}
        left_out |= set() if teams_open_to(actor).exists() else {"teams"}
        fieldsets = [
            (title, {**options, "fields": [f for f in options["fields"] if f not in left_out]})
            for title, options in super().get_fieldsets(request, obj)
        ]
        return [each for each in fieldsets if each[1]["fields"]]

    def get_form(
        self, request: HttpRequest, obj: User | None = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"actor": staff(request)})

    # The page

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """A new account is invited when it is saved for good: the mail server may take its time."""
        context = {**(extra_context or {}), **self._panel(object_id)}
        response = super().changeform_view(request, object_id, form_url, context)
        added: User | None = getattr(request, "added_user", None)
        if added is None or response.status_code != HTTPStatus.FOUND:
            return response
        shown = inviting.invite(request, added, self, self.url("change", added.pk))
        return shown if shown.status_code == HTTPStatus.OK else response

    def _panel(self, object_id: str | None) -> dict[str, Any]:
        user = self._row(object_id) if object_id else None
        invitation = invitations.of(user) if user else None
        return {
            "roles": roles.table(),
            "invitation": inviting.told(invitation) if invitation else "",
            "is_new": not object_id,
            "no_mail": not sending.is_configured(),
            "days": invitations.VALID_DAYS,
        }

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """Who is switched off is signed out at once, and for good: sessions do not come to life
        again with the account."""
        super().save_model(request, obj, form, change)
        if change and not (obj.is_active and obj.is_staff):
            sessions.end_all(obj)
            Invitation.objects.filter(user=obj).delete()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        form.save_teams(request)
        if not change:
            request.added_user = form.instance  # type: ignore[attr-defined]

    # The list

    @admin.display(description=pgettext_lazy("of a person", "name"))
    def name(self, user: User) -> str:
        return user.get_full_name() or "–"

    @admin.display(description=gettext_lazy("role"))
    def role(self, user: User) -> str:
        if user.is_superuser:
            return _("superuser")
        return listed(map(roles.named, user.groups.all())) or "–"

    @admin.display(description=gettext_lazy("signed in last"))
    def last_seen(self, user: User) -> str:
        invitation: Invitation | None = getattr(user, "invitation", None)
        if user.last_login or invitation is None:
            return to_the_minute(user.last_login)
        if invitation.expires_at < timezone.now():
            return gettext("never: the link of the invitation has expired")
        return gettext("not yet: invited")

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        """Without the accounts of teams, which have pages of their own."""
        accounts: QuerySet[User] = super().get_queryset(request)
        return accounts.filter(team=None).select_related("invitation").prefetch_related("groups")

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
    kinds = listed(second_factor.kinds_of(user)) or gettext("none")
    return Question(
        gettext("Reset the second factor of “%(user)s”?") % {"user": user},
        gettext(
            "Make sure that it is really this user who asks: call back by a number that you know. "
            "Apps, keys and recovery codes stop working, and all sessions of the user end. Until a "
            "new one is set up, the password alone is enough."
        ),
        gettext("Reset"),
        details=[(gettext("Set up now"), kinds)],
        danger=True,
    )


def owned_by(user: User, asking: Visitor) -> list[str]:
    """What an account owns, of what staff know, and the services reserved for it. What else there
    is, such as a notice or what helps to search, goes with the account."""
    owned = (
        model._default_manager.filter(owner=user.pk)
        for model in apps.get_models()
        if any(field.name == "owner" for field in model._meta.fields)
        and admin.site.is_registered(model)
    )
    # A service with an empty list of users would be open to all users.
    services = apps.get_model("dispatch", "EmailService").objects.filter(users=user.pk)
    return [line for rows in (*owned, services) for line in uses.by_rows(rows, asking)]


def _uses_of(user: User, asking: Visitor) -> list[str]:
    lines = owned_by(user, asking)
    if LogEntry.objects.filter(user=user.pk).exists():
        lines.append(gettext("The history has entries of this user."))
    return (
        [*lines, gettext("Switch “May sign in” off instead: then this user cannot sign in.")]
        if lines
        else []
    )
