"""Does the service work, what does the template look like? A single message shows it."""

from __future__ import annotations

from dataclasses import replace
from email.utils import make_msgid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from campaigns import content, suppressing
from campaigns.addresses import clean_address
from campaigns.admin.base import Visitor
from campaigns.admin.confirmation import StyledForm
from campaigns.admin.templates import SAMPLE, ContactField, render_template
from campaigns.models import Contact, Template
from campaigns.models.content import local_part_validator
from dispatch import trial
from dispatch.models import EmailService
from dispatch.providers.base import Accepted, Message

BUILT_IN = Template(
    subject="Test from {{ service }}",
    html="<p>This is a test message sent through {{ service }}.</p>",
)


class TestMailForm(StyledForm):
    """To whom: anybody for whoever controls services, else only to oneself."""

    __test__ = False  # not a test case, whatever its name looks like

    template = forms.ModelChoiceField(
        Template.objects.none(), required=False, empty_label="A short built-in message"
    )
    service = forms.ModelChoiceField(EmailService.objects.none(), label="Email service")
    local_part = forms.CharField(
        label="From",
        initial="test",
        max_length=64,
        validators=[local_part_validator],
        help_text="The part before the @; the domain is that of the service.",
    )
    to = forms.CharField(max_length=254, help_text="Who gets the message.")

    def __init__(self, data: Any, request: HttpRequest) -> None:
        super().__init__(data, initial=_initial(request))
        user = request.user
        self.own_address = getattr(user, "email", "")
        self.may_choose = user.has_perm("dispatch.control_emailservice")
        self._choices("template").queryset = Template.objects.visible_to(user)
        self._choices("service").queryset = self._services(user)
        self.fields["contact"] = ContactField(
            user=user,
            label="Contact's address",
            widget=forms.TextInput(),
            help_text="Whose values fill the template; leave empty for sample values.",
        )
        if not self.may_choose:
            self.fields["to"].help_text = "Your own address: a test goes to nobody else."
        self.restyle()

    def _choices(self, name: str) -> Any:
        return self.fields[name]

    def _services(self, user: Visitor) -> QuerySet[EmailService]:
        """Whoever controls services may also try one that is not enabled yet."""
        if self.may_choose:
            return EmailService.objects.visible_to(user)
        return EmailService.objects.usable_by(user.pk or 0)

    def clean_to(self) -> str:
        address = clean_address(self.cleaned_data["to"])
        if not self.may_choose and address != self.own_address.strip().lower():
            raise ValidationError(
                "You may send a test only to your own address"
                + (f", {self.own_address}." if self.own_address else "; your account has none.")
            )
        if suppressing.suppressed([address]):
            raise ValidationError("This address is suppressed: nothing is sent to it.")
        return address


def _initial(request: HttpRequest) -> dict[str, Any]:
    asked = {name: request.GET.get(name) for name in ("template", "service", "contact")}
    return {**asked, "to": getattr(request.user, "email", "")}


def send_test(cleaned: dict[str, Any]) -> Accepted:
    """Render and hand over. Raises NoSlot, DeliveryError, ContentError or Failed."""
    service: EmailService = cleaned["service"]
    rendered = _rendered(cleaned["template"], cleaned["contact"], service)
    message = Message(
        message_id=make_msgid(domain=service.domain),
        from_email=f"{cleaned['local_part']}@{service.domain}",
        to_email=cleaned["to"],
        rendered=replace(rendered, subject=f"[Test] {rendered.subject}"),
    )
    return trial.send(service, message)


def _rendered(
    template: Template | None, contact: Contact | None, service: EmailService
) -> content.Rendered:
    if template is not None:
        return render_template(template, contact)
    return content.render(BUILT_IN, {**SAMPLE, "service": service.name})
