"""What is known about the domains of services, in words: on their pages, and before a launch."""

from __future__ import annotations

from typing import Any

from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from admin_kit.words.listing import listed
from admin_kit.words.stored_texts import shown
from campaigns.models import Task
from dispatch.domains.check import Verdict
from dispatch.domains.names import is_reserved
from dispatch.models import DomainReport, EmailService

WORDS = {
    Verdict.OK: (_("Fine"), "success"),
    Verdict.WARNING: (_("Could be better"), "warning"),
    Verdict.PROBLEM: (_("Problem"), "danger"),
    Verdict.UNKNOWN: (_("Could not be checked"), "info"),
}
OF_DOMAIN = {
    Verdict.OK: _("%(domain)s is ready"),
    Verdict.WARNING: _("%(domain)s is ready, but could be better"),
    Verdict.PROBLEM: _("%(domain)s is not ready"),
    Verdict.UNKNOWN: _("%(domain)s could not be checked whole"),
}
MOST_NAMED = 5
NOT_READY = (Verdict.PROBLEM, Verdict.UNKNOWN)


def report_of(service: EmailService) -> DomainReport | None:
    return DomainReport.objects.filter(service=service.pk).first()


def summary(service: EmailService, report: DomainReport | None) -> dict[str, Any]:
    """A label and a sentence, with how old the result is."""
    if report is None or not report.is_about(service):
        asked = report is not None and report.asked_at is not None
        text = (
            gettext("%(domain)s is being checked.")
            if asked
            else gettext("%(domain)s has not been checked yet.")
        )
        return {
            "word": gettext("Not checked"),
            "colour": "info",
            "text": text % {"domain": service.domain},
        }
    verdict = Verdict(report.verdict)
    word, colour = WORDS[verdict]
    age = timesince(report.checked_at, depth=1) if report.checked_at else ""
    again = gettext(" It is being checked again.") if report.asked_at else ""
    return {
        "word": word,
        "colour": colour,
        "text": gettext("%(said)s, as of %(age)s ago.%(again)s")
        % {"said": _of_domain(service, verdict), "age": age, "again": again},
    }


def _of_domain(service: EmailService, verdict: Verdict) -> str:
    return str(OF_DOMAIN[verdict]) % {"domain": service.domain}


def failed_checks(service: EmailService) -> str:
    """The checks of a public domain that found a problem, by name; "" when none did, or when it
    has not been checked.
    """
    report: DomainReport | None = getattr(service, "domain_report", None)
    if report is None or is_reserved(service.domain) or not report.is_about(service):
        return ""
    if report.verdict != Verdict.PROBLEM:
        return ""
    return listed(each["name"] for each in report.checks if each["verdict"] == Verdict.PROBLEM)


def checks(service: EmailService, report: DomainReport | None) -> list[dict[str, str]]:
    """What each check said; none when they were about another domain."""
    if report is None or not report.is_about(service):
        return []
    return [_shown(check) for check in report.checks]


def _shown(check: dict[str, str]) -> dict[str, str]:
    word, colour = WORDS[Verdict(check["verdict"])]
    told = {key: shown(value) for key, value in check.items()}
    return {**told, "word": str(word), "colour": colour}


def warnings(task: Task) -> list[str]:
    """What staff should know, before a launch, about the domains that a task may be sent from."""
    services = EmailService.objects.usable_by(task.owner_id)
    chosen = list(task.services.values_list("pk", flat=True))
    if chosen:
        services = services.filter(pk__in=chosen)
    found = [_warning(each) for each in services.select_related("domain_report")]
    told = sorted({warning for warning in found if warning})
    left = len(told) - MOST_NAMED
    text = ngettext("And %(count)s more domain.", "And %(count)s more domains.", left)
    more = [text % {"count": left}] if left > 0 else []
    return told[:MOST_NAMED] + more


def _warning(service: EmailService) -> str:
    if is_reserved(service.domain):
        return ""
    report: DomainReport | None = getattr(service, "domain_report", None)
    if report is None or not report.is_about(service):
        return gettext(
            "It has not been checked whether %(domain)s is ready for bulk mail; "
            "see the service “%(service)s”."
        ) % {"domain": service.domain, "service": service}
    if report.verdict not in NOT_READY:
        return ""
    named = listed(each["name"] for each in report.checks if each["verdict"] in NOT_READY)
    return gettext(
        "%(said)s (%(named)s): messages may be refused or put "
        "with the spam; see the service “%(service)s”."
    ) % {
        "said": _of_domain(service, Verdict(report.verdict)),
        "named": named,
        "service": service,
    }
