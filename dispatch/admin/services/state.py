"""What a service is doing: ready, waiting, frozen; its quota and its send rate."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import (
    Count,
    DateTimeField,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Now
from django.utils.timesince import timesince
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from access.ownership import SEE_EVERYTHING
from admin_kit.typed import Colours
from admin_kit.words.moments import with_its_zone
from admin_kit.words.numbers import number
from admin_kit.words.stored_texts import shown
from dispatch.admin.services import domain_state
from dispatch.models import AccountReport, Attempt, BounceMailbox, EmailService
from dispatch.pace import pace_rows
from dispatch.pace.backoff import FAILURES_THAT_FREEZE
from dispatch.pace.openings import opening
from dispatch.providers import account_reports
from dispatch.waiting.words import USUAL

CONTROL = "dispatch.control_emailservice"
RATE_WINDOW = dt.timedelta(minutes=1)
READY, WAITING, FROZEN, DISABLED = _("Ready"), _("Waiting"), _("Frozen"), _("Disabled")
NO_CONNECTION = _("No connection")
FAILING, NOT_READY, UNREAD = _("Failing"), _("Domain not ready"), _("Bounces not read")
MANY_FAILURES = 3
"""So many in a row are more than bad luck."""
UNTOLD = _(
    "Its provider refused it or could not be reached; those who run the services see what it said."
)
"""In place of a provider's words, which may be about the message of another owner."""
STATE_LABELS = Colours(
    {
        READY: "success",
        WAITING: "info",
        NO_CONNECTION: "danger",
        FROZEN: "danger",
        FAILING: "danger",
        NOT_READY: "warning",
        UNREAD: "warning",
        DISABLED: "",
    }
)
TROUBLES = (FROZEN, NO_CONNECTION, FAILING, NOT_READY, UNREAD)
"""States that a person has to do something about."""


def with_state(
    services: QuerySet[EmailService], user: User | AnonymousUser
) -> QuerySet[EmailService]:
    """Services with their Pace, the database's time as `now`, `sent_last_minute`, whether a message
    was accepted since the connection was last tried (`sends_since`), and whether this user may read
    what their providers said (`told`).
    """
    told = user.has_perm(CONTROL) or user.has_perm(SEE_EVERYTHING)
    started = Attempt.objects.filter(
        service=OuterRef("pk"),
        started_at__gte=ExpressionWrapper(Now() - RATE_WINDOW, output_field=DateTimeField()),
    )
    rate = started.order_by().values("service").annotate(n=Count("pk")).values("n")
    related = services.select_related("pace", "account_report", "domain_report", "bounce_mailbox")
    return related.annotate(
        sends_since=account_reports.sends_since(),
        now=Now(),
        told=Value(told),
        sent_last_minute=Coalesce(Subquery(rate, output_field=IntegerField()), 0),
        next_send_at=F("pace__next_send_at"),
    )


def state_of(service: Any) -> tuple[str, str]:
    """A word, and the reason in a sentence. The worst comes first: what stops the service, what
    fails, what its mail suffers from, then what it only waits for.
    """
    if not service.enabled:
        return str(DISABLED), gettext("Staff switched it off.")
    return _stopped(service) or _ailing(service) or _waiting(service) or (str(READY), "")


def _stopped(service: Any) -> tuple[str, str] | None:
    pace = service.pace
    if pace_rows.is_frozen(pace, service.now):
        until = (
            gettext("Until a person unfreezes it.")
            if pace.needs_person
            else gettext("Until %(moment)s.") % {"moment": time_of(pace.frozen_until)}
        )
        told = service.told or pace_rows.is_frozen_by_staff(pace)
        return str(FROZEN), f"{until} {shown(pace.freeze_reason) if told else UNTOLD}".strip()
    if why := _no_connection(service):
        return str(NO_CONNECTION), why
    return None


def _ailing(service: Any) -> tuple[str, str] | None:
    if (failures := service.pace.failures_in_row) >= MANY_FAILURES:
        return str(FAILING), ngettext(
            "%(count)s hand-over failed in a row just now; after %(most)s it rests for a while. "
            "Its errors say why.",
            "%(count)s hand-overs failed in a row just now; after %(most)s it rests for a while. "
            "Its errors say why.",
            failures,
        ) % {"count": number(failures), "most": FAILURES_THAT_FREEZE}
    if failed := domain_state.failed_checks(service):
        return str(NOT_READY), gettext(
            "%(domain)s is not ready for bulk mail (%(failed)s): messages may be refused or put "
            "with the spam."
        ) % {"domain": service.domain, "failed": failed}
    mailbox: BounceMailbox | None = getattr(service, "bounce_mailbox", None)
    if mailbox is not None and mailbox.enabled and mailbox.problem:
        return str(UNREAD), gettext(
            "Its bounce mailbox cannot be read: what bounces by mail is not noticed, and goes on "
            "being mailed."
        )
    return None


