"""What maintenance does for sign-ups: wake workers for messages that are due, delete what was never
confirmed."""

from __future__ import annotations

from collections import Counter

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from campaigns.models import BackgroundJob
from signup import mailing
from signup.models import SignUp, SignUpForm, State

CHUNK = 1_000


def ask_for_due() -> None:
    """One job a service at most; one that is under way or waits for its next try is left alone."""
    mailing.settle_lost()
    due = mailing.waiting().filter(mail_due_at__lte=Now(), expires_at__gt=Now())
    services = set(due.order_by().values_list("form__service", flat=True).distinct())
    at_it = BackgroundJob.objects.filter(kind=mailing.KIND, about__in=services, set_aside_at=None)
    for service_id in sorted(services - set(at_it.values_list("about", flat=True))):
        mailing.ask_for(service_id)


def expire() -> int:
    """Delete sign-ups that were not confirmed in time, and count them on their forms. Returns how
    many."""
    over = SignUp.objects.filter(state=State.PENDING, expires_at__lt=Now())
    with transaction.atomic():
        rows = list(
            over.select_for_update(skip_locked=True, of=("self",)).values_list("pk", "form")[:CHUNK]
        )
        SignUp.objects.filter(pk__in=[pk for pk, _ in rows]).delete()
        for form, number in sorted(Counter(form for _, form in rows).items()):
            SignUpForm.objects.filter(pk=form).update(expired=F("expired") + number)
    return len(rows)
