"""Base admin classes: own rows only, and no crash on what is posted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.checks import ModelAdminChecks
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.models import LogEntry
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import IntegrityError, models
from django.db.models import QuerySet
from django.forms import SplitDateTimeWidget
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext

from access.ownership import owners_open_to
from addressing.addresses import other_spellings
from admin_kit.deleting import ExplainedDeletion
from admin_kit.entries import visible_entries
from admin_kit.forms.autocompletes import Autocompletes, is_key
from admin_kit.forms.inlines import add_as
from admin_kit.forms.meanwhile import MeanwhileForm
from admin_kit.lists import ChangeList, UncountedPaginator
from admin_kit.lookups import DeclaredLookups
from admin_kit.owners import OwnerField, OwnerFilter, may_choose_owner
from admin_kit.typed import (
    TICK_ALL,
    TICKED_KEY,
    SearchableSelectMultiple,
    tick,
)
from admin_kit.words.listing import headed, listed

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Visitor = User | AnonymousUser


def staff(request: HttpRequest) -> User:
    """The user of a request. The admin admits staff only; raises PermissionDenied otherwise."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


class SafeAdmin(DeclaredLookups, Autocompletes, ExplainedDeletion):
    """Our defaults for every model; a system check finds admin classes without them."""

    # Unfold's own checks look the permissions of actions up in the database, so that no command,
    # not even `migrate`, would run before there is one.
    checks_class = ModelAdminChecks
    list_per_page = 50
    list_filter_submit = True
    warn_unsaved_form = True
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    nothing_yet: str | _StrPromise = ""
    """What an empty list says: what stands here, and how it comes here."""
    add_page = "add"
    """Where the button to add a row leads."""
    list_sections: Sequence[Any] = ()
    """Unfold's templates ask for it twice in each row, and a template that asks for what there is
    not looks through all that there is: a seventh of a page's time."""
    searchable_fields: Sequence[str] = ()
    """Relations to few rows, all of them in the page: choosing needs no permission to see them."""

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return ChangeList

    @admin.display(description=TICK_ALL)
    def action_checkbox(self, obj: Any) -> SafeString:
        """To render each anew costs a tenth of a page's time."""
        return mark_safe(tick(get_language()).replace(TICKED_KEY, escape(obj.pk)))

    def get_paginator(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> Any:
        """Also for the history of a row, which Django would show whole. The history is counted."""
        if queryset.model is not LogEntry:
            return super().get_paginator(request, queryset, *args, **kwargs)
        entries = self.history_for(request, queryset)
        if self.model is LogEntry:
            return super().get_paginator(request, entries, *args, **kwargs)
        return Paginator(entries, *args, **kwargs)

    def history_for(self, request: HttpRequest, entries: QuerySet[Any]) -> QuerySet[Any]:
        """The entries about one row that this user may read."""
        return visible_entries(entries, request.user)

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Any:
        """An empty `_to_field` names no field; Django would look for one of that name. No key
        contains NUL, which PostgreSQL refuses in text keys."""
        if "\x00" in object_id:
            return None
        return super().get_object(request, object_id, from_field or None)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """One may go on with another row where one adds rows, not where one changes one."""
        context.setdefault("show_save_and_add_another", context["original"] is None)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_inline_formsets(self, *args: Any, **kwargs: Any) -> Any:
        found = super().get_inline_formsets(*args, **kwargs)
        for each in found:
            add_as(each)
        return found

    def changeform_view(self, *args: Any, **kwargs: Any) -> Any:
        """Of two posts at once, such as a double click makes, one finds what the other has saved:
        not before its form was checked, but when it is checked again.
        """
        try:
            return super().changeform_view(*args, **kwargs)
        except IntegrityError:
            return super().changeform_view(*args, **kwargs)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if "\x00" in search_term:  # no text in PostgreSQL contains it
            return queryset.none(), False
        found, duplicates = super().get_search_results(request, queryset, search_term)
        for words in other_spellings(search_term):
            also, more = super().get_search_results(request, queryset, words)
            found, duplicates = found | also, duplicates or more
        return found, duplicates

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Any], *args: Any, **kwargs: Any
    ) -> Any:
        """Removes invalid keys: Django looks every posted key up, and crashes on invalid ones."""
        if all(is_key(key) for key in request.POST.getlist(ACTION_CHECKBOX_NAME)):
            return super().response_action(request, queryset, *args, **kwargs)
        messages.error(request, gettext("The selection cannot be read. Nothing was changed."))
        return None

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """The label of a time stands beside two fields, and names neither."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and isinstance(field.widget, SplitDateTimeWidget):
            for part, name in zip(
                field.widget.widgets, (gettext("Date"), gettext("Time")), strict=True
            ):
                part.attrs["aria-label"] = headed(field.label, name)
        return field

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name in self.searchable_fields:
            # Set here, for unfold restyles and Django explains a list to select from with Control.
            field.widget = SearchableSelectMultiple({"data-placeholder": gettext("Choose…")})
            field.widget.choices = field.choices
            field.help_text = db_field.help_text
        return field

    def visible(self, request: HttpRequest, object_id: str) -> Any:
        """The row, if this user may see it. Raises Http404."""
        found = self.get_object(request, object_id)
        if found is None or not self.has_view_or_change_permission(request, found):
            raise Http404(gettext("There is no such row, or it has another owner."))
        return found

    def url(self, page: str, *args: Any) -> str:
        """The URL of one of this model's admin pages, such as "changelist"."""
        meta = self.opts
        return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=args)


