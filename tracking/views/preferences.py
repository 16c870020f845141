"""The page of one's subscription: topics, fewer messages, a pause, or no mail at all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, QueryDict
from django.utils.translation import gettext

from tracking import preferences as choices
from tracking import rate_limits, subscriptions
from tracking.links.personalise import TEST
from tracking.links.tokens import Purpose, read
from tracking.preferences import MOST_TOPICS, Choice, Often, Pause, Preferences
from tracking.subscriptions import Subscriber
from tracking.views.public import limited, not_found, of_test, page, public, reject
from tracking.views.subscriptions import subscriber_of

CHOICE = "choice"
KEEP = "keep"
ID = re.compile(r"[1-9]\d{0,17}", re.ASCII)


@public("preferences", "GET", "HEAD", "POST")
def preferences(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows what the recipient gets; POST changes it, and again changes nothing more."""
    if read(Purpose.PREFERENCES, token) == (TEST,):
        return of_test(request, gettext("This link shows the recipient's subscription."))
    person = subscriber_of(request, Purpose.PREFERENCES, token)
    if person is None:
        return not_found(request, "preferences")
    is_post = request.method == "POST"
    too_many = _choose(request, person) if is_post else _look(request, person)
    return too_many or page(request, "preferences", _context(request, person))


def _look(request: HttpRequest, person: Subscriber) -> HttpResponse | None:
    return limited(request, "preferences", rate_limits.PAGES, person.subtask_id)


def _choose(request: HttpRequest, person: Subscriber) -> HttpResponse | None:
    """Apply the choice. Returns a response when the limit is used up."""
    chosen = request.POST.get(CHOICE)
    if chosen == "unsubscribe":
        subscriptions.unsubscribe(person)
        return None
    choice = choice_in(request.POST) if chosen == "save" else None
    if chosen != "subscribe" and choice is None:
        return reject(request, "preferences", "form")
    if wait := limited(request, "preferences", rate_limits.CHANGES, person.subtask_id):
        return wait
    if choice:
        choices.choose(person, choice)
    else:
        subscriptions.resubscribe(person)
    return None


def choice_in(form: QueryDict) -> Choice | None:
    """None for a form that is none of ours. What it does not say stays as it is, and so do topics
    that its page did not show."""
    shown, wanted = form.getlist("shown"), form.getlist("topic")
    often, pause = form.get("often", KEEP), form.get("pause", KEEP)
    if len(shown) > MOST_TOPICS or not all(map(ID.fullmatch, (*shown, *wanted))):
        return None
    if not _is_one_of(Often.values, often) or not _is_one_of(Pause.values, pause):
        return None
    return Choice(
        topics={int(each): each in wanted for each in shown},
        days_between=None if often == KEEP else int(often),
        pause_days=None if pause == KEEP else int(pause),
        tracking_consent="opens" in form if "opens_shown" in form else None,
    )


def _is_one_of(values: Sequence[int], told: str) -> bool:
    return told == KEEP or told in map(str, values)


def _context(request: HttpRequest, person: Subscriber) -> dict[str, Any]:
    reason = subscriptions.state_of(person)
    now = None if reason else choices.of(person)
    return {
        "person": person,
        "reason": reason,
        "now": now,
        "often": _often(now) if now else [],
        "pauses": _pauses(now) if now else [],
        "asks_for_opens": settings.OPENS_NEED_CONSENT,
        "is_saved": now is not None and request.POST.get(CHOICE) == "save",
    }


def _often(now: Preferences) -> list[tuple[int | str, str, bool]]:
    """Each with its value, and whether it is chosen now. Staff may have entered another number."""
    options: list[tuple[int | str, str, bool]] = [
        (each.value, str(each.label), each.value == now.days_between) for each in Often
    ]
    if now.days_between not in Often.values:
        words = gettext("At most one in %(days)s days") % {"days": now.days_between}
        options.append((KEEP, words, True))
    return options


def _pauses(now: Preferences) -> list[tuple[int | str, str, bool]]:
    """Beside the pause that is under way, if there is one."""
    return [(p.value, str(p.label), p == Pause.NONE and not now.paused_until) for p in Pause]
