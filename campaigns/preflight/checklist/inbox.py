"""Checks of what an inbox shows: the subject and the preview text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.preflight.checklist.findings import Finding, Level, Place
from campaigns.preflight.checklist.message import Message, listed, literal
from campaigns.wording import filled

PHONE, DESKTOP = 40, 60
"""About how many characters of a subject are shown: iPhone's Mail 35 to 41 upright, Gmail's app on
Android about as many, Outlook and Gmail on a desktop 55 to 70 (litmus.com and emailtooltester.com,
measured 2023 to 2024). Chinese, Japanese and Korean characters take two.
"""
LONGEST_PREVIEW = 150
"""Gmail and Outlook show at most about 140 characters after the subject."""

_REPLY = re.compile(
    r"\s*+(?:re|fwd?|aw|wg|antw|sv|vs|vb|tr|rv|odp|答复|回复|转发|回覆|轉寄)\s*+(?:\[\d++\]\s*+)?[:：]",
    re.IGNORECASE,
)
_HURRY = re.compile(
    r"\b(?:last|final|only|one) (?:chance|call|day|days|hours?|hour)\b|\b(?:ends?|ending|expires?|"
    r"closes?) (?:today|tonight|soon|now|at midnight|in \d+ \w+)\b|\b(?:today|tonight|this week) "
    r"only\b|\bonly today\b|\b(?:\d+|few|hours?|days?) (?:hours? |days? )?(?:left|remaining)\b|"
    r"\bact now\b|\blimited time\b|\bdon['’]?t miss\b|\bwhile (?:stocks?|supplies) lasts?\b|"
    r"\b(?:almost|nearly) (?:gone|sold out)\b|\bhurry\b|\bletzte chance\b|\bnur (?:noch )?heute\b|"
    r"\bdernière chance\b|\búltima oportunidad\b|最后机会|最后一天|仅限今日|即将结束",
    re.IGNORECASE,
)
_PROMISE = re.compile(
    r"(?<!-)(?<!feel )(?<!toll )\bfree\b(?![ -]of\b)|\bguaranteed?\b|\brisk[- ]free\b|"
    r"\byou(?:['’]?ve| have)? (?:won|been selected)\b|\bwinner\b|\bno obligation\b|\bgratis\b|"
    r"\bkostenlos\b|\bgratuit\b|\b(?:best|lowest) prices?(?: ever)?\b|\bbiggest sale\b|"
    r"\b\d{1,2}\s?% off\b|免费|中奖",
    re.IGNORECASE,
)
_LABEL = re.compile(r"\s*+(?:[\[【(（<《]\s*+)?(?:广告|廣告|ad\b)", re.IGNORECASE)
CEMA = _(
    "Washington’s Commercial Electronic Mail Act forbids false subjects to its residents: $500 a "
    "message, also for a hurry that is not one (Brown v. Old Navy, 2025)."
)
_SUBJECT = (Place("subject", 1),)


def width(text: str) -> int:
    """In columns: wide characters take two."""
    return sum(
        2 if unicodedata.east_asian_width(char) in "WF" else 1
        for char in text
        if not unicodedata.combining(char)
    )


def cut(text: str, columns: int) -> str:
    """The beginning that so many columns show."""
    shown, used = "", 0
    for char in text:
        used += width(char)
        if used > columns:
            return f"{shown.rstrip()}…"
        shown += char
    return shown


def empty_subject(message: Message) -> Iterator[Finding]:
    if not message.written.subject.strip():
        yield Finding(
            "empty_subject",
            Level.BLOCKER,
            gettext("The subject is empty."),
            gettext("Inboxes show “(no subject)”, and filters take such a message for spam."),
            gettext("Write a subject."),
            _SUBJECT,
        )


def long_subject(message: Message) -> Iterator[Finding]:
    """By what is the same for everyone: names that Liquid prints come on top of it."""
    said = " ".join(literal(message.written.subject).split())
    columns = width(said)
    if columns <= PHONE:
        return
    on_desktop = columns > DESKTOP
    shown = cut(said, PHONE)
    text = (
        gettext("Phones show about the first %(phone)s: “%(shown)s”, desktops “%(on_desktop)s”.")
        if on_desktop
        else gettext("Phones show about the first %(phone)s: “%(shown)s”.")
    )
    yield Finding(
        "long_subject",
        Level.WARNING if on_desktop else Level.NOTE,
        gettext("The subject has %(columns)s characters.") % {"columns": columns},
        text % {"phone": PHONE, "shown": shown, "on_desktop": cut(said, DESKTOP)},
        gettext("Shorten it, or put what matters first."),
        _SUBJECT,
    )


def false_reply(message: Message) -> Iterator[Finding]:
    if found := _REPLY.match(literal(message.written.subject)):
        yield Finding(
            "false_reply",
            Level.WARNING,
            gettext("The subject begins with “%(words)s”, as a reply or a forwarded message.")
            % {"words": found[0].strip()},
            gettext(
                "It is none, and readers feel deceived. CAN-SPAM forbids misleading subjects. "
                "%(law)s"
            )
            % {"law": CEMA},
            gettext("Take it out."),
            _SUBJECT,
        )


def claims(message: Message) -> Iterator[Finding]:
    said = literal(message.written.subject)
    hurry = [found[0] for found in _HURRY.finditer(said)]
    promises = [found[0] for found in _PROMISE.finditer(said)]
    if hurry or promises:
        words = listed(f"“{each.strip()}”" for each in [*hurry, *promises])
        yield Finding(
            "claims",
            Level.WARNING,
            gettext("The subject says %(words)s.") % {"words": words},
            gettext("It has to be true on the day it is read, without conditions left out. %(law)s")
            % {"law": CEMA},
            gettext("Make sure that it is true to the letter, or say it in other words."),
            _SUBJECT,
        )


def china_label(message: Message) -> Iterator[Finding]:
    asked = message.asks_for_label and message.in_china
    if asked and not _LABEL.match(message.written.subject):
        text = ngettext(
            "The subject does not begin with “广告” or “AD”, and %(count)s contact is in China.",
            "The subject does not begin with “广告” or “AD”, and %(count)s contacts are in China.",
            message.in_china,
        )
        yield Finding(
            "china_label",
            Level.WARNING,
            filled(text, message.in_china),
            gettext(
                "China’s Measures for the Administration of Internet E-mail Services (2006, "
                "article "
                "13) ask for one of them at the front of the subject of advertising."
            ),
            gettext("Begin the subject with “广告” or “AD”, or exclude contacts in China."),
            _SUBJECT,
        )


def preview_text(message: Message) -> Iterator[Finding]:
    place = (Place("preview_text", 1),)
    said = " ".join(literal(message.written.preview_text).split())
    if not message.written.preview_text.strip() and not _has_own_preview(message):
        yield Finding(
            "preview_text",
            Level.NOTE,
            gettext("There is no preview text."),
            gettext(
                "Inboxes show the message’s first words after the subject, be they “View in "
                "browser”."
            ),
            gettext("Write what makes one open it, in 40 to 100 characters."),
            place,
        )
    elif said and said.casefold() == " ".join(literal(message.written.subject).split()).casefold():
        yield Finding(
            "preview_text",
            Level.NOTE,
            gettext("The preview text is the subject."),
            gettext("Inboxes show the same words twice."),
            gettext("Say there what the subject does not."),
            place,
        )
    elif width(said) > LONGEST_PREVIEW:
        yield Finding(
            "preview_text",
            Level.NOTE,
            gettext("The preview text has %(columns)s characters.") % {"columns": width(said)},
            gettext("Inboxes show about 90 of them, and none more than 140."),
            gettext("Shorten it, or put what matters first."),
            place,
        )


def _has_own_preview(message: Message) -> bool:
    """In the HTML, hidden at its beginning, as MJML makes it."""
    return "<mj-preview" in message.written.mjml or bool(_PREHEADER.search(message.written.html))


_PREHEADER = re.compile(r"<(?:div|span)[^>]{0,300}display\s*:\s*none[^>]{0,500}>\s*[^<\s]", re.I)

CHECKS = (empty_subject, long_subject, false_reply, claims, china_label, preview_text)
