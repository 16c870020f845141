"""Who gets which language, in the question before a launch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from campaigns.languages import choosing, counting
from campaigns.languages.choosing import Languages
from campaigns.languages.counting import Counts
from campaigns.languages.tags import named
from campaigns.models import Promise, Task, TaskTemplate
from campaigns.wording import counted


@dataclass(frozen=True, slots=True)
class Told:
    """Nothing for a campaign in one language."""

    details: Sequence[tuple[str, str]] = ()
    warnings: Sequence[str] = ()


def told(task: Task, promise: Promise) -> Told:
    written = TaskTemplate.objects.filter(task=task).order_by("pk")
    languages = choosing.languages_of(written.values_list("language", flat=True))
    if not languages.are_several:
        return Told()
    counts = counting.count(promise, languages)
    return Told([("Languages", _who_gets_what(languages, counts))], _missing(languages, counts))


def _who_gets_what(languages: Languages, counts: Counts) -> str:
    others = counts.unknown + counts.missing
    parts = []
    for tag in languages.tags:
        number = counts.by_tag[tag] + (others if tag == languages.default else 0)
        everyone = " and for everyone else" if tag == languages.default else ""
        parts.append(f"{named(tag)}{everyone}: {number:,}")
    if not languages.default:
        parts.append(f"for everyone else: {others:,}")
    return "; ".join(parts)


def _missing(languages: Languages, counts: Counts) -> list[str]:
    """A sentence that names the languages without a variant."""
    if not counts.missing:
        return []
    instead = (
        f"the one in {named(languages.default)}"
        if languages.default
        else "what is for everyone else"
    )
    found = [f"{named(tag)} ({number:,})" for tag, number in counts.named]
    if more := counts.missing - sum(number for _, number in counts.named):
        found.append(f"others ({more:,})")
    return [
        f"No template is in the language of {counted(counts.missing, 'recipient')}, and they get "
        f"{instead}: {', '.join(found)}."
    ]
