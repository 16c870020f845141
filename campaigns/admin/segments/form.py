"""The form of a segment: its owner, its name, and the condition that is built."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedForm
from campaigns.admin.handing_on import segments_that_keep, tasks_that_keep
from campaigns.admin.segments import checking, draft
from campaigns.admin.segments.builder import Builder
from campaigns.segments.fields import Catalogue
from campaigns.segments.matching import checked
from campaigns.segments.tree import ConditionError
from campaigns.segments.uses import take_turn

MEND = _("It is not saved yet. See what is wrong at the lines below.")


class ConditionField(forms.Field):
    widget = Builder

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Compares what is stored with what would be."""
        catalogue = Catalogue(self.widget.owner_id)
        shown = draft.from_stored(initial, catalogue)
        return draft.raw(shown, catalogue) != draft.raw(data, catalogue)


class SegmentForm(OwnedForm):
    condition = ConditionField(required=False, label=_("Condition"))
    is_for_show = False
    """Then it is shown with what was posted and never valid, so that nothing saves it."""
    figures_url = ""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "condition" not in self.fields:
            return
        widget: Any = self.fields["condition"].widget
        widget.owner_id = self.owner_now()
        widget.segment = self.instance
        widget.errors = {}
        widget.figures_url = self.figures_url

    def owner_now(self) -> int:
        """The key of the owner that is chosen in the form, saved or not."""
        if self.is_bound and "owner" in self.fields:
            try:
                return int(self.fields["owner"].clean(self.data.get("owner")).pk)
            except ValidationError:
                pass
        return int(self.instance.owner_id)

    def is_valid(self) -> bool:
        return super().is_valid() and not self.is_for_show

    def full_clean(self) -> None:
        super().full_clean()
        if self.is_for_show:
            self._errors = ErrorDict()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "condition" not in cleaned or self.is_for_show:
            return cleaned
        built = cleaned["condition"]
        owner = cleaned.get("owner") or self.instance.owner
        take_turn(owner.pk)
        if problems := checking.problems(owner.pk, built, self.instance):
            widget: Any = self.fields["condition"].widget
            widget.errors = problems
            self.add_error("condition", MEND)
            return cleaned
        try:
            stored = draft.raw(built, Catalogue(owner.pk))
            cleaned["condition"] = checked(owner.pk, stored, self.instance)
        except ConditionError as error:
            self.add_error("condition", error.message)
        return cleaned

    def what_keeps_it(self, owner: User) -> list[str]:
        fields = ("include_segments", "exclude_segments")
        return [
            *tasks_that_keep(self.instance, owner, self.user, *fields),
            *segments_that_keep(self.instance),
        ]
