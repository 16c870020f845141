"""Admin pages for attributes. What changes the values of all contacts asks first, and is done in
the cluster."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.enums import ActionVariant

from admin_kit.base import OwnedAdmin, staff
from admin_kit.confirmation import Question, ask, is_confirmed, page, say
from admin_kit.lists import ChangeList
from admin_kit.typed import button
from admin_kit.words.listing import headed
from campaigns.admin.attributes import questions
from campaigns.admin.attributes.forms import AttributeForm, NameForm, TypeForm
from campaigns.admin.changes import ExplainedChanges
from campaigns.attributes import change, looking
from campaigns.attributes.change import Change
from campaigns.models import Attribute, AttributeKind

CHANGE, DELETE = "campaigns.change_attribute", "campaigns.delete_attribute"
OF_THE_NEWEST = format_lazy(
    _("of the newest {number} contacts"), number=f"{looking.NEWEST_OF_LIST:,}"
)


class AttributeChangeList(ChangeList):
    """Looks once at the newest contacts of each owner on the page."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        attributes: list[Any] = list(self.result_list)
        counts = {owner: looking.counts(owner) for owner in {a.owner_id for a in attributes}}
        for attribute in attributes:
            attribute.having = counts[attribute.owner_id].get(attribute.key, 0)


@admin.register(Attribute)
class AttributeAdmin(ExplainedChanges, OwnedAdmin):
    nothing_yet = _(
        "An attribute is what is known of contacts beyond name and address, such as a city or "
        "a birthday. Imports make them from the columns of a file."
    )
    form = AttributeForm
    list_display = ("key", "label", "kind", "having")
    list_filter = (("kind", ChoicesDropdownFilter),)
    list_select_related = ("owner",)
    sortable_by = ("key",)
    search_fields = ("key", "label")
    search_help_text = _("Part of a name")
    fields = ("owner", "key", "label", "kind", "choices")
    actions = None
    actions_detail = ("change_type", "rename", "delete_values")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return AttributeChangeList

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Other types than “choice” have no choices."""
        fields = super().get_fields(request, obj)
        has_none = obj is not None and obj.kind != AttributeKind.CHOICE
        return [each for each in fields if each != "choices"] if has_none else fields

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Buttons change name and type, with all values."""
        return ("owner", "key", "kind") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A button deletes it, with all values."""
        return False

    @admin.display(description=OF_THE_NEWEST)
    def having(self, attribute: Any) -> str:
        return f"{attribute.having:,}"

    @button(_("Change type"), "type", icon="swap_horiz", permissions=[CHANGE])
    def change_type(self, request: HttpRequest, object_id: str) -> HttpResponse:
        attribute = self.visible(request, object_id)
        form = TypeForm(request.POST if request.method == "POST" else None, initial={
            "kind": attribute.kind, "choices": attribute.choices,
        })  # fmt: skip
        if not form.is_valid():
            return self._form(
                request,
                attribute,
                form,
                gettext("Change the type of “%(attribute)s”") % {"attribute": attribute},
            )
        kind, choices = form.cleaned_data["kind"], form.cleaned_data["choices"]
        question = questions.of_type(attribute, kind, choices)
        title = headed(attribute.key, f"{attribute.get_kind_display()} → {question.details[0][1]}")
        return self._ask_or_start(
            request, attribute, question, Change.TYPE, title, kind=kind, choices=choices
        )

    @button(_("Rename"), "rename", icon="edit", permissions=[CHANGE])
    def rename(self, request: HttpRequest, object_id: str) -> HttpResponse:
        attribute = self.visible(request, object_id)
        form = NameForm(request.POST if request.method == "POST" else None, attribute)
        if not form.is_valid():
            return self._form(
                request,
                attribute,
                form,
                gettext("Rename “%(attribute)s”") % {"attribute": attribute},
            )
        key = form.cleaned_data["key"]
        question = questions.of_name(attribute, key)
        title = f"{attribute.key} → {key}"
        return self._ask_or_start(request, attribute, question, Change.RENAME, title, to=key)

    @button(
        _("Delete"),
        "delete-values",
        icon="delete",
        variant=ActionVariant.DANGER,
        permissions=[DELETE],
    )
    def delete_values(self, request: HttpRequest, object_id: str) -> HttpResponse:
        attribute = self.visible(request, object_id)
        question = questions.of_deletion(attribute)
        title = gettext_noop("Deletion of %(key)s") % {"key": attribute.key}
        return self._ask_or_start(request, attribute, question, Change.DELETE, title)

    def _form(
        self, request: HttpRequest, attribute: Attribute, form: Any, title: str
    ) -> HttpResponse:
        back_url = self.url("change", attribute.pk)
        return page(
            request,
            self,
            "admin/plain_form.html",
            title=title,
            text=gettext("The next page says what it means for the contacts, and asks."),
            form=form,
            button=gettext("Go on"),
            back_url=back_url,
            original=attribute,
        )

    def _ask_or_start(
        self,
        request: HttpRequest,
        attribute: Attribute,
        question: Question,
        kind_of_change: Change,
        title: str,
        **params: Any,
    ) -> HttpResponse:
        if not is_confirmed(request) or question.problems:
            back_url = self.url("change", attribute.pk)
            return ask(request, self, question, original=attribute, back_url=back_url)
        operation = change.start(attribute, staff(request), kind_of_change, title, **params)
        self.log_change(
            request,
            attribute,
            gettext_noop("%(title)s: began, for all contacts.") % {"title": title},
        )
        say(request, gettext("It has begun. This page says how far it is."))
        return HttpResponseRedirect(
            reverse("admin:campaigns_operation_change", args=[operation.pk])
        )
