"""Email services: set up, watched, frozen and tested."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.enums import ActionVariant

from campaigns import content
from campaigns.admin.base import SafeAdmin, visible_rows
from campaigns.admin.confirmation import Question, StyledForm, ask, is_confirmed, page, say
from campaigns.admin.typed import button, label
from dispatch import paces
from dispatch.admin import service_state as state
from dispatch.admin.service_form import form_for, settings_fields, stored_provider
from dispatch.admin.test_mail import TestMailForm, send_test
from dispatch.credentials import decrypt
from dispatch.errors import DeliveryError, ServiceError
from dispatch.models import EmailService
from dispatch.providers import get_provider, provider_choices
from dispatch.providers.base import Provider
from dispatch.webhooks import webhook_url

CONTROL = "dispatch.control_emailservice"
GENERAL = ("name", "domain", "enabled", "users")
LIMITS = (
    "sending_interval",
    "burst",
    "daily_quota",
    "quota_reset_time",
    "quota_time_zone",
    "max_connections",
)


class FreezeForm(StyledForm):
    reason = forms.CharField(max_length=500, help_text="Shown to whoever looks at the service.")


@admin.register(EmailService)
class EmailServiceAdmin(SafeAdmin):
    list_display = ("name", "domain", "state_label", "why", "quota", "rate", "pace_text", "enabled")
    list_filter = (("enabled", BooleanRadioFilter),)
    search_fields = ("name", "domain")
    sortable_by = ("name", "domain")
    autocomplete_fields = ("users",)
    readonly_fields = ("webhook_address",)
    actions_detail = (
        "test_connection",
        "send_test_mail",
        "change_provider",
        "renew_webhook",
        "freeze",
        "unfreeze",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return state.with_state(visible_rows(super().get_queryset(request), request.user))

    # The form

    def provider_of(self, request: HttpRequest, service: EmailService | None) -> Provider | None:
        """The provider whose settings are shown; None when staff have yet to choose a known one."""
        asked = request.GET.get("provider", "")
        if asked and asked not in dict(provider_choices()):
            asked = ""
        try:
            return stored_provider(service, asked)
        except ServiceError:
            return None

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        provider = self.provider_of(request, obj)
        if provider is not None:
            kwargs["form"] = form_for(provider)
        kwargs["fields"] = [*GENERAL, *LIMITS]
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        provider = self.provider_of(request, obj)
        shown = [(None, {"fields": GENERAL})]
        if provider is not None and self._may_save(request, obj):
            fields = settings_fields(provider)
            if obj is not None and webhook_url(obj):
                fields = ["webhook_address", *fields]
            shown.append((provider.label, {"fields": fields}))  # type: ignore[arg-type]
        return [*shown, ("Pace and quota", {"fields": LIMITS})]

    def _may_save(self, request: HttpRequest, obj: Any) -> bool:
        if obj is None:
            return self.has_add_permission(request)
        return self.has_change_permission(request, obj)

    def add_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if self.has_add_permission(request) and self.provider_of(request, None) is None:
            return self._choose_provider(request, self.url("add"), self.url("changelist"))
        return super().add_view(request, *args, **kwargs)

    def _choose_provider(self, request: HttpRequest, form_url: str, back_url: str) -> HttpResponse:
        return page(
            request,
            self,
            "admin/dispatch/emailservice/choose_provider.html",
            title="Which provider?",
            providers=provider_choices(),
            form_url=form_url,
            back_url=back_url,
        )

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> Any:
        if form.unreadable:
            say(request, "The credentials were entered anew: the old ones could not be read.")
        return super().save_form(request, form, change)

    # The list

    @label("state", state.STATE_LABELS)
    def state_label(self, service: EmailService) -> str:
        return state.state_of(service)[0]

    @admin.display(description="because")
    def why(self, service: EmailService) -> str:
        return state.state_of(service)[1] or "–"

    @admin.display(description="quota used")
    def quota(self, service: EmailService) -> str:
        return state.quota_of(service)

    @admin.display(description="sent in the last minute")
    def rate(self, service: Any) -> str:
        return f"{service.sent_last_minute:,}"

    @admin.display(description="pace", ordering="sending_interval")
    def pace_text(self, service: EmailService) -> str:
        return state.pace_of(service)

    @admin.display(description="webhook address")
    def webhook_address(self, service: EmailService) -> str:
        """With its secret part: only for whoever may change the service."""
        return format_html(
            '<input type="text" readonly value="{}" size="100" class="w-full bg-transparent" '
            'aria-label="Webhook address"><br>Enter it at the provider, so that it tells what '
            "became of the messages. Whoever knows it can tell us anything: keep it secret.",
            webhook_url(service),
        )

    # What staff do with it

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Freeze or unfreeze, whichever applies; the webhook of a provider that has one."""
        actions: list[Any] = super().get_actions_detail(request, object_id)  # type: ignore[misc]
        service = self.get_object(request, str(object_id))
        if service is None:
            return []
        frozen = paces.is_frozen(service.pace, service.now)
        hidden = {"freeze" if service.pace.needs_person else "" if frozen else "unfreeze"}
        if not webhook_url(service):
            hidden.add("renew_webhook")
        return [each for each in actions if each.method.original_function_name not in hidden]

    @button("Change provider", "provider", permissions=["change"])
    def change_provider(self, request: HttpRequest, object_id: str) -> HttpResponse:
        change_url = self.url("change", self.visible(request, object_id).pk)
        return self._choose_provider(request, change_url, change_url)

    @button("Renew webhook address", "renew-webhook", icon="key", permissions=["change"])
    def renew_webhook(self, request: HttpRequest, object_id: str) -> HttpResponse:
        service = self.visible(request, object_id)
        if not is_confirmed(request):
            text = (
                "The old address is refused from then on: what the provider tells is lost until "
                "the new one is entered there."
            )
            question = Question(f"Renew the webhook address of {service}?", text, "Renew")
            return self._ask(request, service, question)
        service.renew_webhook_key()
        return self._done(request, service, "The webhook has a new address.")

    @button(
        "Freeze",
        "freeze",
        icon="ac_unit",
        variant=ActionVariant.DANGER,
        permissions=[CONTROL],
    )
    def freeze(self, request: HttpRequest, object_id: str) -> HttpResponse:
        service = self.visible(request, object_id)
        form = FreezeForm(request.POST if is_confirmed(request) else None)
        if not form.is_valid():
            question = Question(
                f"Freeze {service}?",
                "It starts no message until somebody unfreezes it. Tasks that may use other "
                "services go on with those.",
                "Freeze",
                danger=True,
            )
            return self._ask(request, service, question, form=form)
        reason = form.cleaned_data["reason"]
        with transaction.atomic():
            paces.freeze(service, reason)
        return self._done(request, service, f"Frozen: {reason}")

    @button(
        "Unfreeze",
        "unfreeze",
        icon="local_fire_department",
        permissions=[CONTROL],
    )
    def unfreeze(self, request: HttpRequest, object_id: str) -> HttpResponse:
        service = self.visible(request, object_id)
        if not is_confirmed(request):
            word, why = state.state_of(service)
            text = f"Now: {word.lower()}. {why} It goes on sending at once."
            return self._ask(request, service, Question(f"Unfreeze {service}?", text, "Unfreeze"))
        with transaction.atomic():
            paces.unfreeze(service)
        return self._done(request, service, "Unfrozen.")

    @button(
        "Test connection",
        "test-connection",
        icon="cable",
        permissions=[CONTROL],
    )
    def test_connection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        service = self.visible(request, object_id)
        if not is_confirmed(request):
            text = "The service is connected to, logged in to and left again. Nothing is sent."
            question = Question(f"Test the connection of {service}?", text, "Test")
            return self._ask(request, service, question)
        try:
            settings = {**decrypt(service.credentials), "domain": service.domain}
            answer = get_provider(service.provider).describe_connection(settings)
        except DeliveryError as error:
            return self._failed(request, service, f"The connection failed: {error}")
        return self._done(request, service, f"Connection tested: {answer}")

    @button(
        "Send test mail",
        "send-test",
        icon="forward_to_inbox",
        permissions=[CONTROL],
    )
    def send_test_mail(self, request: HttpRequest, object_id: str) -> HttpResponse:
        service = self.visible(request, object_id)
        return HttpResponseRedirect(f"{self.url('test_mail')}?service={service.pk}")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.test_mail_view)
        name = "dispatch_emailservice_test_mail"
        return [path("test-mail/", view, name=name), *super().get_urls()]

    def test_mail_view(self, request: HttpRequest) -> HttpResponse:
        """One message outside of any task, its outcome shown as a message."""
        user = request.user
        if not (user.has_perm(CONTROL) or user.has_perm("campaigns.launch_task")):
            raise PermissionDenied
        form = TestMailForm(request.POST if request.method == "POST" else None, request)
        if form.is_valid():
            self._send_test(request, form.cleaned_data)
        text = (
            "One message is sent at once, outside of any task; it does not count for the pace and "
            "the quota of the service."
        )
        return page(
            request,
            self,
            "admin/plain_form.html",
            title="Send a test",
            text=text,
            form=form,
            button="Send",
            back_url=self._back_from_test(request),
        )

    def _send_test(self, request: HttpRequest, cleaned: dict[str, Any]) -> None:
        service = cleaned["service"]
        try:
            accepted = send_test(cleaned)
        except (DeliveryError, content.ContentError) as error:
            done, failed = f"Test to {cleaned['to']} failed: {error}", True
        else:
            done, failed = f"Test to {cleaned['to']} accepted. {accepted.reply}".strip(), False
        self.log_change(request, service, done)
        say(request, f"“{service}”: {done}", error=failed)

    def _back_from_test(self, request: HttpRequest) -> str:
        may_view = self.has_view_permission(request)
        return self.url("changelist") if may_view else str(self.admin_site.site_url or "/")

    def _ask(
        self, request: HttpRequest, service: EmailService, question: Question, **context: Any
    ) -> HttpResponse:
        back = self.url("change", service.pk)
        return ask(request, self, question, original=service, back_url=back, **context)

    def _done(self, request: HttpRequest, service: EmailService, text: str) -> HttpResponse:
        self.log_change(request, service, text)
        say(request, f"“{service}”: {text}")
        return HttpResponseRedirect(self.url("change", service.pk))

    def _failed(self, request: HttpRequest, service: EmailService, text: str) -> HttpResponse:
        self.log_change(request, service, text)
        say(request, f"“{service}”: {text}", error=True)
        return HttpResponseRedirect(self.url("change", service.pk))