def _waiting(service: Any) -> tuple[str, str] | None:
    limits, now = service.limits, service.now
    if limits.daily_quota == 0:
        return str(WAITING), gettext("Its daily quota is 0: it sends nothing.")
    if pace_rows.quota_left(service.pace, limits, now) == 0:
        _, period_end = limits.period(now)
        return str(WAITING), gettext("The quota is used up until %(moment)s.") % {
            "moment": time_of(period_end)
        }
    earliest = limits.earliest(service.pace.next_send_at)
    if limits.interval and earliest > now + USUAL:
        return str(WAITING), gettext("The next message may start at %(moment)s.") % {
            "moment": time_of(earliest)
        }
    return None


def earliest_start(service: Any) -> dt.datetime | None:
    """When a message may start as far as is known now; None while a person must do something for
    it.
    """
    if not service.enabled:
        return None
    if _no_connection(service) and not pace_rows.is_frozen(service.pace, service.now):
        return None
    return opening(service.pace, service.limits, service.now).at


def _no_connection(service: Any) -> str:
    """What was wrong when the connection was last tried; "" when it worked, or works by now."""
    report: AccountReport | None = getattr(service, "account_report", None)
    if report is None or report.works or service.sends_since or not report.is_about(service):
        return ""
    if not service.told:
        return str(UNTOLD)
    return _as_of(report)


def figures_of(service: Any) -> list[tuple[str, str]]:
    """What the page of a service shows beside its state."""
    figures = [
        (gettext("Quota used"), quota_of(service)),
        (gettext("Sent in the last minute"), number(service.sent_last_minute)),
        (gettext("Pace"), pace_of(service)),
    ]
    if failures := service.pace.failures_in_row:
        text = ngettext("%(count)s failure in a row", "%(count)s failures in a row", failures)
        figures.append((gettext("Just now"), text % {"count": number(failures)}))
    return figures


def _as_of(report: AccountReport) -> str:
    """What the provider answered, without the full stop that it may end with, and its age."""
    assert report.checked_at is not None  # it is about the service
    return gettext("%(said)s, as of %(age)s ago.") % {
        "said": shown(report.answer).rstrip(".。"),
        "age": timesince(report.checked_at, depth=1),
    }


def account_of(service: Any) -> dict[str, str]:
    """A label, and what the provider last said of the account, with how old that is."""
    report: AccountReport | None = getattr(service, "account_report", None)
    told = report if report is not None and report.is_about(service) else None
    if service.sends_since and not (told and told.works):
        text = gettext("A message was accepted since the connection was last tried or changed.")
        return {"word": gettext("Connects"), "colour": "success", "text": text}
    if told is None:
        asked = report is not None and report.asked_at is not None
        text = (
            gettext("The connection is being tested.")
            if asked
            else gettext("The connection has not been tested yet.")
        )
        return {
            "word": gettext("Not tested"),
            "colour": "info",
            "text": text,
        }
    word, colour = (gettext("Connects"), "success")
    if not told.works:
        word, colour = str(NO_CONNECTION), "danger"
    return {
        "word": word,
        "colour": colour,
        "text": _as_of(told),
    }


def quota_of(service: Any) -> str:
    limits = service.limits
    left = pace_rows.quota_left(service.pace, limits, service.now)
    if left is None or limits.daily_quota is None:
        return gettext("no limit")
    period_start, _ = limits.period(service.now)
    same_period = service.pace.quota_period_start == period_start
    used = service.pace.quota_used if same_period else 0
    return gettext("%(used)s of %(quota)s") % {
        "used": number(used),
        "quota": number(limits.daily_quota),
    }


def pace_of(service: EmailService) -> str:
    if not service.sending_interval:
        return gettext("no limit")
    burst = gettext(", burst %(burst)s") % {"burst": service.burst} if service.burst > 1 else ""
    return gettext("every %(seconds)s s%(burst)s") % {
        "seconds": f"{service.sending_interval.normalize():f}",
        "burst": burst,
    }


def time_of(moment: dt.datetime) -> str:
    return with_its_zone(moment)
