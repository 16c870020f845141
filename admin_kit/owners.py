"""Whose a row is: the choice of an owner in forms, and the filter of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.auth.models import User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.ownership import User as Visitor
from access.ownership import choosable_owners, owners_open_to, sees_everything
from admin_kit.typed import DropdownFilter, SearchableSelect

if TYPE_CHECKING:
    OwnerChoice = forms.ModelChoiceField[User]
else:
    OwnerChoice = forms.ModelChoiceField

HELP = _("What is a team’s is seen and used by all of its members.")
_MAY_CHOOSE = "may_choose_owner"


def may_choose_owner(request: HttpRequest) -> bool:
    """Whether there is more than one owner to choose from. Others own what they make. Looked up
    once in a request."""
    found: bool | None = getattr(request, _MAY_CHOOSE, None)
    if found is None:
        found = len(_first_two(request.user)) > 1
        setattr(request, _MAY_CHOOSE, found)
    return found


def _first_two(user: Visitor) -> list[int]:
    if not sees_everything(user):
        return owners_open_to(user.pk)[:2]
    return list(choosable_owners(user).values_list("pk", flat=True)[:2])


def label_of(owner: User, user: Visitor) -> str:
    return gettext("Mine (%(owner)s)") % {"owner": owner} if owner.pk == user.pk else str(owner)


class OwnerField(OwnerChoice):
    """The user, a team of the user's, or anybody for users who may see everything."""

    def __init__(self, user: Visitor, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", HELP)
        kwargs.setdefault("initial", user.pk)
        super().__init__(
            choosable_owners(user), empty_label=None, widget=SearchableSelect(), **kwargs
        )
        self.user = user

    def bound_data(self, data: Any, initial: Any) -> Any:
        """A form from before there was a choice is shown again with the owner that it had, not with
        the first of all."""
        return (initial or self.initial) if data is None else data

    def label_from_instance(self, obj: User) -> str:
        return label_of(obj, self.user)


class OwnerFilter(DropdownFilter):
    """Own rows, or those of a team; of any owner for users who may see everything."""

    title = _("owner")
    parameter_name = "owner"

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.owners = {
            str(owner.pk): label_of(owner, request.user) for owner in choosable_owners(request.user)
        }
        super().__init__(request, *args, **kwargs)

    def has_output(self) -> bool:
        return len(self.owners) > 1

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return list(self.owners.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        if not value:
            return queryset
        return self.owned(queryset, int(value)) if value in self.owners else queryset.none()

    def owned(self, rows: QuerySet[Any], owner_id: int) -> QuerySet[Any]:
        return rows.filter(owner=owner_id)
