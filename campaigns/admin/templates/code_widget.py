"""The editor for code: a text area, which a script makes more of."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from admin_kit.typed import Textarea
from campaigns.admin.blocks.builder import pictures

PICTURES = (
    '{}<p class="edm-editor-hint"><a href="{url}" target="_blank" rel="noopener" class="edm-link" '
    'data-choose="{choose_url}" data-close="{close}" data-failed="{failed}" '
    'data-code="{name}">{insert}</a></p>'
)
THEMES = ("github_light_default", "github_dark")


class CodeArea(Textarea):
    """`mode` is a mode of the Ace editor. `words` are offered while one writes within Liquid: its
    "variables", "filters" and "tags".
    """

    def __init__(self, mode: str, label: str, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"rows": 24, "spellcheck": "false", **(attrs or {})})
        self.attrs["class"] += " edm-code"
        self.mode, self.label = mode, label
        self.words: Mapping[str, Sequence[str]] = {}

    @property
    def media(self) -> forms.Media:
        ace = "django_ace/ace"
        names = ["ace", f"mode-{self.mode}", *(f"theme-{theme}" for theme in THEMES)]
        names += ["ext-language_tools", "ext-searchbox"]
        return forms.Media(
            css={"screen": [f"{ace}/css/ace.css", *(f"{ace}/css/theme/{t}.css" for t in THEMES)]},
            js=[*(f"{ace}/{name}.js" for name in names), "edm/code_editor.js", "edm/pictures.js"],
        )

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        shown = {"data-code": self.mode, "data-label": self.label, "data-words": self._words()}
        shown["data-keys"] = gettext(
            "Tab indents. To leave the editor by keyboard, press Escape, then Tab."
        )
        area = super().render(name, value, {**(attrs or {}), **shown}, renderer)
        return format_html(
            PICTURES, area, name=name, insert=gettext("Insert a picture"), **pictures()
        )

    def _words(self) -> str:
        kinds = {
            "variables": gettext("variable"),
            "filters": gettext("filter"),
            "tags": gettext("tag of Liquid"),
        }
        return json.dumps(
            {**{kind: list(words) for kind, words in self.words.items()}, "kinds": kinds}
        )
