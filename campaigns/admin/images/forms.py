"""Forms of pictures."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget

from admin_kit.base import OwnedForm
from campaigns.images import keeping
from campaigns.images.reencode import MAX_MEGABYTES, Picture, Refused
from campaigns.models import Image


class ImageForm(OwnedForm):
    class Meta:
        model = Image
        fields = ("name", "alt", "is_decoration")

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not cleaned.get("alt") and not cleaned.get("is_decoration"):
            self.add_error(
                "alt",
                gettext("Say in a few words what the picture shows, or tick “mere decoration”."),
            )
        return cleaned


class NewImageForm(ImageForm):
    upload = forms.FileField(
        label=_("Picture"),
        widget=UnfoldAdminFileFieldWidget(
            attrs={"accept": "image/jpeg,image/png,image/gif,image/webp"}
        ),
        help_text=format_lazy(
            _(
                "JPEG, PNG, GIF or WebP, at most {most} MB. It is made anew, without what cameras "
                "write into pictures, and made smaller where it is wider than 1,600 pixels."
            ),
            most=MAX_MEGABYTES,
        ),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["name"].required = False
        self.fields["name"].help_text = gettext("That of the file when it is left empty.")

    def clean_upload(self) -> UploadedFile[bytes]:
        file: UploadedFile[bytes] = self.cleaned_data["upload"]
        if (file.size or 0) > MAX_MEGABYTES * 1_000_000:
            raise ValidationError(
                gettext("The file is larger than %(most)s MB. Make it smaller.")
                % {"most": MAX_MEGABYTES}
            )
        return file

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        file: UploadedFile[bytes] | None = cleaned.get("upload")
        if file is None:
            return cleaned
        if not cleaned.get("name"):
            cleaned["name"] = _named(file)
        try:
            cleaned["picture"] = self._understood(file)
        except Refused as error:
            self.add_error("upload", str(error))
        if self.errors and not self.has_error("upload"):
            self.add_error("upload", gettext("Choose the file again: browsers do not keep it."))
        return cleaned

    def _understood(self, file: UploadedFile[bytes]) -> Picture:
        file.seek(0)
        return keeping.understand(file.read())


def _named(file: UploadedFile[bytes]) -> str:
    stem = PurePath(file.name or "").stem
    return "".join(c for c in stem if c.isprintable())[:200].strip() or gettext("Picture")
