"""Who gets which language, while a campaign is planned and in the question before its launch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext

from admin_kit.words.listing import listed_apart
from campaigns.languages import choosing, counting
from campaigns.languages.choosing import Languages
from campaigns.languages.counting import Counts
from campaigns.languages.tags import named
from campaigns.models import Promise, Task, TaskTemplate
from campaigns.preflight.checklist.findings import Finding, Level
from campaigns.wording import listed, recipients


@dataclass(frozen=True, slots=True)
class Told:
    """Nothing for a campaign in one language."""

    details: Sequence[tuple[str, str]] = ()
    warnings: Sequence[str] = ()
    findings: Sequence[Finding] = ()


def told(task: Task, promise: Promise) -> Told:
    languages = _languages(task)
    return _told(languages, counting.count(promise, languages)) if languages.are_several else Told()


def told_now(task: Task) -> Told:
    """Of those who would get a message now. Raises UnknownAudience."""
    languages = _languages(task)
    return (
        _told(languages, counting.count_now(task, languages)) if languages.are_several else Told()
    )


def _languages(task: Task) -> Languages:
    written = TaskTemplate.objects.filter(task=task).order_by("pk")
    return choosing.languages_of(written.values_list("language", flat=True))


def _told(languages: Languages, counts: Counts) -> Told:
    return Told(
        [(gettext("Languages"), _who_gets_what(languages, counts))],
        _missing(languages, counts),
        _unread(languages, counts),
    )


def _unread(languages: Languages, counts: Counts) -> list[Finding]:
    """A language that no one of the audience has, unless all others read it."""
    others = counts.unknown + counts.missing
    return [
        Finding(
            "unread_language",
            Level.NOTE,
            gettext("No recipient gets the message in %(language)s.") % {"language": named(tag)},
            gettext("No contact of the audience has this language."),
            gettext(
                "Compare its tag with what contacts have in the attribute “language”, or take the "
                "message out."
            ),
        )
        for tag, number in counts.by_tag.items()
        if not number + (others if tag == languages.default else 0)
    ]


def _who_gets_what(languages: Languages, counts: Counts) -> str:
    others = counts.unknown + counts.missing
    parts = []
    for tag in languages.tags:
        number = counts.by_tag[tag] + (others if tag == languages.default else 0)
        each = gettext("%(language)s and for everyone else: %(number)s")
        if tag != languages.default:
            each = gettext("%(language)s: %(number)s")
        parts.append(each % {"language": named(tag), "number": f"{number:,}"})
    if not languages.default:
        parts.append(gettext("for everyone else: %(others)s") % {"others": f"{others:,}"})
    return listed_apart(parts)


def _missing(languages: Languages, counts: Counts) -> list[str]:
    """A sentence that names the languages without a variant."""
    if not counts.missing:
        return []
    instead = (
        gettext("the one in %(language)s") % {"language": named(languages.default)}
        if languages.default
        else gettext("what is for everyone else")
    )
    found = [f"{named(tag)} ({number:,})" for tag, number in counts.named]
    if more := counts.missing - sum(number for _, number in counts.named):
        found.append(gettext("others (%(more)s)") % {"more": f"{more:,}"})
    return [
        gettext(
            "No template is in the language of %(recipients)s, and they get %(instead)s: %(list)s."
        )
        % {"recipients": recipients(counts.missing), "instead": instead, "list": listed(found)}
    ]