class WithPanel(SafeAdmin):
    """The page of a row shows more than its form."""

    def panel_of(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        """What the page's template takes beyond the form."""
        raise NotImplementedError

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        row = self.get_object(request, object_id) if object_id else None
        extra = {**(extra_context or {}), **(self.panel_of(request, row) if row else {})}
        return super().changeform_view(request, object_id, form_url, extra)


class LedgerAdmin(SafeAdmin):
    """Read-only pages for tables that the system writes, with millions of rows."""

    paginator = UncountedPaginator
    ordering: ClassVar[tuple[str, ...]] = ("-id",)
    list_disable_select_all = True
    warn_unsaved_form = False
    has_history = False
    """Whether staff do anything to these rows, so that each leads to its history."""

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> Any:
        context["show_history"] = self.has_history
        return super().render_change_form(request, context, *args, **kwargs)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OwnedForm(MeanwhileForm):
    """Sets the owner of a new row before validation, so that "unique per owner" is checked."""

    user: Visitor
    of_teams: Sequence[str] = ()
    """Fields whose rows may also be those of a team that the owner is in."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.old_owner_id = self.instance.owner_id
        if self.instance.owner_id is None:
            self.instance.owner = self.user

    def clean(self) -> dict[str, Any]:
        """Related rows must have the same owner: a task would find no contact by another owner's
        tag."""
        cleaned = super().clean() or self.cleaned_data
        owner = cleaned.get("owner") or self.instance.owner
        for name, chosen in list(cleaned.items()):
            usable = owners_open_to(owner.pk) if name in self.of_teams else [owner.pk]
            if foreign := [row for row in _rows(chosen) if row.owner_id not in usable]:
                names = listed(f"“{row}”" for row in foreign[:5])
                self.add_error(
                    name,
                    gettext("Not owned by %(owner)s: %(listed)s.")
                    % {"owner": owner, "listed": names},
                )
        if self.instance.pk and self.old_owner_id != owner.pk:
            for reason in self.what_keeps_it(owner):
                self.add_error("owner", reason)
        return cleaned

    def what_keeps_it(self, owner: User) -> list[str]:
        """Why the row cannot be handed on to this owner, a sentence each: what refers to it and
        stays with the old one."""
        return []

    def _get_validation_exclusions(self) -> set[str]:
        excluded: set[str] = super()._get_validation_exclusions()  # type: ignore[misc]  # private
        return excluded - {"owner"}


def _rows(chosen: Any) -> list[Any]:
    """The owned rows chosen in a form's field."""
    rows = list(chosen) if isinstance(chosen, QuerySet) else [chosen]
    return [row for row in rows if isinstance(row, models.Model) and hasattr(row, "owner_id")]


class OwnedAdmin(SafeAdmin):
    """Staff see and choose their own rows and those of their teams, and choose between these
    owners; users who may see everything may choose any owner."""

    form = OwnedForm

    def history_for(self, request: HttpRequest, entries: QuerySet[Any]) -> QuerySet[Any]:
        """An owner also reads what other users did to the row."""
        return entries

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return visible_rows(super().get_queryset(request), request.user)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        form = super().get_form(request, obj, change=change, **kwargs)
        match = request.resolver_match
        page = f"{self.opts.app_label}_{self.opts.model_name}_change"
        is_to_save = request.method == "POST" and match is not None and match.url_name == page
        return type(form.__name__, (form,), {"user": request.user, "is_to_save": is_to_save})

    def get_exclude(self, request: HttpRequest, obj: Any = None) -> Any:
        excluded = tuple(super().get_exclude(request, obj) or ())
        return excluded if may_choose_owner(request) else (*excluded, "owner")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Whose the row is stands last in its part: it is as good as always right."""
        excluded = self.get_exclude(request, obj)
        return [
            (title, {**options, "fields": _owner_last(options["fields"], excluded)})
            for title, options in super().get_fieldsets(request, obj)
        ]

    def get_list_display(self, request: HttpRequest) -> Any:
        columns = tuple(super().get_list_display(request))
        return (*columns, "owner") if may_choose_owner(request) else columns

    def get_list_filter(self, request: HttpRequest) -> Any:
        return (*super().get_list_filter(request), OwnerFilter)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"owner": request.user.pk, **super().get_changeform_initial_data(request)}

    def formfield_for_dbfield(
        self, db_field: models.Field[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        """Beside the owner there are no buttons to add or change users."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None and db_field.name == "owner":
            wrapped = field.widget
            if isinstance(wrapped, RelatedFieldWidgetWrapper):
                field.widget = wrapped.widget
        return field

    def formfield_for_foreignkey(
        self, db_field: models.ForeignKey[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        if db_field.name == "owner":
            return OwnerField(request.user, label=capfirst(db_field.verbose_name))
        kwargs.setdefault("queryset", choices_for(db_field, request.user))
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if field is not None and field.empty_label:
            field.empty_label = gettext("Choose…")  # as the other selects say
        return field

    def formfield_for_manytomany(
        self, db_field: models.ManyToManyField[Any, Any], request: HttpRequest, **kwargs: Any
    ) -> Any:
        kwargs.setdefault("queryset", choices_for(db_field, request.user))
        return super().formfield_for_manytomany(db_field, request, **kwargs)


def _owner_last(fields: Iterable[Any], excluded: Sequence[str]) -> list[Any]:
    return sorted((each for each in fields if each not in excluded), key=lambda f: f == "owner")


def choices_for(field: Any, user: Visitor) -> QuerySet[Any]:
    """The rows that a user may choose for a relation."""
    return visible_rows(field.remote_field.model._default_manager.all(), user)


def visible_rows(rows: QuerySet[Any], user: Visitor) -> QuerySet[Any]:
    visible_to = getattr(rows, "visible_to", None)
    return visible_to(user) if visible_to else rows
