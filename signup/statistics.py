"""What came of a form, in numbers, and what keeps its messages from leaving."""

from __future__ import annotations

from typing import NamedTuple

from django.db.models import Count, Q
from django.utils.translation import gettext

from admin_kit.words.stored_texts import shown
from campaigns import background
from dispatch.clock import database_time
from dispatch.models import EmailService
from dispatch.pace import pace_rows
from signup import mailing
from signup.models import MailState, SignUp, SignUpForm, State


class Figure(NamedTuple):
    label: str
    number: int


def figures_of(form: SignUpForm) -> list[Figure]:
    """Uses index sign_up_form."""
    rows = SignUp.objects.filter(form=form).order_by()
    by_state = dict(rows.values_list("state").annotate(number=Count("pk")))
    confirmed, pending = by_state.get(State.CONFIRMED, 0), by_state.get(State.PENDING, 0)
    return [
        Figure(gettext("Asked"), confirmed + pending + form.expired),
        Figure(gettext("Confirmed"), confirmed),
        Figure(gettext("Not confirmed yet"), pending),
        Figure(gettext("Expired"), form.expired),
    ]


def mail_of(form: SignUpForm) -> list[Figure]:
    """Of those not confirmed yet, the states of their messages that are worth a look."""
    rows = SignUp.objects.filter(form=form, state=State.PENDING).aggregate(
        waiting=Count("pk", filter=Q(mail_state=MailState.WAITING)),
        doubt=Count("pk", filter=Q(mail_state=MailState.DOUBT)),
        failed=Count("pk", filter=Q(mail_state=MailState.FAILED)),
    )
    figures = [
        Figure(gettext("Messages that wait"), rows["waiting"]),
        Figure(gettext("in doubt"), rows["doubt"]),
        Figure(gettext("refused"), rows["failed"]),
    ]
    return [figure for figure in figures if figure.number]


def trouble_of(form: SignUpForm) -> str:
    """Why messages that ask to confirm cannot leave just now, in a sentence; "" if they can."""
    service = EmailService.objects.select_related("pace").get(pk=form.service_id)
    if why := mailing.why_not(service):
        return shown(why)
    if not EmailService.objects.open_to(form.owner_id).filter(pk=service.pk).exists():
        return gettext("The owner of the form may not use the email service.")
    if pace_rows.quota_left(service.pace, service.limits, database_time()) == 0:
        return gettext("The quota of the email service is used up for today.")
    if failed := background.failures(mailing.KIND, service.pk):
        return shown(failed.reason)
    waits = mailing.waiting().filter(form=form, mail_tries__gt=0).exclude(mail_note="")
    return shown(waits.order_by("-pk").values_list("mail_note", flat=True).first() or "")
