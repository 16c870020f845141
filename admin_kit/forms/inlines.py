"""Rows of another table in a form."""

from __future__ import annotations

import json
from typing import Any

from admin_kit.typed import InlineFormSet


class MayBeMissing(InlineFormSet):
    """A form that says nothing of these rows, such as one from before an upgrade, changes none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound and f"{self.prefix}-TOTAL_FORMS" not in self.data:
            counts = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}
            self.data = {f"{self.prefix}-{name}": count for name, count in counts.items()}


def add_as(rows: Any) -> None:
    """The link that adds a row says the `add_text` of the rows, if they have one; Django's “Add
    another …” is wrong for the first."""
    if text := getattr(rows.opts, "add_text", ""):
        data = json.loads(rows.inline_formset_data())
        data["options"]["addText"] = str(text)
        written = json.dumps(data)
        rows.inline_formset_data = lambda: written
