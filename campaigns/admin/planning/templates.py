"""The rows of templates of a campaign: one for each recipient, by language and weight."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.ownership import owners_open_to
from admin_kit.base import choices_for
from admin_kit.forms.autocompletes import Autocompletes
from admin_kit.typed import InlineFormSet, ModelForm, TabularInline
from campaigns.admin.planning.form import is_open
from campaigns.languages.tags import canonical, unknown_part
from campaigns.models import Sender, Task, TaskTemplate
from campaigns.models.content import language_validator

MOST_TEMPLATES = 50
VARIANT = ("template", "language", "subject", "preview_text", "sender")
"""What two rows of templates may not have all in common."""
ANOTHER_OWNER = _("“%(row)s” has another owner than the campaign, not a team of this owner.")
TWICE = _(
    "“%(row)s” is here twice: raise its weight, or give it another subject, preview text, sender "
    "or language."
)
UNKNOWN = _(
    "“%(tag)s” names no language that is known: “%(part)s” is wrong. Enter a tag such as de, en-GB "
    "or zh-Hans."
)
ADDED_SINCE = _(
    "“%(row)s” was added to the campaign since this page was opened. Nothing was saved now; open "
    "the campaign again."
)

ANOTHER_SINCE = _(
    "Another message was added to the campaign since this page was opened. Nothing was saved now; "
    "open this step again to see both."
)


class TemplateRow(ModelForm):
    class Meta:
        help_texts: ClassVar[dict[str, Any]] = {
            "language": _("Such as de, en-GB or zh-Hans. Empty: for everyone else.")
        }

    def clean_language(self) -> str:
        """What names no language would be no one's: each would get what is for everyone else."""
        written: str = self.cleaned_data["language"]
        try:
            language_validator(written)
        except ValidationError:
            return written  # the field's own check says so, too
        if part := unknown_part(written):
            raise ValidationError(UNKNOWN % {"tag": written, "part": part})
        return canonical(written)


class TemplateFormSet(InlineFormSet):
    is_only = False
    """Whether no other message is to stay with the campaign."""

    def _construct_form(self, i: int, **kwargs: Any) -> Any:
        """A draft may be saved before it has a template."""
        if i >= self.initial_form_count():
            kwargs["empty_permitted"] = True
        return super()._construct_form(i, **kwargs)  # type: ignore[misc]  # private

    def clean(self) -> None:
        super().clean()
        seen, already = set(), self._saved_meanwhile()
        if self.is_only and already:
            raise ValidationError(ANOTHER_SINCE)
        usable = owners_open_to(self.instance.owner_id)
        for form in self.forms:
            if not form.is_valid() or form.cleaned_data.get("DELETE"):
                continue
            template = form.cleaned_data.get("template")
            if template and template.owner_id not in usable:
                raise ValidationError(ANOTHER_OWNER % {"row": template})
            variant = tuple(form.cleaned_data.get(name) or None for name in VARIANT)
            if template and variant in seen:
                raise ValidationError(TWICE % {"row": template})
            sender = form.cleaned_data.get("sender")
            if sender and sender.owner_id not in usable:
                raise ValidationError(ANOTHER_OWNER % {"row": sender})
            if template and variant in already:
                raise ValidationError(ADDED_SINCE % {"row": template})
            seen.add(variant)

    def is_taken_out(self, form: Any) -> bool:
        return self.is_bound and form.add_prefix("DELETE") in self.data

    def _saved_meanwhile(self) -> set[tuple[Any, ...]]:
        """The task's variants that are not in the posted form: saved in another tab or by a double
        click."""
        shown = [form.instance.pk for form in self.forms if form.instance.pk]
        saved = TaskTemplate.objects.filter(task=self.instance.pk).exclude(pk__in=shown)
        saved = saved.select_related("template", "sender")
        return {tuple(getattr(row, name) or None for name in VARIANT) for row in saved}


class TemplateInline(Autocompletes, TabularInline):
    model = TaskTemplate
    form = TemplateRow
    formset = TemplateFormSet
    fields = ("template", "language", "weight", "subject", "preview_text", "sender")
    extra = 0
    min_num = 1
    max_num = MOST_TEMPLATES
    hide_title = True
    autocomplete_fields = ("template", "sender")
    add_text = _("Add a template")
    verbose_name = _("template")
    verbose_name_plural = _("templates, one for each recipient by language and weight")

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Else a thousand rows more than allowed are taken, and shown again with their errors."""
        return super().get_formset(request, obj, absolute_max=MOST_TEMPLATES, **kwargs)

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs.setdefault("queryset", choices_for(db_field, request.user))
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Screen readers do not read the column's head as a field's label."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if field is not None:
            field.widget.attrs["aria-label"] = capfirst(db_field.verbose_name)
            if db_field.name in ("subject", "preview_text"):
                field.widget.attrs["placeholder"] = gettext("the template’s")
        return field

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_open(obj) and super().has_add_permission(request, obj)


def take_sender(task: Task) -> Sender | None:
    """A campaign that names no sender begins with that of its template, if it may use it. Returns
    the one that it has taken.
    """
    if task.sender is not None or not (sender := _sender_of_templates(task)):
        return None
    task.sender = sender
    task.save(update_fields=["sender"])
    return sender


def _sender_of_templates(task: Task) -> Sender | None:
    usable = Sender.objects.filter(owner__in=owners_open_to(task.owner_id))
    choices = TaskTemplate.objects.filter(task=task, template__sender__in=usable)
    first = choices.order_by("pk").select_related("template__sender").first()
    return first.template.sender if first else None
