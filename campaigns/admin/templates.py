"""Admin pages for templates, with previews."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django import forms
from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR, TO_FIELD_VAR
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode

from addressing.addresses import clean_address
from admin_kit.base import OwnedAdmin, OwnedForm, Visitor
from admin_kit.confirmation import StyledForm, page
from admin_kit.typed import Textarea, button
from campaigns.admin import uses
from campaigns.admin.changes import ExplainedChanges
from campaigns.models import Contact, Sender, Template
from campaigns.preflight import merge_fields, notices, samples
from campaigns.rendering import content
from sandbox import Failed

# The policy of a page holds in its sandboxed frame, too, where no script runs. What the message
# loads is seen there as its recipients see it.
MESSAGE_POLICY = {
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "https:", "http:"],
    "font-src": [SELF, "https:", "http:"],
}

PREVIEW, EDIT = "_preview", "_edit"
"""Buttons that post the text without saving it: to see how it looks, and to write on."""
_OF_POPUPS: tuple[str, ...] = (IS_POPUP_VAR, TO_FIELD_VAR)
PREVIEW_BUTTON = {"action_name": PREVIEW, "description": "Preview", "icon": "visibility"}


@dataclass(slots=True)
class Preview:
    """A template rendered for a sample recipient, or the reason why it cannot be rendered."""

    who: str
    sender: str
    reply_to: str
    error: str = ""
    rendered: content.Rendered | None = field(default=None)


def preview(template: Template, contact: Contact | None, sender: Sender) -> Preview:
    """Render as a launch would, with the footer and test links."""
    who = str(contact) if contact else "sample values"
    made = Preview(who, str(sender), sender.reply_to)
    try:
        made.rendered = samples.render(template, contact, sender)
    except content.ContentError as error:
        made.error = str(error)
    except Failed:
        made.error = content.NOT_NOW
    return made


class ContactField(forms.CharField):
    """A contact by address, among those a user may see. Empty stands for sample values."""

    def __init__(self, *, user: Visitor, **kwargs: Any) -> None:
        super().__init__(required=False, max_length=254, **kwargs)
        self.user = user

    def clean(self, value: Any) -> Contact | None:
        address = super().clean(value)
        if not address:
            return None
        contacts = Contact.objects.visible_to(self.user).filter(email=clean_address(address))
        contact: Contact | None = contacts.order_by("pk").first()
        if contact is None:
            raise ValidationError("You have no contact with this address.")
        return contact


class PreviewForm(StyledForm):
    sender = forms.ModelChoiceField(Sender.objects.none(), required=False, empty_label="")

    def __init__(self, data: Any, user: Visitor, shown: Contact | None, sender: Sender) -> None:
        super().__init__(data, initial={"contact": shown, "sender": sender.pk})
        self.fields["contact"] = ContactField(
            user=user,
            label="Contact's address",
            widget=forms.TextInput(),
            help_text="Leave empty for sample values.",
        )
        senders = Sender.objects.visible_to(user).filter(owner=sender.owner_id)
        self.fields["sender"].queryset = senders.order_by("pk")  # type: ignore[attr-defined]
        self.restyle()


class TemplateForm(OwnedForm):
    is_for_show = False
    """Then it is checked as ever, but never valid, so that nothing saves it."""

    class Meta:
        widgets = {
            "html": Textarea(attrs={"rows": 24, "class": "edm-code", "spellcheck": "false"}),
            "text": Textarea(attrs={"rows": 10, "class": "edm-code"}),
        }

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


def _is_for_show(request: HttpRequest) -> bool:
    return PREVIEW in request.POST or EDIT in request.POST


@admin.register(Template)
class TemplateAdmin(ExplainedChanges, OwnedAdmin):
    form = TemplateForm
    list_display = ("name", "subject", "updated_at")
    ordering = ("name", "pk")
    search_fields = ("name", "subject")
    search_help_text = "Part of a name or a subject"
    fieldsets = (
        (None, {"fields": ("owner", "name")}),
        (
            "Message",
            {
                "fields": ("subject", "preview_text", "html", "text"),
                "description": "Everywhere: {{ name }}, {{ email }}, "
                "{{ first_name | default: 'friend' }} and every other attribute of a contact.",
            },
        ),
    )
    actions_detail = ("preview", "send_test")

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        return uses.by_tasks(objects, request.user, "templates")

    def save_model(self, request: HttpRequest, obj: Template, *args: Any, **kwargs: Any) -> None:
        super().save_model(request, obj, *args, **kwargs)
        for warning in merge_fields.report_for_owner(obj).warnings:
            messages.warning(request, warning)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"is_for_show": _is_for_show(request)})

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
            messages.info(request, "This text is not saved yet.")
        saved = context["original"]
        may_save = saved is None or self.has_change_permission(request, saved)
        context["actions_submit_line"] = [PREVIEW_BUTTON] if may_save else []
        return super().render_change_form(request, context, *args, **kwargs)

    def _preview_of_unsaved(self, request: HttpRequest, form: Any) -> HttpResponse:
        """That of the saved text if there is no difference. The page carries the text along."""
        template = form.instance
        if template.pk and not form.has_changed():
            return HttpResponseRedirect(self.url("preview", template.pk))
        carried = {name: request.POST[name] for name in _OF_POPUPS if name in request.POST}
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

    @button("Preview", "preview", icon="visibility", permissions=["view"])
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        template = self.visible(request, object_id)
        return self._preview_page(request, template, request.GET)

    @method_decorator(csp_replace(MESSAGE_POLICY))
    def _preview_page(
        self, request: HttpRequest, template: Template, asked: QueryDict, **context: Any
    ) -> HttpResponse:
        """`asked` names a contact and a sender, or neither."""
        contacts = Contact.objects.visible_to(request.user).filter(owner=template.owner_id)
        first = contacts.order_by("pk").first()
        usual = samples.usual_sender(template)
        form = PreviewForm(asked if "contact" in asked else None, request.user, first, usual)
        contact = form.cleaned_data["contact"] if form.is_valid() else first
        sender = (form.cleaned_data["sender"] if form.is_valid() else None) or usual
        return page(
            request,
            self,
            "admin/campaigns/template/preview.html",
            title=f"Preview of {template}",
            original=template if template.pk else None,
            form=form,
            preview=None if form.errors else preview(template, contact, sender),
            notices=notices.of_template(template),
            merge_fields=merge_fields.report_for_owner(template),
            test_url=self._test_url(template, contact, sender),
            to_test={"formaction": reverse("admin:dispatch_emailservice_test_mail")},
            back_url=self.url("change", template.pk) if template.pk else "",
            **context,
        )

    @button(
        "Send a test",
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
