"""Erase an address: remove everything that identifies the recipient, and keep sent messages as
proof.

In three steps, each of which may be repeated: the address is suppressed by its hash, which is
committed first, so that no new data can appear; then everything about it is removed in one
transaction; then it is removed from the history.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.utils.translation import gettext, gettext_noop, ngettext

from admin_kit.words.numbers import number
from campaigns import engagement, erased_keys, erasure, erasure_lock
from campaigns.models import SubTask, SubTaskStatus
from campaigns.operations import files as stored_files
from campaigns.state import states
from dispatch.models import Attempt
from dispatch.pace import pace_rows
from privacy.entries import names_of, naming
from tracking.events.erasure import forget_events

logger = logging.getLogger(__name__)

ERASED = gettext_noop("[erased address]")
STOPPABLE = (SubTaskStatus.PENDING, SubTaskStatus.ALLOCATED)


class NotNow(Exception):
    """Nothing was erased yet; the message, for staff, says what to do."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What was found and erased. `key` is the entry on the suppression list; `stopped` are messages
    that were not handed over and now never will be."""

    key: str
    contacts: int
    messages: int
    stopped: int
    events: int
    others: dict[str, int] = field(default_factory=dict)
    """Deleted rows of higher packages, by what they are called."""

    def explain(self) -> str:
        return gettext(
            "Erased as %(key)s: %(contacts)s deleted, %(others)s%(messages)s without recipient "
            "now, %(stopped)s of them stopped before they were sent, %(events)s emptied."
        ) % {
            "key": self.key[: erased_keys.SHOWN],
            "contacts": ngettext("%(count)s contact", "%(count)s contacts", self.contacts)
            % {"count": number(self.contacts)},
            "others": self._others(),
            "messages": _messages(self.messages),
            "stopped": number(self.stopped),
            "events": ngettext("%(count)s event", "%(count)s events", self.events)
            % {"count": number(self.events)},
        }

    def _others(self) -> str:
        return "".join(
            gettext("%(holders)s: %(count)s deleted, ")
            % {"holders": gettext(name), "count": number(count)}
            for name, count in self.others.items()
            if count
        )


def _messages(count: int) -> str:
    return ngettext("%(count)s message", "%(count)s messages", count) % {"count": number(count)}


def erase(address: str) -> Erased:
    """Erase an address, given in its stored spelling. Raises NotNow.

    Not to be called inside a transaction. Locks Pace rows, then the SubTasks, then the events.
    """
    key = erasure.forbid(address)
    try:
        with transaction.atomic():
            done = _forget(address, key)
    except erasure_lock.BeingStored as error:
        raise NotNow(
            gettext(
                "Contacts are just being imported or a campaign is being launched. The address "
                "gets no more messages; erase it again in a minute, when that is over."
            )
        ) from error
    _forget_history(address)
    logger.info("address %s was erased: %s", key[: erased_keys.SHOWN], done.explain())
    return done


def _forget(address: str, key: str) -> Erased:
    erasure_lock.wait_for_all()
    found = erasure.subtasks_of(address)
    pace_of = pace_rows.lock_waiting(
        list(found.filter(status=SubTaskStatus.ALLOCATED).values_list("service", flat=True))
    )
    rows = _lock(list(found.values_list("pk", flat=True)))
    _refuse_handed_over(rows)
    ids = [row.pk for row in rows]
    stopped = [row.pk for row in rows if row.status in STOPPABLE]
    pace_rows.give_back(states.release(SubTask.objects.filter(pk__in=stopped)), pace_of)
    states.suppress(stopped)
    erasure.anonymise(ids)
    stored_files.delete_for_erasure()
    Attempt.objects.filter(subtask__in=ids).exclude(reply="").update(reply="")
    events = forget_events(address, ids)
    engagement.forget(address)
    contacts = erasure.forget_contacts(address)
    others = {holder.name: holder.forget(address) for holder in erasure.HOLDERS}
    erasure.forget_suppression(address)
    erasure.forget_counted(address)
    return Erased(key, contacts, len(ids), len(stopped), events, others)


def _lock(ids: Sequence[int]) -> list[SubTask]:
    rows = SubTask.objects.filter(pk__in=ids).select_for_update(no_key=True, of=("self",))
    return list(rows.order_by("pk"))


def _refuse_handed_over(rows: Sequence[SubTask]) -> None:
    """A message being handed over is held by a dispatcher, which would write about it."""
    leaving = sum(
        row.status == SubTaskStatus.SENDING and row.dispatcher_id is not None for row in rows
    )
    if leaving:
        raise NotNow(
            gettext(
                "%(messages)s to the address is being handed over at this moment. "
                "Nothing else is sent to it; erase it again in a minute, when the "
                "outcome is known."
            )
            % {"messages": _messages(leaving)}
        )


def _forget_history(address: str) -> None:
    """The entries of staff actions stay, without the address."""
    names = "|".join(re.escape(each) for each in names_of(address))
    whole = re.compile(rf"(?<![\w.+-])(?:{names})(?![\w-]|\.\w)", re.IGNORECASE)
    changed = []
    for entry in naming(address).iterator():
        entry.object_repr = whole.sub(ERASED, entry.object_repr)[:200]
        entry.change_message = whole.sub(ERASED, entry.change_message)
        changed.append(entry)
    LogEntry.objects.bulk_update(changed, ["object_repr", "change_message"], batch_size=500)
