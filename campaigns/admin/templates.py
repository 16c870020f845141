"""Templates, and how one looks to a contact."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from csp.constants import SELF, UNSAFE_INLINE
from csp.decorators import csp_replace
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode

from campaigns import content, notices
from campaigns.addresses import clean_address
from campaigns.admin.base import OwnedAdmin, OwnedForm, Visitor
from campaigns.admin.confirmation import StyledForm, page
from campaigns.admin.typed import Textarea, button
from campaigns.models import Contact, Template
from sandbox import Failed

# The policy of a page holds in its sandboxed frame, too, where no script runs. What the message
# loads is seen there as its recipients see it.
MESSAGE_POLICY = {
    "style-src": [SELF, UNSAFE_INLINE],
    "img-src": [SELF, "data:", "https:", "http:"],
    "font-src": [SELF, "https:", "http:"],
}
SAMPLE = {
    "name": "Ada Lovelace",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
}


# What is each recipient's own leads nowhere in a preview or a test message.
NOBODYS_LINKS = {
    "unsubscribe_url": "#unsubscribe",
    "preferences_url": "#preferences",
    "web_view_url": "#web-view",
}


@dataclass(slots=True)
class Preview:
    """A template rendered for somebody, or why it cannot be."""

    who: str
    error: str = ""
    rendered: content.Rendered | None = field(default=None)


def preview(template: Template, contact: Contact | None) -> Preview:
    """Render as a launch would: CSS inlined, text made from the HTML when there is none."""
    who = str(contact) if contact else "sample values"
    try:
        rendered = render_template(template, contact)
    except content.ContentError as error:
        return Preview(who, error=str(error))
    except Failed:
        return Preview(who, error=content.NOT_NOW)
    return Preview(who, rendered=rendered)


def render_template(template: Template, contact: Contact | None) -> content.Rendered:
    """Raises ContentError or Failed."""
    compiled = Template(
        subject=template.subject,
        preview_text=template.preview_text,
        html=content.compile_html(template.html),
        text=template.text,
    )
    variables = contact.merge_variables() if contact else SAMPLE
    return content.render(compiled, {**variables, **NOBODYS_LINKS})


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
    def __init__(self, data: Any, user: Visitor, shown: Contact | None) -> None:
        super().__init__(data, initial={"contact": shown})
        self.fields["contact"] = ContactField(
            user=user,
            label="Contact's address",
            widget=forms.TextInput(),
            help_text="Leave empty for sample values.",
        )
        self.restyle()


class TemplateForm(OwnedForm):
    class Meta:
        widgets = {
            "html": Textarea(attrs={"rows": 24, "class": "edm-code", "spellcheck": "false"}),
            "text": Textarea(attrs={"rows": 10, "class": "edm-code"}),
        }


@admin.register(Template)
class TemplateAdmin(OwnedAdmin):
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

    @button("Preview", "preview", icon="visibility", permissions=["view"])
    @method_decorator(csp_replace(MESSAGE_POLICY))
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        template = self.visible(request, object_id)
        contacts = Contact.objects.visible_to(request.user).filter(owner=template.owner_id)
        first = contacts.order_by("pk").first()
        form = PreviewForm(request.GET if "contact" in request.GET else None, request.user, first)
        contact = form.cleaned_data["contact"] if form.is_valid() else first
        return page(
            request,
            self,
            "admin/campaigns/template/preview.html",
            title=f"Preview of {template}",
            original=template,
            form=form,
            preview=None if form.errors else preview(template, contact),
            notices=notices.of_html(template.html),
            test_url=self._test_url(template, contact),
            back_url=self.url("change", template.pk),
        )

    @button(
        "Send a test",
        "send-test",
        icon="forward_to_inbox",
        permissions=["view", "campaigns.launch_task"],
    )
    def send_test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return HttpResponseRedirect(self._test_url(self.visible(request, object_id), None))

    def _test_url(self, template: Template, contact: Contact | None) -> str:
        query = {"template": str(template.pk)} | ({"contact": contact.email} if contact else {})
        return f"{reverse('admin:dispatch_emailservice_test_mail')}?{urlencode(query)}"
