"""The forms of an account: who it is, what it may, with whom it shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.hashers import is_password_usable
from django.contrib.auth.models import Group, Permission, User
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop
from unfold.forms import UnfoldReadOnlyPasswordHashWidget, UserChangeForm
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from access.models import Team
from access.ownership import sees_everything
from admin_kit.history import log_each
from admin_kit.typed import ModelForm, SearchableSelectMultiple
from campaigns.admin.staff import permissions, roles

if TYPE_CHECKING:
    from django.http import HttpRequest

    ChangeForm = forms.ModelForm[User]
    GroupChoice = forms.ModelMultipleChoiceField[Group]
    TeamChoice = forms.ModelMultipleChoiceField[Team]
else:
    ChangeForm = UserChangeForm
    GroupChoice = TeamChoice = forms.ModelMultipleChoiceField


class RoleChoice(GroupChoice):
    """Each role with what it lets."""

    def label_from_instance(self, obj: Group) -> str:
        return roles.in_a_sentence(obj)


def teams_open_to(actor: User) -> Any:
    """Those whose members the actor may choose."""
    teams = Team.objects.order_by("name")
    if not actor.has_perm("access.change_team"):
        return teams.none()
    return teams if sees_everything(actor) else teams.filter(members=actor)


HELP = {
    "email": _("The link to set a password goes there, and notifications."),
    "is_active": _(
        "Switch it off in place of deleting the account: the user is signed out at once, and what "
        "they made and did stays."
    ),
    "is_staff": _("Whether the account may use these pages at all."),
}


KEPT_BY_ITSELF = frozenset({"is_active", "is_staff", "is_superuser"})


class RolesAndTeams(ModelForm):
    """Offers what the actor may give. What else the user has stays as it is."""

    actor: User

    groups = RoleChoice(
        Group.objects.none(),
        label=_("Role"),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_(
            "Without a role the user sees nothing. The table below says all that each of them lets."
        ),
    )
    teams = TeamChoice(
        Team.objects.none(),
        label=_("Teams"),
        required=False,
        widget=SearchableSelectMultiple,
        help_text=_("Members see and use the rows of a team as if these were their own."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered: dict[str, Any] = {
            "groups": roles.groups_open_to(self.actor),
            "teams": teams_open_to(self.actor),
            "user_permissions": roles.permissions_open_to(self.actor),
        }
        for name in offered.keys() & self.fields.keys():
            field: Any = self.fields[name]
            field.queryset = offered[name]
        if "user_permissions" in self.fields:
            single: Any = self.fields["user_permissions"]
            single.label_from_instance = permissions.label_of
        if self.instance.pk:
            self.initial["teams"] = list(self.instance.teams.all())
        if "teams" in self.fields and not offered["teams"].exists():
            del self.fields["teams"]
        for name in HELP.keys() & self.fields.keys():
            self.fields[name].help_text = HELP[name]
        if "is_active" in self.fields:
            self.fields["is_active"].label = _("May sign in")

    def clean_email(self) -> str:
        """Single sign-on, invitations and notices know a user by it."""
        email: str = self.cleaned_data["email"]
        others = User.objects.exclude(pk=self.instance.pk).filter(email__iexact=email)
        if email and "email" in self.changed_data and (other := others.first()):
            raise ValidationError(_("“%(user)s” has this address already.") % {"user": other})
        return email

    def clean_groups(self) -> list[Group]:
        return [*self.cleaned_data["groups"], *self._kept("groups", Group)]

    def clean_user_permissions(self) -> list[Permission]:
        return [*self.cleaned_data["user_permissions"], *self._kept("user_permissions", Permission)]

    def _kept(self, name: str, model: Any) -> list[Any]:
        """What the user has and the actor may not take away."""
        field: Any = self.fields[name]
        if not self.instance.pk:
            return []
        return list(getattr(self.instance, name).exclude(pk__in=field.queryset.values("pk")))

    def save_teams(self, request: HttpRequest) -> None:
        """With an entry in the history of each team, as if its own form were saved."""
        if "teams" not in self.cleaned_data:
            return
        user, chosen = self.instance, set(self.cleaned_data["teams"])
        field: Any = self.fields["teams"]
        had = set(user.teams.filter(pk__in=field.queryset.values("pk")))
        for teams, change, word in (
            (chosen - had, user.teams.add, gettext_noop("Added the member “%(user)s”.")),
            (had - chosen, user.teams.remove, gettext_noop("Took out the member “%(user)s”.")),
        ):
            if teams:
                change(*teams)
                log_each(
                    request,
                    teams,
                    word % {"user": user},
                )


class PasswordIsSet(UnfoldReadOnlyPasswordHashWidget):  # type: ignore[misc]  # unfold is not typed
    """Whether there is one; Django would say how it is stored."""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context(name, value, attrs)
        is_set = bool(value) and is_password_usable(value)
        context["summary"] = [{"label": _("Set") if is_set else _("Not set yet")}]
        return context


class StaffForm(RolesAndTeams, ChangeForm):
    """Of an account that there is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "password" in self.fields:
            self.fields["password"].widget = PasswordIsSet()

    def clean(self) -> dict[str, Any]:
        """Who shuts the own account could not open it again, and the last superuser no one."""
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk == self.actor.pk:
            for name in KEPT_BY_ITSELF & self.fields.keys():
                if self.initial.get(name) and not cleaned.get(name):
                    self.add_error(name, _("Another user has to take this from you."))
        return cleaned


NO_USER_NAME = _(
    "The email address cannot be the user name: it is longer than 150 characters, or has others "
    "than letters, digits and @ . + - _. Give a user name."
)


def _may_be_a_user_name(address: str) -> bool:
    try:
        User._meta.get_field("username").run_validators(address)
    except ValidationError:
        return False
    return True


class NewStaffForm(RolesAndTeams):
    """Without a password: the user sets it by the link of an invitation."""

    class Meta:
        model = User
        fields = ("email", "first_name", "last_name", "username")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        username = self.fields["username"]
        username.required = False
        username.help_text = _("To sign in with. Leave it empty to use the email address.")

    def clean(self) -> dict[str, Any]:
        """The address is the user name of those who get no other."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("username") or self.errors.keys() & {"username", "email"}:
            return cleaned
        address = cleaned.get("email", "")
        if not address:
            self.add_error("email", _("Give an email address or a user name."))
        elif not _may_be_a_user_name(address):
            self.add_error("username", NO_USER_NAME)
        else:
            cleaned["username"] = address
        return cleaned

    def save(self, commit: bool = True) -> User:
        self.instance.set_unusable_password()
        self.instance.is_staff = True
        saved: User = super().save(commit)
        return saved
