"""Probes: whether this process answers (`/healthz`), and whether mail can be sent (`/readyz`)."""

from __future__ import annotations

import logging
import threading
from functools import cache

from django.db import DatabaseError, InterfaceError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from dispatch.claiming import leases

logger = logging.getLogger(__name__)

OK, UNKNOWN = "ok", "unknown"


@never_cache
@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """200 as long as this process answers. Does not touch the database."""
    return HttpResponse("ok\n", "text/plain")


@never_cache
@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every part needed for sending is available, else 503; the body says which is not.

    Public. One thread of a process checks at a time; concurrent requests get the previous answer,
    so that many probes cost the database no more than consecutive ones.
    """
    parts = _newest_parts()
    ready = all(state == OK for state in parts.values())
    return JsonResponse({"ready": ready, **parts}, status=200 if ready else 503)


_looking = threading.Lock()
_last_parts: dict[str, str] = {}


def _newest_parts() -> dict[str, str]:
    global _last_parts
    if not _looking.acquire(blocking=not _last_parts):
        return _last_parts
    try:
        _last_parts = check_parts()
        return _last_parts
    finally:
        _looking.release()


def check_parts() -> dict[str, str]:
    """Each part with OK or what is wrong with it, and nothing secret. Three short queries."""
    parts = {"database": OK, "migrations": UNKNOWN, "dispatcher": UNKNOWN}
    try:
        if not _migrations_are_applied():
            return {**parts, "migrations": "not applied"}
        alive = leases.alive().exists()
    except (DatabaseError, InterfaceError) as error:
        logger.warning("not ready: the database failed: %s", error)
        return {**parts, "database": "not reachable"}
    return {**parts, "migrations": OK, "dispatcher": OK if alive else "none is alive"}


def _migrations_are_applied() -> bool:
    """Whether the database knows all migrations of this code; it may know newer ones."""
    return _migrations_of_this_code() <= MigrationRecorder(connection).applied_migrations().keys()


@cache
def _migrations_of_this_code() -> frozenset[tuple[str, str]]:
    """Read from the files, once in a process."""
    return frozenset(MigrationLoader(None).graph.nodes)
