"""Bounces in no standard format: those that flufl.bounce knows, and the Chinese ones."""

from __future__ import annotations

import logging
import re
from email.message import Message

from flufl.bounce import all_failures

from dispatch.bounces import automatic, mail
from dispatch.bounces.abridging import abridged
from dispatch.bounces.delivery_status import Notification
from dispatch.providers.bounces import codes_in, kind_of
from tracking.incoming import EventKind

logger = logging.getLogger(__name__)
LONGEST_DETAIL = 300  # characters
_RETURNED = re.compile(r"退信|退回|(无法|未能|不能)(送达|投递|发送)|(投递|发送)失败")
_REASON = re.compile(r"(?:退信|失败|错误)(?:原因|信息)\W*+(.+)", re.DOTALL)
_ADVICE = re.compile(r"解决方案|解决办法|解决方法|处理建议|建议")


def read(message: Message) -> Notification | None:
    """None for what is not recognised. What kind of a bounce it is, its own words say."""
    said = " ".join(mail.notice(message).split())
    try:
        temporary, permanent = all_failures(abridged(message))
    except Exception as error:  # its detectors are not made for whatever somebody makes up
        logger.info("flufl.bounce failed: %s: %s", type(error).__name__, error)
        temporary = permanent = frozenset()
    if not (temporary or permanent) and _is_chinese_bounce(message, said):
        said = _reason(said)
        return Notification(kind_of(*codes_in(said), said), said[:LONGEST_DETAIL])
    if permanent:
        kind = kind_of(*codes_in(said), said)
    elif temporary:
        kind = EventKind.DEFERRED
    else:
        return None
    return Notification(kind, said[:LONGEST_DETAIL])


def _is_chinese_bounce(message: Message, said: str) -> bool:
    """As QQ, NetEase, Coremail and others write them."""
    words = f"{automatic.subject(message)} {said}"
    return automatic.is_from_daemon(message) and bool(_RETURNED.search(words))


def _reason(said: str) -> str:
    """Why, without the advice that follows, which speaks of all that there can be."""
    told = _REASON.search(said)
    return _ADVICE.split(told[1] if told else said, maxsplit=1)[0].strip()
