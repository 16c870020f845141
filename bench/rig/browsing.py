"""Pages as staff ask for them: how long the server takes to answer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import median

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.test import Client, override_settings

from bench.rig.programs import Failure

LAPS = 7


@dataclass(frozen=True, slots=True)
class Measured:
    what: str
    seconds: list[float]
    processor: list[float]
    """Seconds of processor time of this process alone: where other programs want the processors,
    the clock tells of them, too."""

    @property
    def median(self) -> float:
        return median(self.seconds)


@contextmanager
def signed_in(owner_id: int, is_superuser: bool = False) -> Iterator[Client]:
    """As a campaign manager who owns what was seeded, or who sees everything besides."""
    # Nothing is collected here, and the pages only name static files.
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    user = User.objects.get(pk=owner_id)
    user.groups.add(Group.objects.get(name="campaign manager"))
    user.is_superuser = is_superuser
    user.save()
    with override_settings(
        STORAGES={**settings.STORAGES, "staticfiles": plain}, REQUIRE_SECOND_FACTOR="nobody"
    ):
        client = Client(headers={"host": "localhost"})
        client.force_login(user)
        yield client


def measured(client: Client, what: str, url: str) -> Measured:
    """After a lap that fills the caches of this process and the database. Raises Failure when the
    answer is no page."""
    laps = [lap(client, url) for _ in range(LAPS + 1)][1:]
    return Measured(what, [by_clock for by_clock, _ in laps], [cpu for _, cpu in laps])


def lap(client: Client, url: str) -> tuple[float, float]:
    """Seconds by the clock, and of processor time."""
    began, cpu = time.perf_counter(), time.process_time()
    response = client.get(url, secure=True)
    took = time.perf_counter() - began, time.process_time() - cpu
    if response.status_code != 200:
        raise Failure(f"{url} answered {response.status_code}.")
    return took
