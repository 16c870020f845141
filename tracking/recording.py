"""Record opens and clicks by our own links."""

from __future__ import annotations

import hashlib
import logging

from django.conf import settings
from django.db import Error
from django.http import HttpRequest

from tracking.event_kinds import Actor, EventKind
from tracking.events import inbox
from tracking.events.incoming import Incoming
from tracking.events.scanners import TRAP_DETAIL
from tracking.events.user_agents import actor_of
from tracking.kept_connection import first_statement
from tracking.links.personalise import TEST

logger = logging.getLogger(__name__)

LONGEST_USER_AGENT = 500  # characters


def record_open(request: HttpRequest, subtask_id: int) -> None:
    _record(_visit(request, EventKind.OPENED, "open", subtask_id))


def record_click(request: HttpRequest, subtask_id: int, destination: str) -> None:
    _record(_visit(request, EventKind.CLICKED, "click", subtask_id, url=destination))


def record_trap(request: HttpRequest, subtask_id: int) -> None:
    """Record a visit to the hidden link that people do not see."""
    visit = _visit(request, EventKind.CLICKED, "click", subtask_id, detail=TRAP_DETAIL)
    _record(visit)


def _record(visit: Incoming) -> None:
    """Ignores test messages. Never fails the request; logs the loss if the insert fails. If the
    connection breaks during the answer, a visit may be counted twice."""
    if visit.subtask_id == TEST:
        return
    try:
        first_statement(lambda: inbox.accept([visit]))
    except Error as error:
        logger.error("lost that SubTask %s was %s: %s", visit.subtask_id, visit.kind, error)


def _visit(
    request: HttpRequest,
    kind: EventKind,
    source: str,
    subtask_id: int,
    url: str = "",
    detail: str = "",
) -> Incoming:
    """Visits of the same link of one message by the same kind of visitor are one event, counted."""
    actor = Actor.MACHINE if detail else visitor(request)
    visited = hashlib.blake2b(f"{url} {detail}".encode("utf-8", "surrogatepass"), digest_size=12)
    return Incoming(
        kind=kind,
        source=source,
        dedupe_key=f"{subtask_id}:{actor}:{visited.hexdigest()}",
        subtask_id=subtask_id,
        actor=actor,
        url=url,
        ip_address=client_address(request),
        user_agent=_user_agent(request),
        detail=detail,
        is_visit=True,
    )


def _user_agent(request: HttpRequest) -> str:
    """The part of it that is checked and kept."""
    return request.headers.get("User-Agent", "")[:LONGEST_USER_AGENT]


def visitor(request: HttpRequest) -> Actor:
    """The visitor, as far as one request identifies it."""
    purpose = request.headers.get("Sec-Purpose", "") + request.headers.get("Purpose", "")
    if request.method == "HEAD" or "prefetch" in purpose.lower():
        return Actor.MACHINE
    return actor_of(_user_agent(request))


def client_address(request: HttpRequest) -> str:
    """The client's address. Behind a trusted proxy: the last address of X-Forwarded-For."""
    if settings.BEHIND_TLS_PROXY:
        return request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return str(request.META.get("REMOTE_ADDR", ""))
