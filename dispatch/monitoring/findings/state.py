"""Findings about services that can send, and about what waits."""

from __future__ import annotations

from django.utils.translation import gettext, ngettext

from admin_kit.words.listing import listed
from admin_kit.words.numbers import number
from admin_kit.words.stored_texts import shown
from campaigns.models import SubTaskStatus, TaskStatus
from dispatch.lease_terms import HEARTBEAT_SECONDS, LEASE_SECONDS
from dispatch.monitoring.findings.finding import Finding, Level, level_of
from dispatch.monitoring.snapshot import Snapshot
from dispatch.monitoring.words import duration, messages


def dispatchers(now: Snapshot) -> Finding:
    title = gettext("Dispatchers")
    hosts = {each.host for each in now.alive}
    if not hosts:
        hint = gettext(
            "None is alive, so nothing is sent. Start manage.py qcluster, or look into its log."
        )
        return Finding(title, "0", Level.BAD, hint)
    value = ngettext("%(alive)s on %(count)s host", "%(alive)s on %(count)s hosts", len(hosts))
    value %= {"alive": number(len(now.alive)), "count": number(len(hosts))}
    silent = max(now.seconds_since(each.heartbeat_at) for each in now.counts.dispatchers)
    if silent > 2 * HEARTBEAT_SECONDS:
        hint = gettext(
            "One has been silent for %(duration)s. After %(lease)s s "
            "another takes what it held; what it was handing over is then in doubt."
        ) % {"duration": duration(silent), "lease": f"{LEASE_SECONDS:.0f}"}
        return Finding(title, value, Level.LOOK, hint)
    return Finding(title, value, Level.GOOD, gettext("Each was heard of within the last seconds."))


def services(now: Snapshot) -> Finding:
    title = gettext("Services that can send")
    enabled = [each for each in now.services if each.service.enabled]
    able = [each for each in enabled if each.can_send]
    value = gettext("%(able)s of %(enabled)s") % {
        "able": number(len(able)),
        "enabled": number(len(enabled)),
    }
    waiting_for_staff = [each.service.name for each in enabled if each.pace.needs_person]
    frozen = [each.service.name for each in enabled if each.frozen]
    if waiting_for_staff:
        hint = gettext("Frozen until a person unfreezes it: %(services)s. Read its reason.") % {
            "services": _some(waiting_for_staff)
        }
        return Finding(title, value, Level.BAD, hint)
    if frozen:
        hint = gettext(
            "Frozen for a while, and goes on by itself: %(services)s. Read its reason."
        ) % {"services": _some(frozen)}
        return Finding(title, value, Level.LOOK, hint)
    used_up = [each.service.name for each in enabled if each.quota_is_used_up]
    if used_up:
        hint = gettext("The quota of the day is used up: %(services)s.") % {
            "services": _some(used_up)
        }
        return Finding(title, value, Level.GOOD, hint)
    return Finding(
        title, value, Level.GOOD, gettext("Switched on, not frozen, and with quota left.")
    )


def _some(names: list[str]) -> str:
    return listed(names[:3]) + (
        gettext(" and %(count)s more") % {"count": len(names) - 3} if len(names) > 3 else ""
    )


def waiting(now: Snapshot) -> Finding:
    title = gettext("Waiting")
    pending = sum(
        task.counts[SubTaskStatus.PENDING]
        for task in now.tasks
        if task.status == TaskStatus.SENDING
    )
    value = messages(pending)
    oldest = now.oldest_waiting
    if oldest is None or oldest.waiting_since is None:
        hint = (
            gettext("None of them may be sent yet.")
            if pending
            else gettext("Nothing is left to be sent.")
        )
        return Finding(title, value, Level.GOOD, hint)
    waited = duration(now.seconds_since(oldest.waiting_since))
    hint = gettext(
        "The first has waited for %(waited)s, in “%(name)s”: for pace, quota or its turn."
    ) % {"waited": waited, "name": oldest.name}
    if not any(each.can_send and each.has_work for each in now.services):
        hint = gettext(
            "The first has waited for %(waited)s, in “%(name)s”, and no service "
            "may send it: those it may use are frozen, off, or out of quota."
        ) % {"waited": waited, "name": oldest.name}
        return Finding(title, value, Level.BAD, hint)
    return Finding(title, value, Level.GOOD, hint)


def in_flight(now: Snapshot) -> Finding:
    title = gettext("Longest in flight")
    held = now.oldest_in_flight
    if held is None:
        return Finding(title, "–", Level.GOOD, gettext("No dispatcher holds a message."))
    seconds = now.seconds_since(held.since)
    level = level_of(seconds, 60, 180)
    hint = gettext("Message %(id)s, held by dispatcher %(dispatcher)s until it is settled.") % {
        "id": held.id,
        "dispatcher": held.dispatcher_id,
    }
    if level > Level.GOOD:
        names = {each.service.pk: each.service.name for each in now.services}
        hint += gettext(
            " The provider of “%(service)s” is slow to reply; are the time-outs "
            "of the service too long?"
        ) % {"service": names.get(held.service_id, held.service_id)}
    return Finding(title, duration(seconds), level, hint)


def in_doubt(now: Snapshot) -> Finding:
    title = gettext("In doubt")
    count = sum(each.in_doubt for each in now.services)
    if not count:
        return Finding(title, "0", Level.GOOD, gettext("Every hand-over has a known outcome."))
    hint = gettext(
        "Handed over without a reply, and never sent again by themselves: a person decides."
    )
    return Finding(title, f"{count:,}", Level.LOOK, hint)


def bounce_mailboxes(now: Snapshot) -> Finding:
    title = gettext("Bounce mailboxes")
    value = number(len(now.mailboxes))
    unread = [each for each in now.mailboxes if each.problem]
    if unread:
        names = _some([each.service.name for each in unread])
        hint = gettext(
            "What bounces by mail is not noticed, and goes on being mailed: %(names)s. %(problem)s"
        ) % {"names": names, "problem": shown(unread[0].problem)}
        return Finding(
            title,
            gettext("%(unread)s of %(count)s cannot be read")
            % {"unread": number(len(unread)), "count": value},
            Level.LOOK,
            hint,
        )
    if not now.mailboxes:
        return Finding(title, "0", Level.GOOD, gettext("No service has bounces come back by mail."))
    return Finding(title, value, Level.GOOD, gettext("Each could be read the last time."))


def launches(now: Snapshot) -> Finding:
    title = gettext("Launches")
    if not now.launches:
        return Finding(
            title, "0", Level.GOOD, gettext("No audience is being turned into messages.")
        )
    idle = max(now.seconds_since(launch.progressed_at) for launch in now.launches)
    level = level_of(idle, 30, 120)
    hint = gettext("Audiences that are being turned into messages.")
    if level > Level.GOOD:
        hint = gettext("One has made no progress for %(duration)s. Is a cluster running?") % {
            "duration": duration(idle)
        }
    return Finding(title, f"{len(now.launches):,}", level, hint)
