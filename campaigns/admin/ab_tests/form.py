"""The settings of a test, in the form of its campaign."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.confirmation import restyled
from admin_kit.forms.inlines import MayBeMissing
from admin_kit.typed import InlineFormSet, ModelForm, StackedInline
from campaigns.ab_tests.plan import problems_of_rows
from campaigns.models import ABTest, TaskStatus
from campaigns.models.ab_test import SETTINGS, Measure, SampleUnit

HOUR = 3600
WAITS = [
    (1 * HOUR, _("1 hour")),
    (2 * HOUR, _("2 hours")),
    (4 * HOUR, _("4 hours")),
    (8 * HOUR, _("8 hours")),
    (12 * HOUR, _("12 hours")),
    (24 * HOUR, _("1 day")),
    (48 * HOUR, _("2 days")),
    (72 * HOUR, _("3 days")),
    (168 * HOUR, _("7 days")),
]
THRESHOLDS = [(0.9, _("90 % sure")), (0.95, _("95 % sure")), (0.99, _("99 % sure"))]


def _seconds(value: Any) -> dt.timedelta:
    if isinstance(value, dt.timedelta):
        return value
    try:
        return dt.timedelta(seconds=float(value))
    except OverflowError as error:
        raise ValueError from error  # what the field expects


class WaitField(forms.TypedChoiceField):
    """A duration, one of WAITS."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=WAITS, coerce=_seconds, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return int(value.total_seconds()) if isinstance(value, dt.timedelta) else value


class ABTestForm(ModelForm):
    decide_after = WaitField(
        label=_("Decide after"),
        initial=dt.timedelta(hours=4),
        help_text=ABTest._meta.get_field("decide_after").help_text,
    )
    threshold = forms.TypedChoiceField(
        label=_("How sure"),
        choices=THRESHOLDS,
        coerce=float,
        initial=0.95,
        help_text=ABTest._meta.get_field("threshold").help_text,
    )

    class Meta:
        model = ABTest
        fields = SETTINGS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("decide_after", "threshold"):
            if name in self.fields:
                restyled(self.fields[name])

    def has_changed(self) -> bool:
        """A test that is added with all its settings as proposed is one, too."""
        return self.instance._state.adding or super().has_changed()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        sample = cleaned.get("sample") or 0
        if cleaned.get("sample_unit") == SampleUnit.PERCENT and sample > 100:
            self.add_error("sample", gettext("A sample is 100 % of the recipients at most."))
        if cleaned.get("measure") != Measure.LINK:
            cleaned["link"] = ""
        elif not cleaned.get("link"):
            self.add_error(
                "link", gettext("Enter the link that decides, as it stands in the templates.")
            )
        return cleaned


class ABTestFormSet(MayBeMissing):
    """`templates` are the rows of templates in the same form."""

    templates: InlineFormSet | None = None

    def clean(self) -> None:
        """The number of variants, and their languages, are known only if each row can be read."""
        super().clean()
        is_tested = any(_is_kept(form) for form in self.forms)
        if self.templates is None or not is_tested or not self.templates.is_valid():
            return
        rows = [form.cleaned_data for form in self.templates.forms if _is_kept(form)]
        languages = [row.get("language", "") for row in rows if row.get("template")]
        if found := problems_of_rows(languages):
            raise ValidationError(found)


def _is_kept(form: forms.Form | ModelForm) -> bool:
    return not getattr(form, "cleaned_data", {}).get("DELETE")


class ABTestInline(StackedInline):
    """None is there before it is added: most campaigns have no test."""

    model = ABTest
    form = ABTestForm
    formset = ABTestFormSet
    extra = 0
    max_num = 1
    fields = (
        ("sample", "sample_unit"),
        ("measure", "link"),
        ("decide_after", "threshold"),
        ("ends_early", "otherwise"),
    )
    add_text = _("Add an A/B test")
    verbose_name = _("A/B test")
    verbose_name_plural = _("A/B test: a sample gets the templates above, the rest the better one")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        is_open = obj is None or obj.status == TaskStatus.DRAFT
        return is_open and super().has_add_permission(request, obj)
