"""Count and limit password and code tries. `docs/security.md` gives the reasons for the numbers.

A try is counted before the password is checked, by one statement of the database, so that parallel
requests get no more tries than the limit, and refused ones cost no hashing. A successful try is
given back. No counter belongs to a user name alone: guessing Ada's password from one place does not
lock Ada out at another place.

Windows are measured by the database's clock, the only one that all web hosts share.
"""

from __future__ import annotations

import datetime as dt
import math
from dataclasses import dataclass

from django.db import connection
from django.utils import timezone
from django.utils.crypto import salted_hmac

from signin.models import Tries

WINDOW = dt.timedelta(minutes=15)
SALT = "signin.throttling.throttle"

COUNT = """
INSERT INTO signin_tries AS tries (key, count, until)
VALUES (%(key)s, 1, clock_timestamp() + make_interval(secs => %(seconds)s))
ON CONFLICT (key) DO UPDATE SET
    count = CASE WHEN tries.until <= clock_timestamp() THEN 1
                 ELSE LEAST(tries.count, %(limit)s) + 1 END,
    until = CASE WHEN tries.until <= clock_timestamp() THEN excluded.until ELSE tries.until END
RETURNING count, until
"""
GIVE_BACK = "UPDATE signin_tries SET count = count - 1 WHERE key = ANY(%s) AND count > 0"


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `tries` of `kind` by one `who` in a window."""

    kind: str
    who: tuple[object, ...]
    tries: int

    @property
    def key(self) -> str:
        value = "\n".join(map(str, self.who))
        return f"{self.kind}:{salted_hmac(SALT, value, algorithm='sha256').hexdigest()}"


class TooManyTries(Exception):
    """Nothing was checked; trying again makes sense at `until`."""

    def __init__(self, limit: Limit, until: dt.datetime) -> None:
        super().__init__(limit.kind)
        self.limit = limit
        self.until = until

    @property
    def minutes(self) -> int:
        return max(1, math.ceil((self.until - timezone.now()).total_seconds() / 60))


class Admission:
    """A counted try."""

    def __init__(self, keys: list[str]) -> None:
        self.keys = keys

    def give_back(self) -> None:
        """The try succeeded: it does not count."""
        with connection.cursor() as cursor:
            cursor.execute(GIVE_BACK, [self.keys])


def count(limits: list[Limit], window: dt.timedelta = WINDOW) -> Admission:
    """Count one try against each limit. Raises TooManyTries at the first that is reached."""
    keys: list[str] = []
    for limit in limits:
        number, until = _count_one(limit, window)
        if number > limit.tries:
            raise TooManyTries(limit, until)
        keys.append(limit.key)
    return Admission(keys)


def _count_one(limit: Limit, window: dt.timedelta) -> tuple[int, dt.datetime]:
    seconds = window.total_seconds()
    with connection.cursor() as cursor:
        cursor.execute(COUNT, {"key": limit.key, "seconds": seconds, "limit": limit.tries})
        number, until = cursor.fetchone()
    return number, until


def first_use(what: str, *who: object, window: dt.timedelta) -> bool:
    """Whether this is used for the first time within the window, by any process."""
    return _count_one(Limit(what, who, 1), window)[0] == 1


def forget_old() -> None:
    """Delete counters whose window is over."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM signin_tries WHERE until < clock_timestamp()")


def forget_all() -> int:
    """Reset all counters."""
    return Tries.objects.all().delete()[0]
