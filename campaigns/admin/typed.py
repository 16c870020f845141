"""What we use of unfold, which is untyped, with the types of the Django classes it extends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from django import forms
from unfold import decorators
from unfold.admin import ModelAdmin as UnfoldModelAdmin
from unfold.admin import TabularInline as UnfoldTabularInline
from unfold.contrib.filters.admin import DropdownFilter as UnfoldDropdownFilter
from unfold.enums import ActionVariant
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList as UnfoldChangeList

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin as DjangoModelAdmin
    from django.contrib.admin import SimpleListFilter
    from django.contrib.admin import TabularInline as DjangoTabularInline
    from django.contrib.admin.views.main import ChangeList as DjangoChangeList
    from django.core.paginator import Paginator
    from django.db.models import Model

    ModelAdmin = DjangoModelAdmin[Any]
    TabularInline = DjangoTabularInline[Model, Model]
    ChangeList = DjangoChangeList
    InfinitePages = Paginator[Any]
    DropdownFilter = SimpleListFilter
    ModelForm = forms.ModelForm[Any]
else:
    ModelAdmin = UnfoldModelAdmin
    TabularInline = UnfoldTabularInline
    ChangeList = UnfoldChangeList
    InfinitePages = InfinitePaginator
    DropdownFilter = UnfoldDropdownFilter
    ModelForm = forms.ModelForm

Method = TypeVar("Method", bound=Callable[..., Any])


def button(
    description: str,
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


def label(
    description: str, kinds: dict[str, str], ordering: str | None = None
) -> Callable[[Method], Method]:
    """A column whose text is shown as a coloured label: `kinds` maps texts to unfold's colours."""
    decorated: Callable[[Method], Method] = decorators.display(
        description=description, label=kinds, ordering=ordering
    )
    return decorated
