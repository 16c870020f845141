"""The messages that ask to confirm: each is handed over at most once, through the form's service.

A worker sends those that wait for one service, one after the other, within its pace and quota. Each
is marked before its hand-over and settled after it; one whose outcome is unknown is not repeated,
for the person can sign up again. A frozen service sends none.
"""

from __future__ import annotations

import datetime as dt
import time
from email.utils import make_msgid

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.utils.translation import gettext_noop

from addressing.addresses import without_addresses
from campaigns import background
from campaigns.rendering.content import Rendered
from campaigns.rendering.precompiled import Pieces
from dispatch.clock import database_time
from dispatch.engine import one_off
from dispatch.errors import DeliveryError, OutcomeUnknown, RecipientError, ServiceError
from dispatch.message.message import Message
from dispatch.models import EmailService
from dispatch.pace import pace_rows
from signup import faces
from signup.models import PENDING_DAYS, MailState, SignUp, State
from tracking.links import tokens

KIND = "confirmations"
RUN_SECONDS = 60
"""A worker begins no further message after so long."""
JOB_SECONDS = 600
LOST = dt.timedelta(seconds=JOB_SECONDS + 60)
"""A message that is being handed over for longer has lost its worker: it is in doubt."""
LATER = dt.timedelta(seconds=30)
"""Until the next look at a service that may start no message now."""
DELAYS = tuple(dt.timedelta(minutes=minutes) for minutes in (1, 5, 15, 60, 240))
MOST_TRIES = 6
"""Of one message that its recipient's server refuses for now."""


def ask_for(service_id: int) -> None:
    """Have a worker send what waits for this service; takes effect on commit."""
    name = f"ask to confirm sign-ups, service {service_id}"
    background.ask(KIND, service_id, "signup.mailing.send_waiting", name=name)


@background.job(KIND, seconds=JOB_SECONDS)
def send_waiting(service_id: int) -> None:
    """Send what is due, for about a minute; maintenance asks again for what is left."""
    service = EmailService.objects.select_related("pace").filter(pk=service_id).first()
    if service is None:
        return
    if why := why_not(service):
        _due(service_id).update(mail_due_at=Now() + LATER, mail_note=why)
        return
    until = time.monotonic() + RUN_SECONDS
    while time.monotonic() < until:
        sign_up = _claim(service)
        if sign_up is None or not _send(service, sign_up):
            return


def why_not(service: EmailService) -> str:
    """Why the service sends nothing at all now; "" if it may."""
    if not service.enabled:
        return gettext_noop("The email service is switched off.")
    if pace_rows.is_frozen(service.pace, database_time()):
        return gettext_noop("The email service is frozen.")
    return ""


def waiting() -> QuerySet[SignUp]:
    """Uses index sign_up_to_mail."""
    sign_ups: QuerySet[SignUp] = SignUp.objects.filter(
        state=State.PENDING, mail_state=MailState.WAITING
    )
    return sign_ups


def _due(service_id: int) -> QuerySet[SignUp]:
    return waiting().filter(form__service=service_id, mail_due_at__lte=Now(), expires_at__gt=Now())


def _claim(service: EmailService) -> SignUp | None:
    """Mark the message that waits longest, in a transaction that is committed before anything is
    sent. None when there is none that may be sent."""
    with transaction.atomic():
        due = _due(service.pk).select_related("form__sender")
        locked = due.select_for_update(skip_locked=True, no_key=True, of=("self",))
        for sign_up in locked.order_by("mail_due_at", "pk")[:10]:
            if not EmailService.objects.usable_by(sign_up.form.owner_id).filter(pk=service.pk):
                note = gettext_noop("The owner of the form may not use the email service.")
                _settle(sign_up, MailState.WAITING, note, DELAYS[1])
                continue
            _of(sign_up).update(
                mail_state=MailState.HANDING, mail_tries=F("mail_tries") + 1, mailed_at=Now()
            )
            return sign_up
    return None


def _send(service: EmailService, sign_up: SignUp) -> bool:
    """Hand one over and settle it. False when the service should rest."""
    try:
        one_off.send(service, compose(service, sign_up))
    except one_off.NoSlot as error:
        _of(sign_up).update(mail_tries=F("mail_tries") - 1)
        _settle(sign_up, MailState.WAITING, str(error), LATER)
        return False
    except OutcomeUnknown as error:
        _settle(sign_up, MailState.DOUBT, error.reply)
    except ServiceError as error:
        _settle(sign_up, MailState.WAITING, error.reply, _delay(sign_up))
        return False
    except RecipientError as error:
        is_over = error.permanent or sign_up.mail_tries + 1 >= MOST_TRIES
        state = MailState.FAILED if is_over else MailState.WAITING
        _settle(sign_up, state, error.reply, _delay(sign_up))
    except DeliveryError as error:
        _settle(sign_up, MailState.FAILED, error.reply)
    else:
        _settle(sign_up, MailState.SENT)
    return True


def _delay(sign_up: SignUp) -> dt.timedelta:
    return DELAYS[min(sign_up.mail_tries, len(DELAYS) - 1)]


def _settle(sign_up: SignUp, state: MailState, note: str = "", delay: dt.timedelta = LATER) -> None:
    _of(sign_up).update(
        mail_state=state,
        mail_note=without_addresses(note.replace("\x00", ""))[:500],
        mail_due_at=Now() + delay,
    )


def _of(sign_up: SignUp) -> QuerySet[SignUp]:
    return SignUp.objects.filter(pk=sign_up.pk)


def settle_lost() -> int:
    """Messages whose worker died amid the hand-over are in doubt. Returns how many."""
    lost = SignUp.objects.filter(
        state=State.PENDING, mail_state=MailState.HANDING, mailed_at__lt=Now() - LOST
    )
    return lost.update(
        mail_state=MailState.DOUBT,
        mail_note=gettext_noop("The worker ended while it was handed over."),
    )


def compose(service: EmailService, sign_up: SignUp) -> Message:
    """Of the form's own texts alone, the look of its owner, and the link: nothing that a stranger
    entered is in it."""
    form = sign_up.form
    context = {
        "form": form,
        "face": faces.of_form(form),
        "url": confirm_url(sign_up),
        "days": PENDING_DAYS,
    }
    with form.speaking():
        html = render_to_string("signup/mail.html", context)
        text = render_to_string("signup/mail.txt", context)
    return Message(
        message_id=make_msgid(domain=service.domain),
        from_email=f"{form.sender.local_part}@{service.domain}",
        from_name=form.sender.display_name,
        to_email=sign_up.email,
        rendered=Rendered(form.subject, Pieces.of(html), Pieces.of(text)),
        reply_to=form.sender.reply_to,
        headers={"Auto-Submitted": "auto-generated"},
    )


def confirm_url(sign_up: SignUp) -> str:
    """Names the form, too, so that the page can lead back to it once the sign-up is deleted."""
    token = tokens.sign(tokens.Purpose.SIGN_UP, sign_up.pk, sign_up.form_id)
    return f"{settings.PUBLIC_URL}/y/{token}"
