"""The form in which a template is written."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import ValidationError

from admin_kit.typed import Textarea, TextInput
from campaigns.admin.handing_on import tasks_that_keep
from campaigns.admin.templates.code_widget import CodeArea
from campaigns.admin.templates.mjml_form import MjmlForm
from campaigns.preflight.variables import words_of
from campaigns.rendering import content


class TemplateForm(MjmlForm):
    of_teams = ("sender",)
    is_for_show = False
    """Then it is checked as ever, but never valid, so that nothing saves it."""

    class Meta:
        widgets = {
            "folder": TextInput(attrs={"list": "edm-folders", "autocomplete": "off"}),
            "html": CodeArea("liquid", "HTML"),
            "mjml": CodeArea("liquid", "MJML"),
            "text": Textarea(attrs={"rows": 5, "class": "edm-code"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field.widget, CodeArea):
                field.widget.words = words_of(self.instance.owner_id)

    def add_prefix(self, field_name: str) -> str:
        """Previews and tests, which carry this form along, ask for a sender of their own."""
        return super().add_prefix("default_sender" if field_name == "sender" else field_name)

    def what_keeps_it(self, owner: User) -> list[str]:
        return tasks_that_keep(self.instance, owner, self.user, "templates", of_teams=True)

    def is_valid(self) -> bool:
        return super().is_valid() and not self.is_for_show

    def full_clean(self) -> None:
        """Also report errors of the message as a whole."""
        super().full_clean()
        if self.is_bound:
            try:
                content.validate_template(self.instance)
            except ValidationError as error:
                self.add_error(None, error)
