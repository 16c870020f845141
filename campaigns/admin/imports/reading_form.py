"""The form of how a file is read: its encoding and delimiter, or its sheet, and its headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from admin_kit.confirmation import StyledForm
from campaigns.admin.importing import ENCODINGS
from campaigns.imports.settings import ImportSettings

DELIMITERS = {",": _("Commas"), ";": _("Semicolons"), "\t": _("Tabs"), "|": _("Bars")}
FOUND = {"utf-8-sig": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16", "utf-32": "UTF-32"}
"""Encodings that are found, and that no one needs to choose."""
MOST_LINES_BEFORE = 100


class ReadingForm(StyledForm):
    encoding = forms.ChoiceField(label=_("Encoding"), required=False)
    delimiter = forms.ChoiceField(required=False, label=_("Separated by"))
    sheet = forms.ChoiceField(label=_("Sheet"), required=False)
    header_line = forms.IntegerField(
        min_value=0,
        max_value=MOST_LINES_BEFORE,
        label=_("Line of the headings"),
        help_text=_("0 where it has none."),
    )

    def __init__(self, settings: ImportSettings, sheets: Sequence[str], data: Any = None) -> None:
        read_as = {
            "encoding": settings.encoding,
            "delimiter": _name_of(settings.delimiter),
            "sheet": settings.sheet,
            "header_line": 1 if settings.header_line is None else settings.header_line,
        }
        super().__init__(data, initial=read_as)
        self._settings = settings
        if sheets:
            del self.fields["encoding"], self.fields["delimiter"]
            self._choices("sheet", [(name, name) for name in sheets])
        else:
            del self.fields["sheet"]
            self._choices("encoding", _encodings(settings.encoding))
            named = [(_name_of(mark), str(label)) for mark, label in DELIMITERS.items()]
            known = settings.delimiter in DELIMITERS
            other = _name_of(settings.delimiter)
            self._choices("delimiter", named if known else [(other, other), *named])
        self.restyle()

    def settings(self) -> ImportSettings:
        """What a valid form says; without columns where it is read in another way than before."""
        chosen = dict(self.cleaned_data)
        if "delimiter" in chosen:
            chosen["delimiter"] = _mark_of(chosen["delimiter"]) or self._settings.delimiter
        chosen = {name: value for name, value in chosen.items() if value != ""}
        changed = replace(self._settings, **chosen)
        if changed == self._settings:
            return changed
        if changed.header_line == self._settings.header_line:
            changed = replace(changed, header_line=None)
        return replace(changed, columns=())

    def _choices(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        if isinstance(field, forms.ChoiceField):
            field.choices = choices


def _encodings(found: str) -> list[tuple[str, str]]:
    """What was found takes the place of the encoding that it is a kind of."""
    named = FOUND.get(found, found.upper())
    others = [(name, str(label)) for name, label in ENCODINGS[1:] if label != named]
    known = dict(ENCODINGS).get(found)
    return (
        [(name, str(label)) for name, label in ENCODINGS[1:]]
        if known
        else [(found, named), *others]
    )


def _name_of(mark: str) -> str:
    """No form field brings back a tab as it was."""
    return "tab" if mark == "\t" else mark


def _mark_of(name: str) -> str:
    return "\t" if name == "tab" else name
