"""Copies of templates, and the folders that they are in."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin, Visitor, staff
from admin_kit.confirmation import Question, ask, is_confirmed, say
from admin_kit.typed import DropdownFilter, button
from campaigns import template_versions
from campaigns.models import Template

MOST_FOLDERS = 200


def folders_of(user: Visitor) -> list[str]:
    """Those of the templates that a user sees, MOST_FOLDERS at most."""
    templates = Template.objects.visible_to(user).exclude(folder="")
    names = templates.order_by("folder").values_list("folder", flat=True).distinct()
    return list(names[:MOST_FOLDERS])


class FolderFilter(DropdownFilter):
    title = _("folder")
    parameter_name = "folder"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, name) for name in folders_of(request.user)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(folder=value) if value and "\x00" not in value else queryset


class Copies(OwnedAdmin):
    @button(
        _("Duplicate"), "duplicate", icon="content_copy", permissions=["campaigns.add_template"]
    )
    def duplicate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        template = self.visible(request, object_id)
        if not is_confirmed(request):
            text = gettext("A new template is made with the same text, in the same folder.")
            question = Question(
                gettext("Duplicate “%(template)s”?") % {"template": template},
                text,
                gettext("Duplicate"),
            )
            back = self.url("change", template.pk)
            return ask(request, self, question, original=template, back_url=back)
        copy = copy_of(template)
        with transaction.atomic():
            copy.save()
            template_versions.record(
                copy,
                staff(request),
                (gettext_noop("Copied from “%(template)s”") % {"template": template})[:100],
            )
        self.log_addition(
            request,
            copy,
            gettext_noop("Copied from template %(number)s, “%(template)s”.")
            % {"number": template.pk, "template": template},
        )
        say(request, gettext("“%(copy)s” is a new template.") % {"copy": copy})
        return HttpResponseRedirect(self.url("change", copy.pk))


def copy_of(template: Template) -> Template:
    """Not saved."""
    longest = Template._meta.get_field("name").max_length or 0
    ending = " (copy)"
    copied = {name: getattr(template, name) for name in template_versions.FIELDS}
    name = template.name[: longest - len(ending)] + ending
    return Template(owner_id=template.owner_id, **{**copied, "name": name})
