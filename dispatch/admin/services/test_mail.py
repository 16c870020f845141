"""The form in which staff ask for a test of a service, a template or a variant of a campaign."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, QueryDict
from django.urls import reverse
from django.utils.text import format_lazy
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from addressing.addresses import AddressError, as_written, normalise
from admin_kit.base import Visitor
from admin_kit.confirmation import StyledForm
from campaigns import suppressions
from campaigns.admin.ab_tests.variants import described, weighs
from campaigns.admin.seeing.preview import ContactField
from campaigns.admin.seeing.suggesting import ContactInput
from campaigns.admin.templates.template_admin import PREVIEW
from campaigns.models import Sender, Task, TaskTemplate, Template
from campaigns.models.content import local_part_validator
from campaigns.preflight import samples
from dispatch.admin.services.addresses import AddressesField
from dispatch.models import EmailService, SeedList
from dispatch.models.seed_list import MOST

CHECK = "admin:campaigns_task_step_check"
"""Of the steps of a campaign, which leads to its page once it is launched."""

ORDER = ("variant", "template", "to", "seed_list", "service", "contact", "sender", "local_part")


class TestMailForm(StyledForm):
    """To any address for users who control services, else only to their own and to those of seed
    lists. With a `variant` of a campaign, what the campaign says of its template holds.
    """

    __test__ = False  # not a test case, despite its name

    variant = forms.ModelChoiceField(
        TaskTemplate.objects.none(), empty_label=None, label=_("What is sent")
    )
    template = forms.ModelChoiceField(
        Template.objects.none(),
        required=False,
        empty_label=_("A short built-in message"),
        label=_("Template"),
    )
    service = forms.ModelChoiceField(EmailService.objects.none(), label=_("Email service"))
    sender = forms.ModelChoiceField(
        Sender.objects.none(),
        required=False,
        empty_label=_("The sender of the template's last campaign, else its owner's first"),
        help_text=_("Whose name, reply-to address and postal address the message has."),
        label=_("Sender"),
    )
    local_part = forms.CharField(
        label=_("From, without a sender"),
        initial="test",
        max_length=64,
        validators=[local_part_validator],
        help_text=_("The part before the @; the domain is that of the service."),
    )
    to = AddressesField(
        required=False,
        help_text=format_lazy(
            _("Who gets the message: addresses, {most} at most with those of the seed list."),
            most=MOST,
        ),
        label=_("Recipients"),
    )
    seed_list = forms.ModelChoiceField(
        SeedList.objects.none(), required=False, empty_label=_("None"), label=_("And a seed list")
    )
    unmarked = forms.BooleanField(
        required=False,
        label=_("Without a mark"),
        help_text=_("Else the subject begins with “[Test]”."),
    )

    def __init__(self, data: Any, request: HttpRequest, unsaved: Template | None = None) -> None:
        """With `unsaved` text there is no template to choose."""
        super().__init__(data, initial=_initial(request))
        self.unsaved = unsaved
        user = request.user
        self.campaign_url = ""
        self.services_of_campaign = EmailService.objects.none()
        self.own_address = getattr(user, "email", "")
        self.may_choose = user.has_perm("dispatch.control_emailservice")
        self._choices("template").queryset = Template.objects.visible_to(user)
        self._choices("sender").queryset = Sender.objects.visible_to(user).order_by("pk")
        self._choices("service").queryset = self._services(user)
        self.seed_lists = SeedList.objects.visible_to(user)
        self._choices("seed_list").queryset = self.seed_lists.order_by("name", "pk")
        self.fields["contact"] = ContactField(
            user=user,
            label=gettext("Contact's address"),
            widget=ContactInput(),
            help_text=gettext("Whose values fill the template; leave empty for sample values."),
        )
        if unsaved is not None:
            del self.fields["template"]
        self._choose_variant(request, user)
        self._choose_service(user)
        self.order_fields(ORDER)
        if not self.may_choose:
            self.fields["to"].help_text = gettext(
                "Your own address, or some that are on a seed list: a test goes to no "
                "other, and to %(most)s at most."
            ) % {"most": MOST}
        self.restyle()

    def _choose_variant(self, request: HttpRequest, user: Visitor) -> None:
        """Of the campaign of the one that is asked for."""
        asked = _asked(request).get("variant")
        if not asked or self.unsaved is not None:
            del self.fields["variant"]
            return
        tasks = Task.objects.visible_to(user)
        visible = TaskTemplate.objects.filter(task__in=tasks)
        key = int(asked) if asked.isdecimal() and asked.isascii() and len(asked) < 19 else 0
        same = visible.filter(task__in=visible.filter(pk=key).values("task"))
        field = self._choices("variant")
        field.queryset = same.select_related("template", "sender", "task").order_by("pk")
        self._choices("sender").empty_label = gettext("That of the campaign")
        del self.fields["template"]
        if found := list(field.queryset):
            self._be_of(found[0].task)
            with_weight = weighs(found)
            field.label_from_instance = lambda each: described(each, with_weight)
            if len(found) == 1:
                field.widget = forms.HiddenInput()

    def _be_of(self, task: Task) -> None:
        """One of its services is tried, and none is asked for the sender that its owner has."""
        self.campaign_url = reverse(CHECK, args=[task.pk])
        self.services_of_campaign = task.services.all()
        if Sender.objects.filter(owner=task.owner_id).exists():
            self.fields["local_part"].widget = forms.HiddenInput()

    def _choose_service(self, user: Visitor) -> None:
        """The first that may send, unless one is asked for."""
        usable = EmailService.objects.usable_by(user.pk or 0).order_by("pk")
        of_campaign = usable.filter(pk__in=self.services_of_campaign.values("pk"))
        if not self.initial["service"] and (first := of_campaign.first() or usable.first()):
            self.initial["service"] = first.pk

    def _choices(self, name: str) -> Any:
        return self.fields[name]

    def _services(self, user: Visitor) -> QuerySet[EmailService]:
        """Users who control services may also try one that is not enabled yet."""
        if self.may_choose:
            return EmailService.objects.visible_to(user)
        return EmailService.objects.usable_by(user.pk or 0)

    def clean(self) -> dict[str, Any]:
        """Adds `template`, and as `addresses` those of the seed list, too."""
        cleaned: dict[str, Any] = {"template": self.unsaved, **self.cleaned_data}
        if choice := cleaned.get("variant"):
            cleaned["template"] = samples.of_choice(choice)
        if "to" in cleaned and "seed_list" in cleaned:
            seeds = cleaned["seed_list"].addresses if cleaned["seed_list"] else []
            cleaned["addresses"] = list(dict.fromkeys([*cleaned["to"], *seeds]))
            self._check_number(cleaned["addresses"])
        return cleaned

    def _check_number(self, addresses: list[str]) -> None:
        if not addresses:
            self.add_error("to", gettext("Write an address, or choose a seed list that has one."))
        elif len(addresses) > MOST:
            said = gettext(
                "With the seed list these are %(addresses)s addresses; %(most)s are the most."
            ) % {"addresses": len(addresses), "most": MOST}
            self.add_error("to", said)

    def clean_to(self) -> list[str]:
        addresses: list[str] = self.cleaned_data["to"]
        if not self.may_choose and not all(map(self._is_allowed, addresses)):
            raise ValidationError(
                gettext(
                    "You may send a test only to your own address, %(address)s; and to addresses "
                    "that are on one of your seed lists."
                )
                % {"address": self.own_address}
                if self.own_address
                else gettext(
                    "You may send a test only to your own address; your account has none; and to "
                    "addresses that are on one of your seed lists."
                )
            )
        for address in suppressions.suppressed(addresses):
            text = gettext("This address is suppressed: nothing is sent to it.")
            if len(addresses) > 1:
                text = gettext("%(address)s is suppressed: nothing is sent to it.")
            raise ValidationError(text % {"address": as_written(address)})
        return addresses

    def _is_allowed(self, address: str) -> bool:
        is_own = _is_same(address, self.own_address)
        return is_own or self.seed_lists.filter(addresses__contains=[address]).exists()


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
            "title": gettext("Send a test of “%(template)s”, not saved yet")
            % {"template": self.template},
            "carried_form": self.form,
            "carried": {"template": self.template.pk or ""},
            "back_button": {"name": PREVIEW, "formaction": self._page},
        }


def _is_same(stored: str, entered: str) -> bool:
    try:
        return normalise(entered) == stored
    except AddressError:
        return False


def _asked(request: HttpRequest) -> QueryDict:
    return request.POST if request.method == "POST" else request.GET


def _initial(request: HttpRequest) -> dict[str, Any]:
    given = _asked(request)
    names = ("variant", "template", "service", "contact", "sender", "seed_list", "unmarked")
    asked = {name: given.get(name) for name in names}
    asked["contact"] = asked["contact"] and as_written(asked["contact"])
    return {**asked, "to": getattr(request.user, "email", "")}
