"""Read what is carried over: files of `manage.py export_since`, and logs of any kind."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from django.db import transaction
from django.utils.translation import gettext_noop

from addressing import message_ids
from campaigns.models import SubTask, SubTaskStatus
from campaigns.models.contacts import SuppressionReason
from campaigns.state.restored import NOT_HANDED_OVER
from dispatch.models import EmailService
from dispatch.restoring.carry import Carried, HandedOver, hand_over, suppress
from dispatch.restoring.export import COMPLETE
from tracking.links import tokens
from tracking.subscriptions import UNSUBSCRIBED

Item = TypeVar("Item")

BATCH = 5_000  # lines
ALSO_FAILED = (*NOT_HANDED_OVER, SubTaskStatus.FAILED)
"""A failed one that was retried and sent since would be offered to be retried again."""
LEFT = re.compile(rf"{UNSUBSCRIBED}([\w-]{{24}})(?![\w-])", re.ASCII)
OURS = re.compile(r"(?<![\w.])[1-9]\d{0,18}\.[0-9a-f]{16}@[\w.-]{1,253}", re.ASCII)


class NotUsable(Exception):
    """A file that is not complete or not understood; nothing was changed."""


def carry_over(lines: Iterable[str]) -> Carried:
    """Bring in a whole file of `export_since`. Raises NotUsable, having changed nothing."""
    carried = Carried()
    complete = False
    with transaction.atomic():
        for batch in _batches(enumerate(lines, start=1)):
            rows = [_parsed(number, line) for number, line in batch]
            complete = bool(rows[-1].get(COMPLETE))
            _apply(rows, carried)
        if not complete:
            raise NotUsable("The file is not complete: its last line is missing. Export it again.")
    return carried


def _parsed(number: int, line: str) -> dict[str, Any]:
    try:
        row = json.loads(line)
        if not row.keys() & {"suppressed", "handed_over", COMPLETE}:
            raise ValueError(row)
    except (ValueError, AttributeError) as error:
        raise NotUsable(f"Line {number} is not one of `manage.py export_since`.") from error
    return dict(row)


def _apply(rows: list[dict[str, Any]], carried: Carried) -> None:
    try:
        suppressed = [
            (str(row["suppressed"]), SuppressionReason(row["reason"]), str(row["source"]))
            for row in rows
            if "suppressed" in row
        ]
        handed_over = [
            HandedOver(
                subtask_id=int(row["handed_over"]),
                in_doubt=bool(row["in_doubt"]),
                task_id=int(row["task"]),
                recipient=str(row["recipient"]),
                service_id=int(row["service"]),
                at=str(row["at"]),
            )
            for row in rows
            if "handed_over" in row
        ]
    except (KeyError, TypeError, ValueError) as error:
        raise NotUsable(f"A line is not one of `manage.py export_since`: {error}") from error
    suppress(suppressed, carried)
    hand_over(handed_over, carried, ALSO_FAILED)


def carry_over_log(lines: Iterable[str]) -> Carried:
    """Mark as sent what a log of a mail server or provider names by our Message-IDs, in any text,
    and suppress those of whom our own log says that they have unsubscribed. Message-IDs of others,
    and forged ones, are passed over.
    """
    carried = Carried()
    services = dict(EmailService.objects.order_by("-pk").values_list("domain", "pk"))
    with transaction.atomic():
        for batch in _batches(lines):
            found = {text for line in batch for text in OURS.findall(line)}
            known = [(text, message_ids.subtask_id_in(f"<{text}>")) for text in sorted(found)]
            rows = [
                HandedOver(pk, service_id=services.get(_domain(text), 0))
                for text, pk in known
                if pk
            ]
            left = [token for line in batch for token in LEFT.findall(line)]
            hand_over(rows, carried)
            _unsubscribe([ids[0] for token in left if (ids := _logged(token))], carried)
    return carried


def _domain(message_id: str) -> str:
    return message_id.partition("@")[2].rstrip(".").lower()


def _logged(token: str) -> tuple[int, ...] | None:
    return tokens.read(tokens.Purpose.LOGGED, token)


def _unsubscribe(subtask_ids: list[int], carried: Carried) -> None:
    found = SubTask.objects.filter(pk__in=subtask_ids).values_list("pk", "recipient_email")
    suppress(
        (
            (
                email,
                SuppressionReason.UNSUBSCRIBED,
                gettext_noop("asked by the recipient of message %(id)s") % {"id": pk},
            )
            for pk, email in found
        ),
        carried,
    )


def _batches(rows: Iterable[Item]) -> Iterator[list[Item]]:
    left = iter(rows)
    while batch := list(islice(left, BATCH)):
        yield batch
