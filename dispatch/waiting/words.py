"""Why something waits and when it will be done, in sentences for staff."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from django.utils import formats, timezone
from django.utils.translation import gettext, gettext_noop, ngettext

from admin_kit.words.stored_texts import shown
from campaigns.state.lifecycle import PAUSED_AUTOMATICALLY
from dispatch.pace.openings import Obstacle
from dispatch.waiting.estimate import Estimate
from dispatch.waiting.why import Cause, Reason, Why

SOON = dt.timedelta(seconds=2)
"""A wait as short as this is not told: it is over before it can be read."""
USUAL = dt.timedelta(minutes=5)
"""Time as short as this between two messages is the pace that staff chose, and no wait."""


def sentences(why: Why) -> list[str]:
    """Each reason, without those that are over in a moment, and without a usual pace."""
    lasting = [each for each in why.reasons if _lasts(each, why.now)]
    return [said for each in lasting if (said := _reason(each, why.now))]


def _lasts(reason: Reason, now: dt.datetime) -> bool:
    is_paced = reason.hold is not None and reason.hold.obstacle == Obstacle.PACE
    return reason.until is None or reason.until > now + (USUAL if is_paced else SOON)


def next_start(why: Why) -> str:
    """When the next message can start; "" when it can now."""
    if why.next_at is None:
        return ""
    if why.next_at <= why.now + SOON:
        return ""
    return gettext("The next message can start at %(time)s.") % {
        "time": moment(why.next_at, why.now)
    }


class _End(NamedTuple):
    """Sentences on when something is done, by what is known of it."""

    at: str
    at_the_latest: str
    no_latest: str


_UNDER_WAY = _End(
    gettext_noop("Will be done about %(time)s."),
    gettext_noop("Will be done about %(time)s, at the latest about %(latest)s."),
    gettext_noop("Will be done about %(time)s, or much later."),
)
_IF_LAUNCHED = _End(
    gettext_noop("It is done about %(time)s."),
    gettext_noop("It is done about %(time)s, at the latest about %(latest)s."),
    gettext_noop("It is done about %(time)s, or much later."),
)


def end(estimate: Estimate, now: dt.datetime) -> str:
    """When it will be done; "" when that is not known."""
    return _end(_UNDER_WAY, estimate, now)


def end_if_launched(estimate: Estimate, now: dt.datetime) -> str:
    """As `end` says it, of what is not launched yet."""
    return _end(_IF_LAUNCHED, estimate, now)


def _end(said: _End, estimate: Estimate, now: dt.datetime) -> str:
    if estimate.expected is None:
        return ""
    times = {"time": _about(estimate.expected, now)}
    if estimate.latest is None:
        return gettext(said.no_latest) % times
    times["latest"] = _about(estimate.latest, now)
    is_sure = times["latest"] == times["time"]
    return gettext(said.at if is_sure else said.at_the_latest) % times


def compared(expected: dt.datetime, latest: dt.datetime | None, done: dt.datetime) -> str:
    """How good an estimate was."""
    times = {"expected": _about(expected, done), "done": _written(done, done)}
    if latest is None:
        return gettext("Done %(done)s; when it began, %(expected)s was expected.") % times
    times["latest"] = _about(latest, done)
    return (
        gettext(
            "Done %(done)s; when it began, %(expected)s was expected, at the latest %(latest)s."
        )
        % times
    )


def moment(at: dt.datetime, now: dt.datetime) -> str:
    """In the time zone and language of who reads it; the day, when it is not today."""
    is_near = abs(at - now) < dt.timedelta(hours=1)
    return _written(at, now, "H:i:s" if is_near else "H:i")


def _about(at: dt.datetime, now: dt.datetime) -> str:
    """To the minute that begins after it: an end is a guess, and a campaign is not done before."""
    return _written(at + dt.timedelta(seconds=-at.second % 60, microseconds=-at.microsecond), now)


def _written(at: dt.datetime, now: dt.datetime, time: str = "H:i") -> str:
    local, here = timezone.localtime(at), timezone.localtime(now)
    if local.date() == here.date():
        return formats.time_format(local, time)
    day = "MONTH_DAY_FORMAT" if local.year == here.year else "DATE_FORMAT"
    return gettext("%(day)s, %(time)s") % {
        "day": formats.date_format(local, day),
        "time": formats.time_format(local, "H:i"),
    }


def _reason(reason: Reason, now: dt.datetime) -> str:
    values = {
        "service": reason.service,
        "number": f"{reason.number:,}",
        "note": shown(reason.note),
        "time": moment(reason.until, now) if reason.until else "",
    }
    if reason.cause == Cause.SERVICE:
        return _service(reason) % values
    if reason.number and (plural := _plural(reason)):
        return plural % values
    return _state(reason) % values


def _service(reason: Reason) -> str:
    assert reason.hold is not None
    return {
        Obstacle.UNFREEZING: gettext("“%(service)s” is frozen until a person unfreezes it."),
        Obstacle.FREEZE: gettext("“%(service)s” is frozen until %(time)s."),
        Obstacle.NO_QUOTA: gettext("“%(service)s” has a daily quota of 0: it sends nothing."),
        Obstacle.QUOTA: gettext("“%(service)s” has used up its quota until %(time)s."),
        Obstacle.PACE: gettext("“%(service)s” starts its next message at %(time)s."),
    }[reason.hold.obstacle]


def _plural(reason: Reason) -> str:
    """A reason that is about so many messages or campaigns."""
    number = reason.number
    match reason.cause:
        case Cause.TURN if reason.service:
            return ngettext(
                "“%(service)s” serves %(number)s other campaign first.",
                "“%(service)s” serves %(number)s other campaigns first.",
                number,
            )
        case Cause.TURN:
            return ngettext(
                "%(number)s message of its campaign goes first.",
                "%(number)s messages of its campaign go first.",
                number,
            )
        case Cause.ON_ITS_WAY:
            return ngettext(
                "%(number)s message is on its way.", "%(number)s messages are on their way.", number
            )
        case Cause.IN_DOUBT:
            return ngettext(
                "%(number)s message is in doubt: a person has to decide about it.",
                "%(number)s messages are in doubt: a person has to decide about them.",
                number,
            )
    return ""


def _state(reason: Reason) -> str:
    """A reason that is about the campaign as a whole."""
    match reason.cause:
        case Cause.PAUSED if reason.note.startswith(PAUSED_AUTOMATICALLY):
            return "%(note)s"
        case Cause.PAUSED if reason.note:
            return gettext("It is paused: “%(note)s” It goes on when a person resumes it.")
        case Cause.TEST:
            return gettext("What is left waits for the result of the A/B test, at %(time)s.")
    return {
        Cause.NOT_LAUNCHED: gettext("It has not been launched."),
        Cause.SCHEDULED: gettext("It is scheduled for %(time)s."),
        Cause.LAUNCHING: gettext("It is being launched: its messages are being made."),
        Cause.PAUSED: gettext("It is paused. It goes on when a person resumes it."),
        Cause.OVER: gettext("There is nothing left to send."),
        Cause.NO_DISPATCHER: gettext(
            "No dispatcher is running: nothing is sent until an operator starts manage.py qcluster."
        ),
        Cause.NO_SERVICE: gettext("None of its email services is open to its owner any more."),
        Cause.SERVICE_OFF: gettext("“%(service)s” is switched off."),
        Cause.RETRY: gettext(
            "What is left was refused for now and is tried again from %(time)s on."
        ),
        Cause.DECISION: gettext(
            "What is left waits for the result of the A/B test: a person has to choose a variant."
        ),
    }[reason.cause]
