"""Rows of another table in a form."""

from __future__ import annotations

from typing import Any

from admin_kit.typed import InlineFormSet


class MayBeMissing(InlineFormSet):
    """A form that says nothing of these rows, such as one from before an upgrade, changes none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.is_bound and f"{self.prefix}-TOTAL_FORMS" not in self.data:
            counts = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}
            self.data = {f"{self.prefix}-{name}": count for name, count in counts.items()}
