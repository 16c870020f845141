"""Rate limits of the public URLs, per network or per token.

Only harmful or useless requests are limited: rejected requests, per network; page views and
subscription changes, per token. Opens, clicks and one-click unsubscribes with a valid token are
never limited: mailbox providers send millions of them from few addresses, and each token has its
own bound (`tracking.events.visits`, `tracking.subscriptions`).

Processes and hosts share the limits through the database. A process remembers which limits are used
up, and does not ask the database about them again before the time is over. If the database fails,
nothing is limited.
"""

from __future__ import annotations

import hashlib
import logging
import math
import threading
import time
from dataclasses import dataclass

from django.conf import settings
from django.db import Error, connection

logger = logging.getLogger(__name__)

BUCKETS = 65_536  # of each limit
MOST_REMEMBERED = 10_000


@dataclass(frozen=True, slots=True)
class Limit:
    """The number allowed, by the setting of that name, per this many seconds; 0 for no limit.
    `number` identifies the limit in the database."""

    number: int
    setting: str
    seconds: int

    def bucket(self, whom: str) -> int:
        """The row that counts for it. Keyed: an attacker cannot search for another key in the same
        bucket."""
        key = settings.SECRET_KEY.encode("utf-8")[:64]
        digest = hashlib.blake2b(whom.encode("utf-8", "surrogatepass"), digest_size=8, key=key)
        return self.number * BUCKETS + int.from_bytes(digest.digest(), "big") % BUCKETS


BAD_REQUESTS = Limit(0, "BAD_REQUESTS_PER_MINUTE", 60)
"""By network: with a forged token or signature, a wrong method, or an invalid form."""
PAGES = Limit(1, "PAGES_PER_MINUTE", 60)
"""By message: the web view, and the pages to unsubscribe."""
CHANGES = Limit(2, "RESUBSCRIPTIONS_PER_HOUR", 3600)
"""By message: subscribing again, which is what makes another unsubscribe possible."""

SIGN_UPS_OF_NETWORK = Limit(3, "SIGN_UPS_PER_NETWORK", 3600)
"""By network: sign-ups that may lead to a message."""
SIGN_UPS_OF_FORM = Limit(4, "SIGN_UPS_PER_FORM", 3600)
"""By form: the same."""

# Updates one row and locks nothing else. A limit that is used up is not raised further.
USE_SQL = """
WITH used AS (
    INSERT INTO tracking_allowance AS a (bucket, since, used)
    VALUES (%(bucket)s, clock_timestamp(), 1)
    ON CONFLICT (bucket) DO UPDATE SET
        used = CASE WHEN a.since > clock_timestamp() - %(window)s::interval
               THEN a.used + 1 ELSE 1 END,
        since = CASE WHEN a.since > clock_timestamp() - %(window)s::interval
                THEN a.since ELSE clock_timestamp() END
    WHERE a.used < %(most)s OR a.since <= clock_timestamp() - %(window)s::interval
    RETURNING bucket
)
SELECT EXISTS (SELECT FROM used), extract(epoch FROM (
    SELECT since + %(window)s::interval - clock_timestamp() FROM tracking_allowance
    WHERE bucket = %(bucket)s))::float8
"""


class UsedUp:
    """Until when, by this process's clock, buckets are used up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[int, float] = {}

    def seconds(self, bucket: int) -> float:
        """The remaining time; 0 when it is not known to be used up."""
        return max(0.0, self._until.get(bucket, 0.0) - time.monotonic())

    def add(self, bucket: int, seconds: float) -> None:
        with self._lock:
            if len(self._until) >= MOST_REMEMBERED:
                now = time.monotonic()
                self._until = {key: until for key, until in self._until.items() if until > now}
            if len(self._until) >= MOST_REMEMBERED:
                self._until.clear()
            self._until[bucket] = time.monotonic() + seconds

    def forget(self) -> None:
        with self._lock:
            self._until.clear()


used_up = UsedUp()


def seconds_to_wait(limit: Limit, whom: str) -> int:
    """Use one of the limit. Returns 0, or, when it is used up, the seconds until it is not."""
    most = int(getattr(settings, limit.setting))
    if not most:
        return 0
    bucket = limit.bucket(whom)
    wait = used_up.seconds(bucket)
    if not wait and (wait := _use(limit, bucket, most)):
        used_up.add(bucket, wait)
    return math.ceil(wait)


def _use(limit: Limit, bucket: int, most: int) -> float:
    window = f"{limit.seconds} seconds"
    try:
        with connection.cursor() as cursor:
            cursor.execute(USE_SQL, {"bucket": bucket, "most": most, "window": window})
            is_left, seconds = cursor.fetchone()
    except Error as error:
        logger.warning("rate limits are off while the database fails: %s", error)
        return 0.0
    return 0.0 if is_left else min(max(seconds or 0.0, 1.0), limit.seconds)
