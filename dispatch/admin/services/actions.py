"""What staff do with an email service: freeze, unfreeze and try it, asked first and logged."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from admin_kit.base import SafeAdmin
from admin_kit.confirmation import Question, StyledForm, ask, is_confirmed, page, say
from admin_kit.typed import button
from admin_kit.words.listing import headed
from admin_kit.words.stored_texts import shown
from dispatch.admin.services import state
from dispatch.admin.services.test_mail import TestMailForm, UnsavedText
from dispatch.admin.services.test_sending import send_tests
from dispatch.domains import checking
from dispatch.models import EmailService
from dispatch.pace import pace_rows
from dispatch.providers import account_reports
from dispatch.providers.webhooks import takes_webhooks

CONTROL = state.CONTROL


class FreezeForm(StyledForm):
    reason = forms.CharField(
        max_length=500, help_text=_("Shown on the page of the service."), label=_("Reason")
    )


class ServiceActions(SafeAdmin):
    """The buttons of a service's page, and the page that sends a test."""

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        """Freeze or unfreeze, whichever applies; the webhook of a provider that has one."""
        actions = super().get_actions_detail(request, object_id)
        service = self.get_object(request, str(object_id))
        if service is None:
            return []
        frozen = pace_rows.is_frozen(service.pace, service.now)
        hidden = {"freeze" if service.pace.needs_person else "" if frozen else "unfreeze"}
        if not takes_webhooks(service):
            hidden.add("renew_webhook")
        return [each for each in actions if each.method.original_function_name not in hidden]

    @button(_("Renew webhook address"), "renew-webhook", icon="key", permissions=["change"])
    def renew_webhook(self, request: HttpRequest, object_id: str) -> HttpResponse:
        service = self.visible(request, object_id)
        if not is_confirmed(request):
            text = gettext(
                "The old address is refused from then on: what the provider tells is lost until "
                "the new one is entered there."
            )
            question = Question(
                gettext("Renew the webhook address of “%(service)s”?") % {"service": service},
                text,
                gettext("Renew"),
            )
            return self._ask(request, service, question)
        service.renew_webhook_key()
        return self._done(request, service, gettext_noop("The webhook has a new address."))

    @button(
        _("Freeze"),
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
                gettext("Freeze “%(service)s”?") % {"service": service},
                gettext(
                    "It starts no message until a person unfreezes it. Campaigns that may use "
                    "other services go on with those."
                ),
                gettext("Freeze"),
                danger=True,
            )
            return self._ask(request, service, question, form=form)
        reason = form.cleaned_data["reason"]
        with transaction.atomic():
            pace_rows.freeze(service, reason)
        return self._done(request, service, gettext_noop("Frozen: %(reason)s") % {"reason": reason})

    @button(
        _("Unfreeze"),
        "unfreeze",
        icon="local_fire_department",
        permissions=[CONTROL],
    )
    def unfreeze(self, request: HttpRequest, object_id: str) -> HttpResponse:
        service = self.visible(request, object_id)
        if not pace_rows.is_frozen(service.pace, service.now):
            say(request, gettext("“%(service)s” is not frozen.") % {"service": service}, error=True)
            return HttpResponseRedirect(self.url("change", service.pk))
        if not is_confirmed(request):
            question = Question(
                gettext("Unfreeze “%(service)s”?") % {"service": service},
                gettext(
                    "It goes on sending at once. If what froze it has not changed it will be "
                    "frozen again."
                ),
                gettext("Unfreeze"),
                details=[(gettext("Now"), " ".join(state.state_of(service)))],
            )
            return self._ask(request, service, question)
        with transaction.atomic():
            pace_rows.unfreeze(service)
        return self._done(request, service, gettext_noop("Unfrozen."))

    @button(
        _("Test connection"),
        "test-connection",
        icon="cable",
        permissions=[CONTROL],
    )
    def test_connection(self, request: HttpRequest, object_id: str) -> HttpResponse:
        service = self.visible(request, object_id)
        if not is_confirmed(request):
            text = gettext(
                "The service is connected to, logged in to and left again. Nothing is sent."
            )
            question = Question(
                gettext("Test the connection of “%(service)s”?") % {"service": service},
                text,
                gettext("Test"),
            )
            return self._ask(request, service, question)
        report = account_reports.check(service)
        if not report.works:
            return self._failed(
                request,
                service,
                gettext_noop("The connection failed: %(reason)s") % {"reason": report.answer},
            )
        return self._done(
            request,
            service,
            gettext_noop("Connection tested: %(reason)s") % {"reason": report.answer},
        )

    @button(_("Check domain now"), "check-domain", icon="travel_explore", permissions=[CONTROL])
    def check_domain(self, request: HttpRequest, object_id: str) -> HttpResponse:
        service = self.visible(request, object_id)
        if not is_confirmed(request):
            text = gettext(
                "The DNS is asked about %(domain)s: SPF, DKIM, DMARC, MX and PTR. The "
                "cluster does it within seconds; the result appears on the service's "
                "page."
            ) % {"domain": service.domain}
            question = Question(
                gettext("Check the domain of “%(service)s”?") % {"service": service},
                text,
                gettext("Check"),
            )
            return self._ask(request, service, question)
        checking.ask(service.pk)
        return self._done(request, service, gettext_noop("Its domain is being checked."))

    @button(
        _("Send test mail"),
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
        if UnsavedText.is_in(request):
            return self._test_of_unsaved(request, UnsavedText(request))
        form = TestMailForm(request.POST if request.method == "POST" else None, request)
        if form.is_valid():
            self._send_test(request, form.cleaned_data)
            return HttpResponseRedirect(self._same_test_again(form.cleaned_data))
        return self._test_page(request, form)

    def _test_of_unsaved(self, request: HttpRequest, text: UnsavedText) -> HttpResponse:
        """From the preview staff come without a service: then nothing is sent yet."""
        is_sent = "service" in request.POST
        form = TestMailForm(request.POST if is_sent else None, request, text.template)
        for mistake in text.mistakes:
            say(request, mistake, error=True)
        if form.is_valid() and not text.mistakes:
            self._send_test(request, form.cleaned_data)
        return self._test_page(request, form, **text.context)

    def _test_page(
        self,
        request: HttpRequest,
        form: TestMailForm,
        title: str = "",
        **context: Any,
    ) -> HttpResponse:
        text = gettext(
            "Each address gets the message at once, outside of any campaign. It counts for the "
            "service's quota, and goes out of a frozen service, too. Its links record nothing, "
            "and unsubscribe no one."
        )
        return page(
            request,
            self,
            "admin/plain_form.html",
            title=title or gettext("Send a test"),
            text=text,
            form=form,
            button=gettext("Send"),
            back_url=form.campaign_url or self._back_from_test(request),
            **context,
        )

    def _send_test(self, request: HttpRequest, cleaned: dict[str, Any]) -> None:
        service = cleaned["service"]
        for outcome in send_tests(cleaned):
            self.log_change(request, service, str(outcome))
            say(request, headed(f"“{service}”", outcome.told()), error=outcome.has_failed)

    def _same_test_again(self, cleaned: dict[str, Any]) -> str:
        """The form once more, filled in: reloading the page must not send another message."""
        names = ("service", "variant", "template", "sender", "seed_list")
        again = {name: row.pk for name in names if (row := cleaned.get(name))}
        if cleaned["contact"]:
            again["contact"] = cleaned["contact"].email
        if cleaned["unmarked"]:
            again["unmarked"] = "on"
        return f"{self.url('test_mail')}?{urlencode(again)}"

    def _back_from_test(self, request: HttpRequest) -> str:
        may_view = self.has_view_permission(request)
        return self.url("changelist") if may_view else reverse("admin:index")

    def _ask(
        self, request: HttpRequest, service: EmailService, question: Question, **context: Any
    ) -> HttpResponse:
        back = self.url("change", service.pk)
        return ask(request, self, question, original=service, back_url=back, **context)

    def _done(self, request: HttpRequest, service: EmailService, text: str) -> HttpResponse:
        """The text is English, as it is stored."""
        self.log_change(request, service, text)
        say(request, headed(f"“{service}”", shown(text)))
        return HttpResponseRedirect(self.url("change", service.pk))

    def _failed(self, request: HttpRequest, service: EmailService, text: str) -> HttpResponse:
        self.log_change(request, service, text)
        say(request, headed(f"“{service}”", shown(text)), error=True)
        return HttpResponseRedirect(self.url("change", service.pk))
