"""Bounces in no standard format: those that flufl.bounce knows, the Chinese ones, and what a mail
server says of a message that it did not deliver.
"""

from __future__ import annotations

import logging
import re
from email.message import Message

from flufl.bounce import all_failures

from dispatch.bounces import automatic, mail
from dispatch.bounces.abridging import abridged
from dispatch.bounces.delivery_status import Notification
from dispatch.providers.bounces import codes_in, kind_of, softened
from tracking.incoming import EventKind

logger = logging.getLogger(__name__)
LONGEST_DETAIL = 300  # characters
_RETURNED = re.compile(r"退信|退回|(无法|未能|不能)(送达|投递|发送)|(投递|发送)失败")
_REASON = re.compile(r"(?:退信|失败|错误)(?:原因|信息)\W*+(.+)", re.DOTALL)
_NOT_DELIVERED = re.compile(
    r"undeliver(able|ed)|permanent (fatal |delivery )?errors|address rejected|"
    r"returned mail|mail error|"
    r"(not|n[’']t|unable to|failed to|trouble|error while trying to|problem) (be(en)? |yet )?"
    r"(deliver|sen[dt])|deliver\w{0,4} (\S{1,100}+ ){0,6}?(has |have )?(fail|error|problem|reject)|"
    r"(fail|error|problem|trouble)\w{0,4} (\S{1,100}+ ){0,4}?(deliver|sending)|"
    r"(rejected|refused) (your|the) (message|mail|recipient)|"
    r"メールエラー|(送信|配信|配送|届け)(が|を)?(でき|出来|られ)ません",
    re.IGNORECASE,
)
_STILL_TRIED = re.compile(
    r"(delivery|message|mail) (is |has been |was )?(delayed|deferred)|(delay|warning)\w{0,2}: |"
    r"not yet been delivered|will (keep trying|continue to|be retried|try again)|still being",
    re.IGNORECASE,
)
_GIVEN_UP = re.compile(r"giv(en|ing) up|permanent|will not be|could not be delivered for", re.I)
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
        return Notification(_kind(said), said[:LONGEST_DETAIL])
    if permanent:
        kind = _kind(said)
    elif temporary:
        kind = EventKind.DEFERRED
    elif _is_not_delivered(message, said):
        kind = _of_what_is_not_delivered(said)
    else:
        return None
    return Notification(kind, said[:LONGEST_DETAIL])


def _is_not_delivered(message: Message, said: str) -> bool:
    """People who answer may speak of such things too: a mail server writes without a return path,
    or under a name of its own, or says it in the subject.
    """
    subject = automatic.subject(message)
    if automatic.is_from_daemon(message) or automatic.has_no_return_path(message):
        return bool(_NOT_DELIVERED.search(f"{subject} {said}"))
    return bool(_NOT_DELIVERED.search(subject))


def _of_what_is_not_delivered(said: str) -> EventKind:
    if _STILL_TRIED.search(said) and not _GIVEN_UP.search(said):
        return EventKind.DEFERRED
    return _kind(said)


def _kind(said: str) -> EventKind:
    return softened(kind_of(*codes_in(said), said), said)


def _is_chinese_bounce(message: Message, said: str) -> bool:
    """As QQ, NetEase, Coremail and others write them."""
    words = f"{automatic.subject(message)} {said}"
    return automatic.is_from_daemon(message) and bool(_RETURNED.search(words))


def _reason(said: str) -> str:
    """Why, without the advice that follows, which speaks of all that there can be."""
    told = _REASON.search(said)
    return _ADVICE.split(told[1] if told else said, maxsplit=1)[0].strip()
