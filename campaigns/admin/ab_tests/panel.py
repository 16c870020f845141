"""The result of a test in words and numbers, for the page of its campaign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.urls import reverse

from admin_kit.moments import to_the_minute
from campaigns.ab_tests import deciding, figures
from campaigns.ab_tests.figures import Figures
from campaigns.models import ABTest, Task, TaskStatus
from campaigns.models.ab_test import OPEN_STATES, Measure, TestState, Verdict
from campaigns.wording import counted

SUCCEEDED = {
    Measure.CLICKS: "Clicked",
    Measure.LINK: "Clicked the link",
    Measure.OPENS: "Opened",
}
NO_DIFFERENCE = (
    "No difference found: the results are so close that chance alone explains them. That does not "
    "say that the variants are equally good, only that this sample cannot tell."
)


def percent(part: float) -> str:
    return f"{100 * part:.1f} %"


def chance(probability: float) -> str:
    """Never certain: a test does not prove."""
    if probability > 0.999:
        return "over 99.9 %"
    return "under 0.1 %" if probability < 0.001 else percent(probability)


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
        return SUCCEEDED[Measure(self.test.measure)]

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
        of.subject,
        of.sent,
        of.delivered,
        of.opened,
        of.clicked,
        of.successes(test.measure),
        percent(successes / reached) if reached else "–",
        f"{percent(low)} to {percent(high)}" if reached else "–",
        chance(of.chance) if reached else "–",
        of.content == test.winner_id,
    )


def _sentences(test: ABTest, found: Sequence[Figures], asks: bool) -> list[str]:
    if test.state in OPEN_STATES and not asks:
        return ["The campaign ended before the test was decided: what waited is not sent."]
    if test.state == TestState.COLLECTING:
        return [_sampled(test), *_when(test)]
    if test.state == TestState.ASKING:
        return [NO_DIFFERENCE, f"{counted(test.rest, 'recipient')} wait for your decision."]
    return [_decided(test, found), _released(test)]


def _sampled(test: ABTest) -> str:
    return (
        f"{counted(test.sample_size, 'recipient')} of the sample get the variants; "
        f"{test.rest:,} wait for the result."
    )


def _when(test: ABTest) -> list[str]:
    if test.decide_at is None:
        return ["The sample is being sent: the time counts from when all of it was handed over."]
    early = ", or earlier when it is clear" if test.ends_early else ""
    return [
        f"It is decided at {to_the_minute(test.decide_at)}{early}. Until then the numbers move: "
        "who leads now often does not in the end."
    ]


def _decided(test: ABTest, found: Sequence[Figures]) -> str:
    winner = next((each for each in found if each.content == test.winner_id), None)
    name = f"{winner.letter} “{winner.subject}”" if winner else "a variant"
    by = f" by {test.decided_by}" if test.decided_by else ""
    if test.verdict == Verdict.SPLIT:
        return f"The rest was split evenly between the variants{by}."
    if test.verdict == Verdict.CHOSEN:
        return f"{name} was chosen{by}."
    if test.verdict == Verdict.CLEAR and winner:
        return f"{name} is better, with a probability of {chance(winner.chance)}."
    return f"{NO_DIFFERENCE} The rest gets {name}, the first one."


def _released(test: ABTest) -> str:
    if not test.rest:
        return "The sample was everyone: nothing waited."
    if test.state == TestState.RELEASED:
        return f"All {test.released:,} that waited were released."
    if test.task.status == TaskStatus.CANCELLED:
        return f"{test.released:,} of {test.rest:,} that waited were released before the end."
    return f"{test.released:,} of {test.rest:,} that waited are released so far."
