"""Send one message to try a service or a template."""

from __future__ import annotations

from dataclasses import replace
from email.utils import make_msgid
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest

from addressing.addresses import AddressError, as_written, clean_address, normalise
from admin_kit.base import Visitor
from admin_kit.confirmation import StyledForm
from campaigns import suppressions
from campaigns.admin.templates import PREVIEW, ContactField
from campaigns.models import Sender, Template
from campaigns.models.content import local_part_validator
from campaigns.preflight import samples
from dispatch.claiming import compose
from dispatch.claiming.deliveries import Claim
from dispatch.engine import one_off
from dispatch.message.message import Accepted, Message
from dispatch.models import EmailService
from tracking.links import personalise

BUILT_IN = Template(
    subject="Test from {{ service }}",
    html="<p>This is a test message sent through {{ service }}.</p>",
)


class NotMade(Exception):
    """No message could be made for this recipient; the text says why."""


class TestMailForm(StyledForm):
    """To any address for users who control services, else only to their own."""

    __test__ = False  # not a test case, despite its name

    template = forms.ModelChoiceField(
        Template.objects.none(), required=False, empty_label="A short built-in message"
    )
    service = forms.ModelChoiceField(EmailService.objects.none(), label="Email service")
    sender = forms.ModelChoiceField(
        Sender.objects.none(),
        required=False,
        empty_label="The sender of the template's last task, else its owner's first",
        help_text="Whose name, reply-to address and postal address the message has.",
    )
    local_part = forms.CharField(
        label="From, without a sender",
        initial="test",
        max_length=64,
        validators=[local_part_validator],
        help_text="The part before the @; the domain is that of the service.",
    )
    to = forms.CharField(max_length=254, help_text="Who gets the message.")

    def __init__(self, data: Any, request: HttpRequest, unsaved: Template | None = None) -> None:
        """With `unsaved` text there is no template to choose."""
        super().__init__(data, initial=_initial(request))
        self.unsaved = unsaved
        user = request.user
        self.own_address = getattr(user, "email", "")
        self.may_choose = user.has_perm("dispatch.control_emailservice")
        self._choices("template").queryset = Template.objects.visible_to(user)
        self._choices("sender").queryset = Sender.objects.visible_to(user).order_by("pk")
        self._choices("service").queryset = self._services(user)
        self.fields["contact"] = ContactField(
            user=user,
            label="Contact's address",
            widget=forms.TextInput(),
            help_text="Whose values fill the template; leave empty for sample values.",
        )
        if unsaved is not None:
            del self.fields["template"]
        if not self.may_choose:
            self.fields["to"].help_text = "Your own address: a test goes to no other."
        self.restyle()

    def _choices(self, name: str) -> Any:
        return self.fields[name]

    def _services(self, user: Visitor) -> QuerySet[EmailService]:
        """Users who control services may also try one that is not enabled yet."""
        if self.may_choose:
            return EmailService.objects.visible_to(user)
        return EmailService.objects.usable_by(user.pk or 0)

    def clean(self) -> dict[str, Any]:
        return {"template": self.unsaved, **self.cleaned_data}

    def clean_to(self) -> str:
        address = clean_address(self.cleaned_data["to"])
        if not self.may_choose and not _is_same(address, self.own_address):
            raise ValidationError(
                "You may send a test only to your own address"
                + (f", {self.own_address}." if self.own_address else "; your account has none.")
            )
        if suppressions.suppressed([address]):
            raise ValidationError("This address is suppressed: nothing is sent to it.")
        return address


class UnsavedText:
    """Of a template, posted by the page of its preview, and posted again with each test of it."""

    def __init__(self, request: HttpRequest) -> None:
        """Raises Http404 or PermissionDenied."""
        templates: Any = admin.site.get_model_admin(Template)
        self.form = templates.posted_text(request)
        self.template: Template = self.form.instance
        key = self.template.pk
        self._page = templates.url("change", key) if key else templates.url("add")

    @staticmethod
    def is_in(request: HttpRequest) -> bool:
        return "html" in request.POST

    @property
    def mistakes(self) -> list[str]:
        return [str(mistake) for each in self.form.errors.values() for mistake in each]

    @property
    def context(self) -> dict[str, Any]:
        """So that the page carries the text on, and leads back to its preview."""
        return {
            "title": f"Send a test of “{self.template}”, not saved yet",
            "carried_form": self.form,
            "carried": {"template": self.template.pk or ""},
            "back_button": {"name": PREVIEW, "formaction": self._page},
        }


def _is_same(stored: str, entered: str) -> bool:
    try:
        return normalise(entered) == stored
    except AddressError:
        return False


def _initial(request: HttpRequest) -> dict[str, Any]:
    given = request.POST if request.method == "POST" else request.GET
    asked = {name: given.get(name) for name in ("template", "service", "contact", "sender")}
    asked["contact"] = asked["contact"] and as_written(asked["contact"])
    return {**asked, "to": getattr(request.user, "email", "")}


def send_test(cleaned: dict[str, Any]) -> Accepted:
    """Make the message as it is made for a recipient, and hand it over. Raises NoSlot,
    DeliveryError, ContentError or Failed.
    """
    service: EmailService = cleaned["service"]
    frozen = samples.freeze(cleaned["template"] or BUILT_IN, _sender(cleaned))
    values = {"service": service.name, **samples.values_of(cleaned["contact"])}
    claim = Claim(personalise.TEST, personalise.TEST, personalise.TEST, cleaned["to"], values, 0)
    made = compose.compose(claim, frozen, service.domain)
    if not isinstance(made, Message):
        raise NotMade(made.why)
    rendered = replace(made.rendered, subject=f"[Test] {made.rendered.subject}")
    # Each test is a message of its own, of no SubTask.
    own_id = make_msgid(domain=service.domain)
    return one_off.send(
        service, replace(made, message_id=own_id, rendered=rendered, subtask_id=None)
    )


def _sender(cleaned: dict[str, Any]) -> Sender:
    chosen: Sender | None = cleaned["sender"]
    if chosen is None and cleaned["template"] is not None:
        chosen = samples.usual_sender(cleaned["template"])
    return chosen if chosen and chosen.pk else Sender(local_part=cleaned["local_part"])
