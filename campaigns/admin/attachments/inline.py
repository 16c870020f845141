"""The files of a campaign, in its form."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from admin_kit.forms.inlines import MayBeMissing
from admin_kit.typed import ModelForm, TabularInline
from campaigns.attachments import keeping
from campaigns.attachments.keeping import MOST_FILES, MOST_MEGABYTES, MOST_OCTETS, too_large
from campaigns.attachments.names import Refused
from campaigns.models import Attachment, Task, TaskStatus
from campaigns.wording import listed


class AttachmentForm(ModelForm):
    """A file chosen for a row that has one takes its place."""

    upload = forms.FileField(
        label=_("File"),
        required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"aria-label": _("File")}),
    )

    class Meta:
        model = Attachment
        fields = ()

    def clean_upload(self) -> keeping.Taken | None:
        file: UploadedFile[bytes] | None = self.cleaned_data.get("upload")
        if file is None:
            if self.instance.pk is None:
                raise ValidationError(gettext("Choose a file."))
            return None
        try:
            return _taken(file)
        except Refused as error:
            raise ValidationError(str(error)) from error

    def save(self, commit: bool = True) -> Any:
        if taken := self.cleaned_data.get("upload"):
            keeping.put(self.instance, taken)
        return super().save(commit)


def _taken(file: UploadedFile[bytes]) -> keeping.Taken:
    """Raises Refused, before a file that is too large is read."""
    if (file.size or 0) > MOST_OCTETS:
        raise Refused(too_large())
    file.seek(0)
    return keeping.take(file.name or "", file.read())


class AttachmentFormSet(MayBeMissing):
    default_error_messages: ClassVar[dict[str, Any]] = {
        **MayBeMissing.default_error_messages,
        "too_many_forms": _(
            "A campaign has %(num)s files at most. Remove some, or choose fewer at once."
        ),
    }

    def clean(self) -> None:
        super().clean()
        names, octets = [], 0
        for form in self.forms:
            cleaned = getattr(form, "cleaned_data", {})
            if cleaned.get("DELETE") or not (form.has_changed() or form.instance.pk):
                continue
            taken = cleaned.get("upload")
            names.append(taken.name if taken else form.instance.name)
            octets += len(taken.data) if taken else form.instance.octets or 0
        if octets > MOST_OCTETS:
            raise ValidationError(too_large())
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValidationError(
                gettext("“%(name)s” is attached twice. Rename one, or remove it.")
                % {"name": min(twice)}
            )


class AttachmentInline(TabularInline):
    model = Attachment
    form = AttachmentForm
    formset = AttachmentFormSet
    extra = 0
    max_num = MOST_FILES
    hide_title = True
    add_text = _("Attach a file")
    verbose_name = _("attachment")
    verbose_name_plural = format_lazy(
        _("attachments, the same for every recipient: {files} files, {megabytes} MB"),
        files=MOST_FILES,
        megabytes=MOST_MEGABYTES,
    )

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        bounds = {"validate_max": True, "absolute_max": MOST_FILES + 1}
        return super().get_formset(request, obj, **{**bounds, **kwargs})

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A file is chosen in a form alone."""
        return ("name", "size", "upload") if _is_open(obj) else ("name", "size")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("name", "size")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _is_open(obj) and super().has_delete_permission(request, obj)

    @admin.display(description=_("size"))
    def size(self, attachment: Attachment) -> str:
        return filesizeformat(attachment.octets) if attachment.octets else "–"


def details(task: Task) -> list[tuple[str, str]]:
    """For the question before a launch."""
    told = said(task)
    return [(gettext("Attachments"), told)] if told else []


def said(task: Task) -> str:
    """Names and sizes, "" without any."""
    files = Attachment.objects.filter(task=task).order_by("pk")
    return listed(f"{file.name} ({filesizeformat(file.octets)})" for file in files)


def _is_open(task: Any) -> bool:
    return task is None or task.status == TaskStatus.DRAFT
