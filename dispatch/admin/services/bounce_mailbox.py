"""Where the bounces of an email service arrive: set up, tried, and how reading it goes."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any

from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from admin_kit.confirmation import Question, StyledForm, ask, is_confirmed, page, say
from admin_kit.typed import button
from admin_kit.words.moments import with_its_zone
from admin_kit.words.stored_texts import shown
from dispatch.admin.services.actions import CONTROL, ServiceActions
from dispatch.bounces.forms import MailboxForm
from dispatch.bounces.mailboxes import MailboxError, open_mailbox
from dispatch.domains import checking
from dispatch.encryption import CredentialsError, decrypt, encrypt
from dispatch.errors import ServiceError
from dispatch.models import BounceMailbox, EmailService
from dispatch.providers import get_provider

PLAIN = ("enabled", "domain")
COUNTED = re.compile(r"(?<!\d)(\d{1,9}) ([^,:]+)")
INTRODUCTION = _(
    "Every message gets a return path of its own, bounces+…@ the bounce domain; what arrives there "
    "is read and leads back to the message."
)


class StyledMailboxForm(MailboxForm, StyledForm):
    pass


class MailboxActions(ServiceActions):
    """The buttons about bounces by mail, for providers that let a message have a return path."""

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[Any]:
        actions = super().get_actions_detail(request, object_id)
        service = self.get_object(request, str(object_id))
        hidden: set[str] = set()
        if service is None or not _takes_return_path(service):
            hidden = {"bounce_mailbox", "test_bounce_mailbox"}
        elif _mailbox_of(service) is None:
            hidden = {"test_bounce_mailbox"}
        return [each for each in actions if each.method.original_function_name not in hidden]

    @button(_("Bounce mailbox"), "bounce-mailbox", icon="move_to_inbox", permissions=["change"])
    def bounce_mailbox(self, request: HttpRequest, object_id: str) -> HttpResponse:
        service = self.visible(request, object_id)
        back_url = self.url("change", service.pk)
        if not _takes_return_path(service):
            say(
                request,
                gettext("“%(service)s” tells bounces in another way than by mail.")
                % {"service": service},
                error=True,
            )
            return HttpResponseRedirect(back_url)
        mailbox = _mailbox_of(service)
        form = _form(request, mailbox)
        if form.is_valid() and _keep(service, form):
            self.log_change(request, service, gettext_noop("Changed where bounces are read."))
            say(
                request,
                gettext("“%(service)s”: the bounce mailbox was saved. Test it now.")
                % {"service": service},
            )
            return HttpResponseRedirect(back_url)
        return page(
            request,
            self,
            "admin/plain_form.html",
            title=gettext("Bounce mailbox of “%(service)s”") % {"service": service},
            text=f"{INTRODUCTION} {_state(mailbox)}".strip(),
            form=form,
            button=gettext("Save"),
            back_url=back_url,
        )

    @button(
        _("Test bounce mailbox"),
        "test-bounce-mailbox",
        icon="mark_email_read",
        permissions=[CONTROL],
    )
    def test_bounce_mailbox(self, request: HttpRequest, object_id: str) -> HttpResponse:
        service = self.visible(request, object_id)
        mailbox = _mailbox_of(service)
        if mailbox is None:
            say(
                request,
                gettext("“%(service)s” has no bounce mailbox yet.") % {"service": service},
                error=True,
            )
            return HttpResponseRedirect(self.url("change", service.pk))
        if not is_confirmed(request):
            text = gettext("The mailbox is opened and left again. Nothing in it is changed.")
            question = Question(
                gettext("Test the bounce mailbox of “%(service)s”?") % {"service": service},
                text,
                gettext("Test"),
            )
            back_url = self.url("change", service.pk)
            return ask(request, self, question, original=service, back_url=back_url)
        try:
            with open_mailbox(decrypt(mailbox.settings)) as opened:
                return self._done(
                    request,
                    service,
                    gettext_noop("Bounce mailbox: %(reason)s") % {"reason": opened.describe()},
                )
        except (MailboxError, CredentialsError) as error:
            return self._failed(
                request,
                service,
                gettext_noop("The bounce mailbox failed: %(reason)s") % {"reason": error},
            )


def _takes_return_path(service: EmailService) -> bool:
    try:
        return get_provider(service.provider).takes_return_path
    except ServiceError:
        return False


def _mailbox_of(service: EmailService) -> BounceMailbox | None:
    return BounceMailbox.objects.filter(service=service.pk).first()


def _form(request: HttpRequest, mailbox: BounceMailbox | None) -> MailboxForm:
    """An empty one when what is stored cannot be read any more."""
    stored: dict[str, Any] = {}
    if mailbox is not None:
        stored = {name: getattr(mailbox, name) for name in PLAIN}
        try:
            stored |= decrypt(mailbox.settings)
        except CredentialsError as error:
            say(request, shown(error), error=True)
    return StyledMailboxForm(request.POST if request.method == "POST" else None, stored)


def _keep(service: EmailService, form: MailboxForm) -> bool:
    """False, with the error in the form, when there is no key to encrypt with."""
    values = dict(form.cleaned_data)
    plain = {name: values.pop(name) for name in PLAIN}
    try:
        encrypted = encrypt(values)
    except CredentialsError as error:
        form.add_error(None, shown(error))
        return False
    news = {"next_read_at": Now(), "failures_in_row": 0, "problem": ""}
    BounceMailbox.objects.update_or_create(
        service=service, defaults={**plain, **news, "settings": encrypted}
    )
    checking.ask(service.pk)
    return True


def _state(mailbox: BounceMailbox | None) -> str:
    """How reading it goes, in words."""
    if mailbox is None:
        return ""
    if mailbox.problem:
        words = gettext("It cannot be read now: %(problem)s") % {"problem": shown(mailbox.problem)}
    elif mailbox.read_at is None:
        words = gettext("It has not been read yet.")
    else:
        words = gettext("Last read %(when)s: %(result)s.") % {
            "when": _when(mailbox.read_at),
            "result": _counted(mailbox.result),
        }
    if mailbox.set_aside_at:
        words += gettext(
            " Last set aside %(when)s: %(set_aside)s. Look at it in the mailbox, "
            "where it is flagged; it is not read again."
        ) % {"when": _when(mailbox.set_aside_at), "set_aside": _counted(mailbox.set_aside)}
    return words


def _counted(listed: str) -> str:
    """What was read, as it is stored: “3 messages: 2 bounced for good, 1 no report”."""
    return COUNTED.sub(lambda found: f"{found[1]} {shown(found[2])}", listed)


def _when(moment: dt.datetime) -> str:
    return with_its_zone(moment)
