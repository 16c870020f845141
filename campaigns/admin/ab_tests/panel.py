"""The result of a test in words and numbers, for the page of its campaign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.words import numbers
from admin_kit.words.moments import to_the_minute
from campaigns.ab_tests import deciding, figures
from campaigns.ab_tests.figures import Figures
from campaigns.models import ABTest, Task, TaskStatus
from campaigns.models.ab_test import OPEN_STATES, Measure, TestState, Verdict
from campaigns.wording import recipients, sentences, subject_in_words

SUCCEEDED = {
    Measure.CLICKS: _("Clicked"),
    Measure.LINK: _("Clicked the link"),
    Measure.OPENS: _("Opened"),
}
NO_DIFFERENCE = _(
    "No difference found: the results are so close that chance alone explains them. That does not "
    "say that the variants are equally good, only that this sample cannot tell."
)


def percent(part: float) -> str:
    return numbers.percent(part, 1)


def chance(probability: float) -> str:
    """Never certain: a test does not prove."""
    if probability > 0.999:
        return gettext("over %(percent)s") % {"percent": percent(0.999)}
    if probability < 0.001:
        return gettext("under %(percent)s") % {"percent": percent(0.001)}
    return percent(probability)


class Row(NamedTuple):
    """One variant, as the table shows it."""

    letter: str
    subject: str
    sent: int
    delivered: int
    opened: int
    clicked: int
    succeeded: int
    rate: str
    interval: str
    chance: str
    is_winner: bool


@dataclass(frozen=True, slots=True)
class TestPanel:
    """`asks` says that a decision is possible, at `decide_url`."""

    __test__ = False  # pytest takes the name for one of its own

    test: ABTest
    sentences: Sequence[str]
    rows: Sequence[Row]
    asks: bool
    decide_url: str

    @property
    def succeeded(self) -> str:
        return str(SUCCEEDED[Measure(self.test.measure)])

    @property
    def as_of(self) -> str:
        return to_the_minute(self.test.looked_at) if self.test.looked_at else ""


def panel_of(task: Task) -> TestPanel | None:
    """None for a campaign without a test, or before its launch."""
    started = ABTest.objects.filter(task=task).exclude(state=TestState.PLANNED)
    test = started.select_related("decided_by", "task").first()
    if test is None:
        return None
    found = figures.kept(test)
    rows = [_row(test, each) for each in found]
    asks = is_open(task, test)
    url = reverse("admin:campaigns_task_decide_test", args=[task.pk])
    return TestPanel(test, list(_sentences(test, found, asks)), rows, asks, url)


def is_open(task: Task, test: ABTest | None) -> bool:
    """Whether it can be decided now."""
    return test is not None and test.state in OPEN_STATES and task.status in deciding.RUNNING


def _row(test: ABTest, of: Figures) -> Row:
    successes, reached = of.seen(test.measure)
    low, high = of.interval(test.measure)
    return Row(
        of.letter,
        subject_in_words(of.subject),
        of.sent,
        of.delivered,
        of.opened,
        of.clicked,
        of.successes(test.measure),
        percent(successes / reached) if reached else "–",
        gettext("%(low)s to %(high)s") % {"low": percent(low), "high": percent(high)}
        if reached
        else "–",
        chance(of.chance) if reached else "–",
        of.content == test.winner_id,
    )


def _sentences(test: ABTest, found: Sequence[Figures], asks: bool) -> list[str]:
    if test.state in OPEN_STATES and not asks:
        return [gettext("The campaign ended before the test was decided: what waited is not sent.")]
    if test.state == TestState.COLLECTING:
        return [_sampled(test), *_when(test)]
    if test.state == TestState.ASKING:
        return [
            str(NO_DIFFERENCE),
            gettext("%(recipients)s wait for your decision.")
            % {"recipients": recipients(test.rest)},
        ]
    return [_decided(test, found), _released(test)]


def _sampled(test: ABTest) -> str:
    return gettext(
        "%(recipients)s of the sample get the variants; %(rest)s wait for the result."
    ) % {"recipients": recipients(test.sample_size), "rest": f"{test.rest:,}"}


def _when(test: ABTest) -> list[str]:
    if test.decide_at is None:
        return [
            gettext(
                "The sample is being sent: the time counts from when all of it was handed over."
            )
        ]
    if test.ends_early:
        told = gettext(
            "It is decided at %(time)s, or earlier when it is clear. Until then the numbers "
            "move: who leads now often does not in the end."
        )
    else:
        told = gettext(
            "It is decided at %(time)s. Until then the numbers move: who leads now often does "
            "not in the end."
        )
    return [told % {"time": to_the_minute(test.decide_at)}]


def _decided(test: ABTest, found: Sequence[Figures]) -> str:
    winner = next((each for each in found if each.content == test.winner_id), None)
    name = f"{winner.letter} “{winner.subject}”" if winner else gettext("a variant")
    if test.verdict in (Verdict.SPLIT, Verdict.CHOSEN):
        return _by_a_person(test, name)
    if test.verdict == Verdict.CLEAR and winner:
        return gettext("%(name)s is better, with a probability of %(chance)s.") % {
            "name": name,
            "chance": chance(winner.chance),
        }
    rest = gettext("The rest gets %(name)s, the first one.") % {"name": name}
    return sentences(NO_DIFFERENCE, rest)


def _by_a_person(test: ABTest, name: str) -> str:
    values = {"name": name, "user": test.decided_by}
    if test.verdict == Verdict.SPLIT and test.decided_by:
        return gettext("The rest was split evenly between the variants by %(user)s.") % values
    if test.verdict == Verdict.SPLIT:
        return gettext("The rest was split evenly between the variants.")
    if test.decided_by:
        return gettext("%(name)s was chosen by %(user)s.") % values
    return gettext("%(name)s was chosen.") % values


def _released(test: ABTest) -> str:
    if not test.rest:
        return gettext("The sample was everyone: nothing waited.")
    if test.state == TestState.RELEASED:
        return gettext("All %(released)s that waited were released.") % {
            "released": f"{test.released:,}"
        }
    if test.task.status == TaskStatus.CANCELLED:
        return gettext("%(released)s of %(rest)s that waited were released before the end.") % {
            "released": f"{test.released:,}",
            "rest": f"{test.rest:,}",
        }
    return gettext("%(released)s of %(rest)s that waited are released so far.") % {
        "released": f"{test.released:,}",
        "rest": f"{test.rest:,}",
    }
