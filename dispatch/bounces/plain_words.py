"""Bounces in no standard format: those that flufl.bounce knows, and the Chinese ones."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from email.message import Message

from flufl.bounce import all_failures

from dispatch.bounces import automatic, mail, recipients
from dispatch.bounces.abridging import abridged
from dispatch.bounces.delivery_status import Notification, mildest
from dispatch.providers.bounces import codes_in, is_after_data, kind_of
from tracking.event_kinds import EventKind

logger = logging.getLogger(__name__)
LONGEST_DETAIL = 300  # characters
LONGEST_START = 3_000  # characters, in which a bounce says that it is one
_RETURNED = re.compile(r"退信|退回|(无法|未能|不能)(送达|投递|发送)|(投递|发送)失败")
_REASON = re.compile(r"(?:退信|失败|错误)(?:原因|信息)\W*+(.+)", re.DOTALL)
_FAILED = re.compile(
    r"(could|can|was|were|has|have|did|is) ?(n[o']t|not)( yet)?( been| be)? (deliver|reach|sent\b)|"
    r"undeliver|cannot (be delivered|send|deliver)|delivery (status|failure|failed|has failed|"
    r"error|"
    r"problem|report|notification)|(mail|message|delivery) (delivery )?(failed|failure|error)|"
    r"return(ed|ing) (mail|message|to sender)|unable to (deliver|send)|non[- ]?deliver|bounced|"
    r"fail(ed|ure)? (to deliver|delivery|notice|mail)|not (been )?delivered|mail system error|"
    r"(occurred|error|problem|trouble).{0,40}deliver|(fatal|permanent|delivery) errors|"
    r"did not reach|"
    r"error message below|transcript of session|addresses had .{0,30}errors|"
    r"配信(できません|不能|エラー|失敗)|エラー通知|(送信|配送|お届け)(できません|エラー|に失敗)",
    re.IGNORECASE,
)
_DELAYED = re.compile(
    r"\bdelay|warning message|still (trying|being)|will (keep|continue|be retried|retry)|"
    r"not yet been|(need|have) to resend|could not send message for past",
    re.IGNORECASE,
)
_REPLY = re.compile(r"(?<![\d.#-])[45]\d\d[ -](?:[45]\.\d|[^\d\s])")
_ADVICE = re.compile(r"解决方案|解决办法|解决方法|处理建议|建议")


def read(message: Message) -> Notification | None:
    """None for what is not recognised. What kind of a bounce it is, its own words say: of several
    recipients what they say of the message's own, else the mildest.
    """
    notice = mail.notice(message)
    said = " ".join(notice.split())
    subject = automatic.subject(message)
    temporary, permanent = _failures(message)
    is_chinese = _is_chinese_bounce(message, said)
    if not (is_chinese or permanent or is_failure(subject, said)):
        return Notification(EventKind.DEFERRED, said[:LONGEST_DETAIL]) if temporary else None
    if not permanent and _is_delay(subject, said):
        return Notification(EventKind.DEFERRED, said[:LONGEST_DETAIL])
    reason = _chinese_reason if is_chinese else _reason
    told = recipients.told_of(notice, recipients.sent_to(message))
    after_data = is_after_data(said)
    return mildest(_judged(reason(" ".join(each.split())), subject, after_data) for each in told)


def _judged(why: str, subject: str, after_data: bool) -> Notification:
    why = why or subject
    kind = kind_of(*codes_in(why), f"{why} {subject}", after_data=after_data)
    return Notification(kind, why[:LONGEST_DETAIL])


def is_failure(subject: str, said: str) -> bool:
    """Whether these are words for mail that could not be delivered."""
    return bool(_FAILED.search(subject) or _FAILED.search(said[:LONGEST_START]))


def _is_delay(subject: str, said: str) -> bool:
    return bool(_DELAYED.search(subject) or _DELAYED.search(said[:LONGEST_START]))


def _failures(message: Message) -> tuple[Collection[object], Collection[object]]:
    """The recipients for whom delivery fails for now, and for good, as flufl.bounce has it."""
    try:
        temporary, permanent = all_failures(abridged(message))
    # The boundary to flufl.bounce: on mail that is made up, its detectors raise anything.
    except Exception as error:  # noqa: BLE001
        logger.info("flufl.bounce failed: %s: %s", type(error).__name__, error)
        return (), ()
    return temporary, permanent


def _reason(said: str) -> str:
    """From the reply of a server on, without what is said before it in general."""
    reply = _REPLY.search(said)
    return said[reply.start() :] if reply else said


def _is_chinese_bounce(message: Message, said: str) -> bool:
    """As QQ, NetEase, Coremail and others write them."""
    words = f"{automatic.subject(message)} {said}"
    return automatic.is_from_daemon(message) and bool(_RETURNED.search(words))


def _chinese_reason(said: str) -> str:
    """Why, without the advice that follows, which speaks of all that there can be."""
    told = _REASON.search(said)
    return _ADVICE.split(told[1] if told else said, maxsplit=1)[0].strip()
