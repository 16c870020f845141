"""What providers say about the accounts of services: when staff test a connection, and by itself
where they tell how much of a quota is used.
"""

from __future__ import annotations

import datetime as dt

from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Greatest, Now
from django.utils.translation import gettext_noop

from campaigns import background
from campaigns.models import BackgroundJob
from dispatch.encryption import decrypt
from dispatch.errors import DeliveryError
from dispatch.models import AccountReport, Attempt, AttemptOutcome, EmailService
from dispatch.models.report import due
from dispatch.providers import PROVIDERS, get_provider
from dispatch.queue import enqueue

EVERY = dt.timedelta(minutes=15)


def check(service: EmailService) -> AccountReport:
    """Connect once, and keep what the provider said or what was wrong. Waits for the provider: no
    transaction may be open.
    """
    works = True
    try:
        settings = {**decrypt(service.credentials), "domain": service.domain}
        answer = get_provider(service.provider).describe_connection(settings)
    except DeliveryError as error:
        works, answer = False, error.reply
    return _keep(service, works, answer)


def _keep(service: EmailService, works: bool, answer: str) -> AccountReport:
    told = {
        "checked_at": Now(),
        "asked_at": None,
        "connection_changed_at": service.connection_changed_at,
        "works": works,
        "answer": answer,
    }
    report, _ = AccountReport.objects.update_or_create(service=service, defaults=told)
    return report


def sends_since() -> Subquery:
    """Of services in a query: when a provider first accepted a message of theirs since the
    connection was last tried or changed; None when it did not. Uses index attempt_pace, also in its
    order: without one PostgreSQL may look through all attempts.
    """
    accepted = Attempt.objects.filter(
        service=OuterRef("pk"),
        outcome=AttemptOutcome.ACCEPTED,
        started_at__gt=Greatest(
            OuterRef("account_report__checked_at"), OuterRef("connection_changed_at")
        ),
    )
    return Subquery(accepted.order_by("started_at").values("started_at")[:1])


@background.job(enqueue.ACCOUNT, seconds=180)
def check_account(service_id: int) -> None:
    """For a worker; nothing when the service is gone."""
    service = EmailService.objects.filter(pk=service_id).first()
    if service is not None:
        check(service)


@background.when_given_up(enqueue.ACCOUNT)
def _say_given_up(job: BackgroundJob) -> bool:
    for service in EmailService.objects.filter(pk=job.about):
        answer = gettext_noop("The provider could not be asked, %(attempts)s times. %(reason)s") % {
            "attempts": job.attempts,
            "reason": job.reason,
        }
        _keep(service, works=False, answer=answer)
    return True


def ask_due() -> int:
    """Have a worker ask for the quota of every enabled service whose provider tells one, when it is
    new, was changed, or was asked long ago. Returns how many.
    """
    tellers = [provider.name for provider in PROVIDERS if provider.tells_quota]
    services = EmailService.objects.filter(provider__in=tellers)
    changed = ~Q(account_report__connection_changed_at=F("connection_changed_at"))
    ids = list(due(services, "account_report", changed, EVERY).values_list("pk", flat=True))
    for pk in ids:
        AccountReport.objects.update_or_create(service_id=pk, defaults={"asked_at": Now()})
        enqueue.check_account(pk)
    return len(ids)
