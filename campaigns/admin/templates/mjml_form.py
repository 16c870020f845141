"""Templates written in MJML: the HTML is made of it each time the form is checked."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.forms import Field
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedForm
from campaigns.models import TemplateFormat
from campaigns.rendering import content
from sandbox import Failed

TWO_PREVIEW_TEXTS = _(
    "The MJML has a preview text of its own, in <mj-preview>, and a message has one: empty this "
    "field, or remove <mj-preview>."
)
REQUIRED = Field.default_error_messages["required"]
HELP: dict[str, Any] = {
    "format": _("Of MJML the HTML is made each time you save."),
    "html": "",
    "mjml": _("It is kept when you change to HTML."),
}


class MjmlForm(OwnedForm):
    """`html` is required with the format HTML only, `mjml` with MJML only."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, text in HELP.items():
            if name in self.fields:
                self.fields[name].required = False
                self.fields[name].help_text = text
        if "format" in self.fields:
            kept = {TemplateFormat.HTML, TemplateFormat.MJML, self.instance.format}
            choices = [one for one in TemplateFormat.choices if one[0] in kept]
            self.fields["format"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean()
        if "html" in self.fields:
            data["format"] = data.get("format") or self.instance.format
            if data["format"] == TemplateFormat.MJML:
                self._make_html(data)
            elif not data.get("html") and not self.has_error("html"):
                self.add_error("html", ValidationError(REQUIRED, code="required"))
        return data

    def _make_html(self, data: dict[str, Any]) -> None:
        mjml = data.get("mjml") or ""
        try:
            data["html"] = content.compile_mjml(mjml)
            if data.get("preview_text") and content.preview_text_of_mjml(mjml):
                self.add_error("preview_text", TWO_PREVIEW_TEXTS)
        except content.TemplateError as error:
            self.add_error("mjml", ValidationError(str(error), code="template"))
        except Failed:
            self.add_error("mjml", ValidationError(content.NOT_NOW, code="template"))

    def add_error(self, field: str | None, error: Any) -> None:
        """What is wrong with HTML made of MJML is said of the MJML. Nothing is said of HTML
        that could not be made, or is missing.
        """
        found = getattr(error, "error_dict", {})
        if field is None and "html" in found:
            said, written_in = found.pop("html"), "mjml" if self._is_in_mjml() else "html"
            if not self.has_error(written_in):
                super().add_error(written_in, said)
            if not found:
                return
        super().add_error(field, error)

    def _is_in_mjml(self) -> bool:
        return bool(self.cleaned_data.get("format", self.instance.format) == TemplateFormat.MJML)
