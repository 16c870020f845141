"""Bounces in no standard format, recognised by flufl.bounce, which knows those that there are."""

from __future__ import annotations

import logging
from email.message import Message

from flufl.bounce import all_failures

from dispatch.bounces import mail
from dispatch.bounces.delivery_status import Notification
from dispatch.providers.bounces import codes_in, kind_of
from tracking.incoming import EventKind

logger = logging.getLogger(__name__)
LONGEST_DETAIL = 300  # characters


def read(message: Message) -> Notification | None:
    """None for what is not recognised. What kind of a bounce it is, its own words say."""
    try:
        temporary, permanent = all_failures(message)
    except Exception as error:  # its detectors are not made for whatever somebody makes up
        logger.info("flufl.bounce failed: %s: %s", type(error).__name__, error)
        return None
    said = " ".join(mail.notice(message).split())
    if permanent:
        kind = kind_of(*codes_in(said), said)
    elif temporary:
        kind = EventKind.DEFERRED
    else:
        return None
    return Notification(kind, said[:LONGEST_DETAIL])
