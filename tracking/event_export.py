"""The events of a task as rows: what came back for each of its messages."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.utils.translation import pgettext_lazy

from addressing.addresses import as_written
from campaigns.exports import messages
from campaigns.exports.tables import Chosen, Row, Subject
from campaigns.models import SubTask
from tracking.models import Event, EventState

NAME = "events"
HEADINGS = (
    pgettext_lazy("column of an export", "recipient"),
    pgettext_lazy("column of an export", "event"),
    pgettext_lazy("column of an export", "by"),
    pgettext_lazy("column of an export", "occurred_at"),
    pgettext_lazy("column of an export", "received_at"),
    pgettext_lazy("column of an export", "link"),
    pgettext_lazy("column of an export", "detail"),
    pgettext_lazy("column of an export", "times"),
    pgettext_lazy("column of an export", "last_at"),
)


def headings(keys: Sequence[int], chosen: Chosen) -> list[str]:
    return [str(each) for each in HEADINGS]


def rows(keys: Sequence[int], names: Sequence[str], chosen: Chosen) -> Iterator[Row]:
    """Of each message in the order in which they came. Neither addresses of computers nor the
    names of programs are in it."""
    found = SubTask.objects.filter(pk__in=keys).values_list("pk", "recipient_email")
    recipients = dict(found)
    events = Event.objects.filter(subtask__in=keys, state=EventState.APPLIED)
    for event in events.defer("raw").order_by("subtask", "pk"):
        yield [
            as_written(recipients.get(event.subtask_id or 0, "")),
            event.get_kind_display(),
            event.by,
            event.occurred_at,
            event.received_at,
            event.url,
            event.detail,
            event.times,
            event.last_at,
        ]


EVENTS = Subject("message", "tracking.view_event", messages.of_task, headings, rows)
