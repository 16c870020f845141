"""Permissions in words: of which things, and what is done with them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.forms.models import ModelChoiceIterator
from django.template.loader import render_to_string
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from admin_kit.words.stored_texts import shown
from campaigns.admin.staff import roles

if TYPE_CHECKING:
    PermissionChoice = forms.ModelMultipleChoiceField[Permission]
else:
    PermissionChoice = forms.ModelMultipleChoiceField

DJANGO_MAKES = {"view": _("See"), "add": _("Add"), "change": _("Change"), "delete": _("Delete")}


def action_of(permission: Permission) -> str:
    verb, _underscore, model = permission.codename.partition("_")
    if verb in DJANGO_MAKES and model == permission.content_type.model:
        return str(DJANGO_MAKES[verb])
    return shown(permission.name)


def things_of(permission: Permission) -> str:
    model = permission.content_type.model_class()
    return capfirst(str(model._meta.verbose_name_plural)) if model else permission.content_type.name


def label_of(permission: Permission) -> str:
    values = {"things": things_of(permission), "action": action_of(permission)}
    return gettext("%(things)s: %(action)s") % values


def offered(actor: User, group: Group | None) -> QuerySet[Permission]:
    """Of what has pages; and what the group has already, so that saving takes nothing away."""
    kinds = ContentType.objects.get_for_models(*admin.site._registry).values()
    has_pages = Q(content_type__in=[kind.pk for kind in kinds])
    if group is not None:
        has_pages |= Q(pk__in=group.permissions.values("pk"))
    return roles.permissions_open_to(actor).filter(has_pages)


class _ByThings(ModelChoiceIterator):  # type: ignore[type-arg]
    def __iter__(self) -> Iterator[Any]:
        found = sorted(self.queryset, key=lambda each: (things_of(each), each.pk))
        for things, permissions in groupby(found, key=things_of):
            yield things, [(self.choice(each)[0], action_of(each)) for each in permissions]


class _Boxes(UnfoldAdminCheckboxSelectMultipleWidget):  # type: ignore[misc]  # unfold is not typed
    template_name = "admin/auth/group/permissions.html"

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> str:
        """From our own templates, which the renderer of forms does not look through."""
        return render_to_string(template_name, context)


class PermissionsField(PermissionChoice):
    iterator = _ByThings
    widget = _Boxes
