"""A form whose page shows what will come of it, while it is filled in and before it is saved."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin, OwnedForm

PREVIEW = "_preview"
"""A button, and a script, that post the form without saving it."""
BUTTON = {"action_name": PREVIEW, "description": _("Preview"), "icon": "visibility"}


class PreviewedForm(OwnedForm):
    is_for_show = False
    """Then it is checked as ever, but never valid, so that nothing saves it."""

    def is_valid(self) -> bool:
        return super().is_valid() and not self.is_for_show


class PreviewedAdmin(OwnedAdmin):
    form = PreviewedForm

    def preview_of(self, request: HttpRequest, form: Any) -> Any:
        """For the template, as `preview`: of what was posted as far as it is right, else of what is
        saved."""
        raise NotImplementedError

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"is_for_show": PREVIEW in request.POST})

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["preview"] = self.preview_of(request, context["adminform"].form)
        saved = context["original"]
        if saved is None or self.has_change_permission(request, saved):
            context["actions_submit_line"] = [BUTTON]
        if PREVIEW in request.POST:
            messages.info(request, gettext("This form is not saved yet."))
        return super().render_change_form(request, context, *args, **kwargs)
