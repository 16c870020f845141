"""The form of the columns: what each means, and the name and type of attributes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.admin.imports.quick_widgets import QuickInput, QuickSelect
from campaigns.files.contact_columns import attribute_key
from campaigns.imports.settings import (
    MEANING_LABELS,
    ColumnSettings,
    DayOrder,
    ImportSettings,
    Meaning,
)
from campaigns.models import AttributeKind

K = AttributeKind
KINDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "text": (_("Text"), {"kind": K.TEXT}),
    "number": (_("Number, 1,234.50"), {"kind": K.NUMBER, "decimal": "."}),
    "number_comma": (_("Number, 1.234,50"), {"kind": K.NUMBER, "decimal": ","}),
    "date": (_("Date, 2026-12-31"), {"kind": K.DATE, "day_order": DayOrder.NONE}),
    "date_day": (_("Date, 31/12/2026"), {"kind": K.DATE, "day_order": DayOrder.DAY_FIRST}),
    "date_month": (_("Date, 12/31/2026"), {"kind": K.DATE, "day_order": DayOrder.MONTH_FIRST}),
    "yes_no": (_("Yes or no"), {"kind": K.YES_NO}),
    "choice": (_("Choice of a few"), {"kind": K.CHOICE}),
}
"""Types as staff choose them: with how numbers and dates are written."""
LONGEST_KEY = 100


class Row(NamedTuple):
    """A column on the page."""

    heading: str
    samples: str
    meaning: forms.BoundField
    key: forms.BoundField
    kind: forms.BoundField


class ColumnsForm(forms.Form):
    """Fields meaning_0, key_0, kind_0, meaning_1, … for the columns of a file."""

    def __init__(self, columns: Sequence[ColumnSettings], data: Any = None) -> None:
        super().__init__(data)
        self._columns = columns
        for number, column in enumerate(columns):
            self.fields.update(_fields(number, column))

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if not self.errors:
            for problem in ImportSettings(columns=self.columns()).problems():
                self.add_error(None, problem)
        return cleaned

    def columns(self) -> tuple[ColumnSettings, ...]:
        """What was chosen, in a form without errors of its fields."""
        return tuple(self._column(n, column) for n, column in enumerate(self._columns))

    def rows(self, samples: Sequence[str]) -> Iterator[Row]:
        for n, column in enumerate(self._columns):
            fields = (self[f"{name}_{n}"] for name in ("meaning", "key", "kind"))
            yield Row(column.heading, samples[n] if n < len(samples) else "", *fields)

    def _column(self, number: int, column: ColumnSettings) -> ColumnSettings:
        chosen = {
            name: self.cleaned_data[f"{name}_{number}"] for name in ("meaning", "key", "kind")
        }
        meaning = Meaning(chosen["meaning"])
        if meaning is not Meaning.ATTRIBUTE:
            return ColumnSettings(column.heading, meaning)
        kind: dict[str, Any] = KINDS[chosen["kind"]][1]
        choices = column.choices if kind["kind"] == K.CHOICE else ()
        plain = ColumnSettings(column.heading, meaning, attribute_key(chosen["key"]))
        return replace(plain, **kind, choices=choices)


def _fields(number: int, column: ColumnSettings) -> dict[str, forms.Field]:
    """The names of a field's column are read by screen readers: the table's head is far away."""
    name = (column.heading or gettext("column %(number)s") % {"number": number + 1})[:200]
    meanings = [(str(meaning), label) for meaning, label in MEANING_LABELS.items()]
    return {
        f"meaning_{number}": forms.ChoiceField(
            choices=meanings,
            initial=str(column.meaning),
            widget=QuickSelect({"aria-label": gettext("Meaning of %(column)s") % {"column": name}}),
        ),
        f"key_{number}": forms.CharField(
            required=False,
            max_length=LONGEST_KEY,
            initial=column.key or attribute_key(column.heading),
            widget=QuickInput({"aria-label": gettext("Name of %(column)s") % {"column": name}}),
        ),
        f"kind_{number}": forms.ChoiceField(
            choices=[(name, label) for name, (label, _values) in KINDS.items()],
            initial=kind_of(column),
            widget=QuickSelect({"aria-label": gettext("Type of %(column)s") % {"column": name}}),
        ),
    }


def kind_of(column: ColumnSettings) -> str:
    """The name in KINDS."""
    found = (
        name
        for name, (_label, values) in KINDS.items()
        if all(getattr(column, field) == value for field, value in values.items())
    )
    return next(found, "text")
