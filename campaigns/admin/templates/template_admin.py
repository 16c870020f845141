"""Admin pages for templates, with previews."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from csp.decorators import csp_replace, csp_update
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR, TO_FIELD_VAR
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import page
from admin_kit.forms.meanwhile import SEEN
from admin_kit.typed import button
from campaigns.admin import uses
from campaigns.admin.changes import ExplainedChanges
from campaigns.admin.images.image_admin import FROM_THEIR_STORE
from campaigns.admin.planning.writing import WritesForCampaigns
from campaigns.admin.seeing.preview import MESSAGE_POLICY, preview, seen
from campaigns.admin.seeing.preview import asked as asked_of
from campaigns.admin.seeing.suggesting import SuggestsContacts
from campaigns.admin.templates.blocks_pages import BUTTONS, BlocksPages
from campaigns.admin.templates.checklist import Checklist
from campaigns.admin.templates.copies import Copies, folders_of
from campaigns.admin.templates.form import TemplateForm
from campaigns.admin.templates.listing import Listing
from campaigns.admin.templates.live import LIVE_MEDIA, LivePreview
from campaigns.admin.templates.starters import Starters
from campaigns.admin.templates.versions import Versions
from campaigns.models import Contact, Sender, Template
from campaigns.preflight import merge_fields, notices, samples

PREVIEW, EDIT = "_preview", "_edit"
"""Buttons that post the text without saving it: to see how it looks, and to write on."""
_CARRIED: tuple[str, ...] = (IS_POPUP_VAR, TO_FIELD_VAR, SEEN)
PREVIEW_BUTTON = {"action_name": PREVIEW, "description": _("Preview"), "icon": "visibility"}


def _is_for_show(request: HttpRequest) -> bool:
    return PREVIEW in request.POST or EDIT in request.POST


@admin.register(Template)
@method_decorator(csp_update(FROM_THEIR_STORE), name="changeform_view")
class TemplateAdmin(
    WritesForCampaigns,
    ExplainedChanges,
    Versions,
    Checklist,
    Copies,
    LivePreview,
    SuggestsContacts,
    BlocksPages,
    Starters,
    Listing,
    OwnedAdmin,
):
    form = TemplateForm
    fieldsets = (
        (None, {"fields": (("name", "folder"),)}),
        (
            _("Message"),
            {
                "fields": ("subject", "preview_text", "format", "mjml", "html"),
                "description": _(
                    "Personal in subject and text: {{ first_name | default: 'friend' }}, and all "
                    "that “Variables” of the preview lists."
                ),
            },
        ),
        (_("Plain text and sender"), {"fields": ("text", "sender", "owner")}),
    )
    actions_list = (*BlocksPages.actions_list, "starters")
    add_page = "starters"
    actions_detail = ("preview", "checklist", "send_test", "duplicate", "versions", *BUTTONS)
    change_form_after_template = "admin/campaigns/template/live.html"
    hidden_changes = ("blocks",)

    def get_actions_list(self, request: HttpRequest) -> list[Any]:
        """The one button leads to every way to begin."""
        return []

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        return uses.by_tasks(objects, request.user, "templates")

    def save_model(self, request: HttpRequest, obj: Template, *args: Any, **kwargs: Any) -> None:
        super().save_model(request, obj, *args, **kwargs)
        self.tell_findings(request, obj)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        form = super().get_form(request, obj, change=change, **kwargs)
        told = {"is_for_show": True, "is_to_save": False} if _is_for_show(request) else {}
        return type(form.__name__, (form,), told)

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        if object_id is not None and _is_for_show(request):
            self.visible(request, object_id)
        return super().changeform_view(request, object_id, *args, **kwargs)

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        form = context["adminform"].form
        if PREVIEW in request.POST and not form.errors:
            return self._preview_of_unsaved(request, form)
        if EDIT in request.POST:
            messages.info(request, gettext("This text is not saved yet."))
        saved = context["original"]
        may_save = saved is None or self.has_change_permission(request, saved)
        if may_save:
            context["actions_submit_line"] = [PREVIEW_BUTTON]
            context["media"] += LIVE_MEDIA
            context.update(self.live_panel(saved), folders=folders_of(request.user))
        return super().render_change_form(request, context, *args, **kwargs)

    def _preview_of_unsaved(self, request: HttpRequest, form: Any) -> HttpResponse:
        """That of the saved text if there is no difference. The page carries the text along."""
        template = form.instance
        if template.pk and not form.has_changed():
            return HttpResponseRedirect(self.url("preview", template.pk))
        carried = {name: request.POST[name] for name in _CARRIED if name in request.POST}
        if template.pk:
            carried["template"] = str(template.pk)
        return self._preview_page(request, template, request.POST, unsaved=form, carried=carried)

    def posted_text(self, request: HttpRequest) -> Any:
        """The form with text that the page of a preview carried along, to be shown and not to be
        saved. Raises Http404 or PermissionDenied.
        """
        key = request.POST.get("template")
        saved = self.visible(request, key) if key else None
        may_change = saved is not None and self.has_change_permission(request, saved)
        if not (may_change or (saved is None and self.has_add_permission(request))):
            raise PermissionDenied
        form = self.get_form(request, saved, change=saved is not None)
        return form(request.POST, instance=saved)

    @button(_("Preview"), "preview", icon="visibility", permissions=["view"])
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        template = self.visible(request, object_id)
        return self._preview_page(request, template, request.GET)

    @method_decorator(csp_replace(MESSAGE_POLICY))
    def _preview_page(
        self, request: HttpRequest, template: Template, asked: QueryDict, **context: Any
    ) -> HttpResponse:
        """`asked` says how and as whom it is seen, and from which sender."""
        usual = samples.usual_sender(template)
        wanted = asked_of(asked, request.user, template, usual)
        contact, sender = wanted.contact, wanted.sender or usual
        shown = None if wanted.form.errors else preview(template, contact, sender)
        return page(
            request,
            self,
            "admin/campaigns/template/preview.html",
            title=gettext("Preview of %(template)s") % {"template": template},
            original=template if template.pk else None,
            **seen(shown, wanted),
            notices=notices.of_template(template),
            merge_fields=merge_fields.report_for_owner(template),
            test_url=self._test_url(template, contact, sender),
            to_test={"formaction": reverse("admin:dispatch_emailservice_test_mail")},
            back_url=self.url("change", template.pk) if template.pk else "",
            **context,
        )

    @button(
        _("Send a test"),
        "send-test",
        icon="forward_to_inbox",
        permissions=["view", "campaigns.launch_task"],
    )
    def send_test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(self._test_url(self.visible(request, object_id)))

    def _test_url(
        self, template: Template, contact: Contact | None = None, sender: Sender | None = None
    ) -> str:
        asked = {
            "template": template.pk,
            "contact": contact and contact.email,
            "sender": sender and sender.pk,
        }
        query = {name: value for name, value in asked.items() if value}
        return f"{reverse('admin:dispatch_emailservice_test_mail')}?{urlencode(query)}"
