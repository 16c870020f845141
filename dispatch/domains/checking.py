"""Checking the domains of services: once a day, when one is new or changed, and when asked to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_noop

from campaigns import background
from campaigns.models import BackgroundJob
from dispatch.domains import dkim, dmarc, spf
from dispatch.domains.check import Check, Verdict, worst
from dispatch.domains.names import CouldNotAsk, Names, is_reserved
from dispatch.domains.servers import MX, PTR, check_mail_servers, check_pointers
from dispatch.encryption import CredentialsError, decrypt
from dispatch.models import BounceMailbox, DomainReport, EmailService
from dispatch.models.report import due
from dispatch.queue import enqueue

EVERY = dt.timedelta(days=1)
_FAILED = gettext_noop(
    "Could not be checked: %(reason)s. It says nothing about the domain; check again later."
)


@background.job(enqueue.DOMAIN, seconds=180)
def check_domain(service_id: int) -> None:
    """Check the domain of a service and keep the result. For a worker; no transaction is open
    while the DNS is asked.
    """
    service = EmailService.objects.filter(pk=service_id).first()
    if service is not None:
        keep(service, look_at(service))


@background.when_given_up(enqueue.DOMAIN)
def _say_given_up(job: BackgroundJob) -> bool:
    why = gettext_noop("the check was given up after %(attempts)s attempts. %(reason)s") % {
        "attempts": job.attempts,
        "reason": job.reason,
    }
    for service in EmailService.objects.filter(pk=job.about):
        keep(
            service,
            [Check(gettext_noop("Check"), Verdict.UNKNOWN, _FAILED % {"reason": why.rstrip(".")})],
        )
    return True


def look_at(service: EmailService) -> list[Check]:
    """Every check of a service's domain. Never raises for what the DNS does."""
    domain, selector, host = service.domain, service.dkim_selector, _host(service)
    if is_reserved(domain):
        words = gettext_noop(
            "%(domain)s is reserved for examples and private use: no provider can look it up."
        ) % {"domain": domain}
        return [Check(gettext_noop("Domain"), Verdict.WARNING, words)]
    try:
        names = Names()
    except CouldNotAsk as error:
        return [Check("DNS", Verdict.UNKNOWN, _FAILED % {"reason": error})]
    checks: tuple[tuple[str, Callable[[], Check]], ...] = (
        (spf.NAME, lambda: spf.check(names, domain, host)),
        (dkim.NAME, lambda: dkim.check(names, domain, selector)),
        (dmarc.NAME, lambda: dmarc.check(names, domain)),
        (MX, lambda: check_mail_servers(names, domain)),
        (PTR, lambda: check_pointers(names, host)),
    )
    bounces = _bounce_domain(service)
    if bounces not in ("", domain):
        checks += (
            (
                gettext_noop("%(name)s of bounces") % {"name": spf.NAME},
                lambda: spf.check(names, bounces, host),
            ),
            (
                gettext_noop("%(name)s of bounces") % {"name": MX},
                lambda: check_mail_servers(names, bounces),
            ),
        )
    return [_one(name, check) for name, check in checks]


def _bounce_domain(service: EmailService) -> str:
    """The domain of the return path, for which receivers look SPF up; "" for the provider's."""
    enabled = BounceMailbox.objects.filter(service=service.pk, enabled=True)
    return enabled.values_list("domain", flat=True).first() or ""


def _one(name: str, check: Callable[[], Check]) -> Check:
    try:
        return replace(check(), name=name)
    except CouldNotAsk as error:
        return Check(name, Verdict.UNKNOWN, _FAILED % {"reason": error})


def _host(service: EmailService) -> str:
    """The server that a service hands over to, if staff entered one."""
    try:
        return str(decrypt(service.credentials).get("host", ""))
    except CredentialsError:
        return ""


def keep(service: EmailService, checks: list[Check]) -> None:
    """Write a result down, as one about the domain as it was when it was looked at."""
    DomainReport.objects.update_or_create(
        service=service,
        defaults={
            "domain": service.domain,
            "selector": service.dkim_selector,
            "checked_at": Now(),
            "asked_at": None,
            "verdict": worst(check.verdict for check in checks),
            "checks": [check.as_json() for check in checks],
        },
    )


def ask(service_id: int) -> None:
    """Have a worker check a service's domain. Harmless when asked for again."""
    DomainReport.objects.update_or_create(service_id=service_id, defaults={"asked_at": Now()})
    enqueue.check_domain(service_id)


def ask_due() -> int:
    """Have every enabled service checked that is new, was changed, or was checked a day ago.
    Returns how many.
    """
    changed = ~Q(domain_report__domain=F("domain")) | ~Q(domain_report__selector=F("dkim_selector"))
    services = due(EmailService.objects.all(), "domain_report", changed, EVERY)
    ids = [pk for pk, domain in services.values_list("pk", "domain") if not is_reserved(domain)]
    for pk in ids:
        ask(pk)
    return len(ids)
