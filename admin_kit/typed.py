"""Typed access to unfold, which is untyped, through the Django classes it extends."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth import admin as auth_admin
from django.utils.translation import override
from unfold import decorators, widgets
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.admin import StackedInline as UnfoldStackedInline
from unfold.admin import TabularInline as UnfoldTabularInline
from unfold.admin import checkbox
from unfold.contrib.filters.admin import AutocompleteSelectFilter as UnfoldAutocompleteFilter
from unfold.contrib.filters.admin import DropdownFilter as UnfoldDropdownFilter
from unfold.contrib.filters.admin import RangeDateTimeFilter as UnfoldDateTimeRangeFilter
from unfold.contrib.filters.forms import AutocompleteDropdownForm
from unfold.enums import ActionVariant
from unfold.forms import PaginationInlineFormSet
from unfold.paginator import InfinitePaginator
from unfold.utils import display_for_label
from unfold.views import ChangeList as UnfoldChangeList

if TYPE_CHECKING:
    from django.contrib.admin import FieldListFilter, RelatedFieldListFilter, SimpleListFilter
    from django.contrib.admin import ModelAdmin as DjangoModelAdmin
    from django.contrib.admin import StackedInline as DjangoStackedInline
    from django.contrib.admin import TabularInline as DjangoTabularInline
    from django.contrib.admin.views.main import ChangeList as DjangoChangeList
    from django.contrib.auth.models import User
    from django.core.paginator import Paginator
    from django.db.models import Model
    from django.http import HttpRequest
    from django.utils.functional import _StrPromise as StrPromise

    class ModelAdmin(DjangoModelAdmin[Any]):
        def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
            """The buttons of a row's page that this user may press."""

    StackedInline = DjangoStackedInline[Model, Model]
    TabularInline = DjangoTabularInline[Model, Model]
    InlineFormSet = forms.BaseInlineFormSet[Any, Any, Any]
    ChangeList = DjangoChangeList
    InfinitePages = Paginator[Any]
    AutocompleteFilter = RelatedFieldListFilter

    class AutocompleteForm(forms.Form):
        def __init__(self, *, request: HttpRequest, name: str, **kwargs: Any) -> None: ...

    DateTimeRangeFilter = FieldListFilter
    DropdownFilter = SimpleListFilter
    ModelForm = forms.ModelForm[Any]
    UserAdmin = auth_admin.UserAdmin[User]
    SearchableSelect = forms.Select
    SearchableSelectMultiple = forms.SelectMultiple
    TextInput = forms.TextInput
    Textarea = forms.Textarea
else:
    ModelAdmin = UnfoldModelAdmin
    StackedInline = UnfoldStackedInline
    TabularInline = UnfoldTabularInline
    InlineFormSet = PaginationInlineFormSet
    ChangeList = UnfoldChangeList
    InfinitePages = InfinitePaginator
    AutocompleteFilter = UnfoldAutocompleteFilter
    AutocompleteForm = AutocompleteDropdownForm
    DateTimeRangeFilter = UnfoldDateTimeRangeFilter
    DropdownFilter = UnfoldDropdownFilter
    ModelForm = forms.ModelForm
    UserAdmin = auth_admin.UserAdmin
    SearchableSelect = widgets.UnfoldAdminSelect2Widget
    SearchableSelectMultiple = widgets.UnfoldAdminSelect2MultipleWidget
    TextInput = widgets.UnfoldAdminTextInputWidget
    Textarea = widgets.UnfoldAdminTextareaWidget


def _radios(attrs: dict[str, Any]) -> forms.Widget:
    """Unfold's takes their arrangement first."""
    made: forms.Widget = widgets.UnfoldAdminRadioSelectWidget(attrs=attrs)
    return made


STYLED_WIDGETS: dict[type[forms.Widget], Callable[[dict[str, Any]], forms.Widget]] = {
    forms.TextInput: widgets.UnfoldAdminTextInputWidget,
    forms.EmailInput: widgets.UnfoldAdminEmailInputWidget,
    forms.URLInput: widgets.UnfoldAdminURLInputWidget,
    forms.NumberInput: widgets.UnfoldAdminIntegerFieldWidget,
    forms.PasswordInput: widgets.UnfoldAdminPasswordWidget,
    forms.Textarea: widgets.UnfoldAdminTextareaWidget,
    forms.Select: widgets.UnfoldAdminSelectWidget,
    forms.RadioSelect: _radios,
    forms.CheckboxInput: widgets.UnfoldBooleanSwitchWidget,
    forms.FileInput: widgets.UnfoldAdminFileFieldWidget,
    forms.ClearableFileInput: widgets.UnfoldAdminFileFieldWidget,
}
"""The admin's widgets for plain form widgets."""

Method = TypeVar("Method", bound=Callable[..., Any])


def button(
    description: str | StrPromise,
    url_path: str,
    *,
    permissions: Sequence[str],
    icon: str | None = None,
    variant: ActionVariant = ActionVariant.DEFAULT,
) -> Callable[[Method], Method]:
    """A button of a list or of a row's page.

    It is a plain link: what changes anything must ask first and act on POST only. `permissions`
    is not optional, because without it every member of staff could follow the link.
    """
    decorated: Callable[[Method], Method] = decorators.action(
        description=description,
        url_path=url_path,
        permissions=permissions,
        icon=icon,
        variant=variant,
    )
    return decorated


TICKED_KEY = "0123456789"
TICK_ALL = UnfoldModelAdmin.action_checkbox.short_description


@cache
def tick(language: str) -> str:
    """The box to tick, named in this language, of the row whose key is `TICKED_KEY`."""
    with override(language):
        return str(checkbox.render(ACTION_CHECKBOX_NAME, TICKED_KEY))


@lru_cache(maxsize=1_000)
def label_of(text: str, colour: str) -> str:
    """A coloured label, as safe HTML: a list that repeats a few renders each once."""
    return str(display_for_label((text, text), "", {text: colour}))


class Colours(dict[Any, str]):
    """unfold's colours by texts, found by what a text says in the language of the request."""

    def __contains__(self, text: object) -> bool:
        return any(str(known) == str(text) for known in self)

    def __getitem__(self, text: object) -> str:
        for known, colour in self.items():
            if str(known) == str(text):
                return colour
        raise KeyError(text)


def label(
    description: str | StrPromise, kinds: Mapping[Any, str], ordering: str | None = None
) -> Callable[[Method], Method]:
    """A column whose text is shown as a coloured label: `kinds` maps texts to unfold's colours."""
    decorated: Callable[[Method], Method] = decorators.display(
        description=description, label=Colours(kinds), ordering=ordering
    )
    return decorated
