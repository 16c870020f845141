"""Findings about services that can send, and about what waits."""

from __future__ import annotations

from campaigns.models import SubTaskStatus, TaskStatus
from dispatch.lease_terms import HEARTBEAT_SECONDS, LEASE_SECONDS
from dispatch.monitoring.findings.finding import Finding, Level, level_of
from dispatch.monitoring.snapshot import Snapshot
from dispatch.monitoring.words import counted, duration


def dispatchers(now: Snapshot) -> Finding:
    title = "Dispatchers"
    hosts = {each.host for each in now.alive}
    if not hosts:
        hint = "None is alive, so nothing is sent. Start manage.py qcluster, or look into its log."
        return Finding(title, "0", Level.BAD, hint)
    value = f"{len(now.alive):,} on {counted(len(hosts), 'host')}"
    silent = max(now.seconds_since(each.heartbeat_at) for each in now.counts.dispatchers)
    if silent > 2 * HEARTBEAT_SECONDS:
        hint = (
            f"One has been silent for {duration(silent)}. After {LEASE_SECONDS:.0f} s another "
            "takes what it held; what it was handing over is then in doubt."
        )
        return Finding(title, value, Level.LOOK, hint)
    return Finding(title, value, Level.GOOD, "Each was heard of within the last seconds.")


def services(now: Snapshot) -> Finding:
    title = "Services that can send"
    enabled = [each for each in now.services if each.service.enabled]
    able = [each for each in enabled if each.can_send]
    value = f"{len(able):,} of {len(enabled):,}"
    waiting_for_staff = [each.service.name for each in enabled if each.pace.needs_person]
    frozen = [each.service.name for each in enabled if each.frozen]
    if waiting_for_staff:
        hint = f"Frozen until a person unfreezes it: {_some(waiting_for_staff)}. Read its reason."
        return Finding(title, value, Level.BAD, hint)
    if frozen:
        hint = f"Frozen for a while, and goes on by itself: {_some(frozen)}. Read its reason."
        return Finding(title, value, Level.LOOK, hint)
    used_up = [each.service.name for each in enabled if each.quota_is_used_up]
    if used_up:
        hint = f"The quota of the day is used up: {_some(used_up)}."
        return Finding(title, value, Level.GOOD, hint)
    return Finding(title, value, Level.GOOD, "Switched on, not frozen, and with quota left.")


def _some(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def waiting(now: Snapshot) -> Finding:
    title = "Waiting"
    pending = sum(
        task.counts[SubTaskStatus.PENDING]
        for task in now.tasks
        if task.status == TaskStatus.SENDING
    )
    value = counted(pending, "SubTask")
    oldest = now.oldest_waiting
    if oldest is None or oldest.waiting_since is None:
        hint = "None of them may be sent yet." if pending else "Nothing is left to be sent."
        return Finding(title, value, Level.GOOD, hint)
    waited = duration(now.seconds_since(oldest.waiting_since))
    hint = f"The first has waited for {waited}, in “{oldest.name}”: for pace, quota or its turn."
    if not any(each.can_send and each.has_work for each in now.services):
        hint = (
            f"The first has waited for {waited}, in “{oldest.name}”, and no service may send it: "
            "those it may use are frozen, off, or out of quota."
        )
        return Finding(title, value, Level.BAD, hint)
    return Finding(title, value, Level.GOOD, hint)


def in_flight(now: Snapshot) -> Finding:
    title = "Longest in flight"
    held = now.oldest_in_flight
    if held is None:
        return Finding(title, "–", Level.GOOD, "No dispatcher holds a SubTask.")
    seconds = now.seconds_since(held.since)
    level = level_of(seconds, 60, 180)
    hint = f"SubTask {held.id}, held by dispatcher {held.dispatcher_id} until it is settled."
    if level > Level.GOOD:
        names = {each.service.pk: each.service.name for each in now.services}
        hint += (
            f" The provider of “{names.get(held.service_id, held.service_id)}” is slow to reply; "
            "are the time-outs of the service too long?"
        )
    return Finding(title, duration(seconds), level, hint)


def in_doubt(now: Snapshot) -> Finding:
    title = "In doubt"
    count = sum(each.in_doubt for each in now.services)
    if not count:
        return Finding(title, "0", Level.GOOD, "Every hand-over has a known outcome.")
    hint = "Handed over without a reply, and never sent again by themselves: a person decides."
    return Finding(title, f"{count:,}", Level.LOOK, hint)


def bounce_mailboxes(now: Snapshot) -> Finding:
    title = "Bounce mailboxes"
    value = f"{len(now.mailboxes):,}"
    unread = [each for each in now.mailboxes if each.problem]
    if unread:
        names = _some([each.service.name for each in unread])
        hint = (
            f"What bounces by mail is not noticed, and goes on being mailed: {names}. "
            f"{unread[0].problem}"
        )
        return Finding(title, f"{len(unread):,} of {value} cannot be read", Level.LOOK, hint)
    if not now.mailboxes:
        return Finding(title, "0", Level.GOOD, "No service has bounces come back by mail.")
    return Finding(title, value, Level.GOOD, "Each could be read the last time.")


def launches(now: Snapshot) -> Finding:
    title = "Launches"
    if not now.launches:
        return Finding(title, "0", Level.GOOD, "No audience is being turned into SubTasks.")
    idle = max(now.seconds_since(launch.progressed_at) for launch in now.launches)
    level = level_of(idle, 30, 120)
    hint = "Audiences that are being turned into SubTasks."
    if level > Level.GOOD:
        hint = f"One has made no progress for {duration(idle)}. Is a cluster running?"
    return Finding(title, f"{len(now.launches):,}", level, hint)
