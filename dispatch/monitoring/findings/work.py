"""Findings about the work of the last minute."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from admin_kit.words.numbers import number
from dispatch import counters
from dispatch.models import AttemptOutcome
from dispatch.monitoring.activity import handed_over
from dispatch.monitoring.findings.finding import Finding, Level, level_of, not_yet
from dispatch.monitoring.snapshot import Snapshot
from dispatch.monitoring.words import duration, percent, rate

ACCEPTED = AttemptOutcome.ACCEPTED.value
FEW = 20
"""So few messages say nothing about shares."""

SLOW_INTERVAL_SECONDS = 20
"""A service that sends less often may well send nothing in a minute."""

BUSY = 10
"""Messages a second for each dispatcher; of less, one of them may well do all."""

EVEN_ENOUGH = 0.25
"""A dispatcher that does less than this part of an even share has strikingly little to do."""


def sent(now: Snapshot) -> Finding:
    title = gettext("Sent")
    if now.minute is None:
        return not_yet(title)
    accepted = now.minute.outcomes.get(ACCEPTED, 0)
    value = rate(now.minute.per_second(accepted))
    if not handed_over(now.minute.outcomes) and _could_send(now):
        hint = gettext(
            "Mail waits that a service could send, but nothing was sent. Look into the log of the "
            "clusters; are all dispatchers alive, is a transaction open for long?"
        )
        return Finding(title, value, Level.BAD, hint)
    return Finding(
        title, value, Level.GOOD, gettext("Messages that providers accepted in the last minute.")
    )


def _could_send(now: Snapshot) -> bool:
    return any(
        each.can_send and each.has_work and each.service.sending_interval <= SLOW_INTERVAL_SECONDS
        for each in now.services
    )


def failed(now: Snapshot) -> Finding:
    title = gettext("Not accepted")
    if now.minute is None:
        return not_yet(title)
    total = sum(now.minute.outcomes.values()) - now.minute.outcomes.get("unused", 0)
    bad = total - now.minute.outcomes.get(ACCEPTED, 0)
    share = bad / total if total else 0.0
    level = level_of(share, 0.05, 0.2) if total >= FEW else Level.GOOD
    hint = gettext("Refused, failed or without a reply, of all that was tried in the last minute.")
    if level > Level.GOOD:
        hint = gettext(
            "Many messages are not accepted. The services below show where; their attempts, why."
        )
    return Finding(title, f"{percent(share)} ({bad:,})", level, hint)


def punctuality(now: Snapshot) -> Finding:
    title = gettext("Late starts")
    if now.minute is None:
        return not_yet(title)
    late = now.minute.overall.get("lateness_seconds", {})
    p50, p99 = counters.quantile(late, 0.5), counters.quantile(late, 0.99)
    level = level_of(p99 or 0.0, 0.05, 0.5)
    hint = gettext("How long after their slot paced messages start: half of them, and 99 of 100.")
    if level > Level.GOOD:
        hint = gettext(
            "Messages start late: the dispatchers' hosts or the database are short of processor "
            "time, or a provider is slow and needs more connections."
        )
    return Finding(title, f"{duration(p50)}, {duration(p99)}", level, hint)


def claiming(now: Snapshot) -> Finding:
    title = gettext("Claims")
    if now.minute is None:
        return not_yet(title)
    p99 = counters.quantile(now.minute.overall.get("claim_seconds", {}), 0.99)
    value = rate(now.minute.per_second(now.minute.overall.get("claimed", 0)))
    level = level_of(p99 or 0.0, 0.1, 0.5)
    hint = gettext(
        "Messages claimed in the last minute; 99 of 100 claims took up to %(duration)s."
    ) % {"duration": duration(p99)}
    if level > Level.GOOD:
        hint += gettext(
            " That is slow: look for a long transaction, dead rows, or a busy database."
        )
    return Finding(title, value, level, hint)


def unused(now: Snapshot) -> Finding:
    title = gettext("Slots not used")
    if now.minute is None:
        return not_yet(title)
    count = now.minute.outcomes.get("unused", 0)
    claimed = max(now.minute.overall.get("claimed", 0), count)
    share = count / claimed if claimed else 0.0
    level = level_of(share, 0.1, 0.5) if claimed >= FEW else Level.GOOD
    hint = gettext(
        "Claimed, then given back without a hand-over: when a campaign is paused, for example."
    )
    if level > Level.GOOD:
        hint += gettext(
            " That many are given back when a service cannot be connected to, or when hosts are "
            "too slow for its pace."
        )
    return Finding(title, f"{percent(share)} ({count:,})", level, hint)


def balance(now: Snapshot) -> Finding:
    title = gettext("Smallest part of a dispatcher")
    if now.minute is None:
        return not_yet(title)
    whole_minute = [
        now.minute.dispatchers.get(each.id, 0)
        for each in now.alive
        if now.seconds_since(each.started_at) > now.minute.seconds
    ]
    total = sum(whole_minute)
    if len(whole_minute) < 2 or now.minute.per_second(total) < BUSY * len(whole_minute):
        return Finding(title, "–", Level.GOOD, gettext("Compared when several have much to do."))
    least = min(whole_minute) / total
    uneven = least < EVEN_ENOUGH / len(whole_minute)
    even = percent(1 / len(whole_minute))
    hint = gettext("Of the work of %(count)s dispatchers. An even part is %(even)s.") % {
        "count": len(whole_minute),
        "even": even,
    }
    if uneven:
        hint += gettext(
            " Services with few connections stay with one dispatcher; otherwise, is its host "
            "overloaded or cut off?"
        )
    return Finding(title, percent(least), Level.LOOK if uneven else Level.GOOD, hint)


def lost_races(now: Snapshot) -> Finding:
    title = gettext("Lost claims")
    if now.minute is None:
        return not_yet(title)
    lost = now.minute.overall.get("lost_races", 0)
    failures = now.minute.overall.get("database_failures", 0)
    value = number(lost)
    if failures:
        text = ngettext(
            "%(lost)s, %(count)s failed tick", "%(lost)s, %(count)s failed ticks", failures
        )
        value = text % {"lost": number(lost), "count": number(failures)}
    if not lost and not failures:
        return Finding(title, value, Level.GOOD, gettext("No dispatcher lost what it held."))
    hint = gettext(
        "A dispatcher found its claim taken away, or its transaction failed. Nothing is sent twice "
        "by that; if it goes on, hosts stall for seconds or the database drops connections."
    )
    return Finding(title, value, Level.LOOK, hint)
