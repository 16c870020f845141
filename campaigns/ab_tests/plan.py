"""What a test needs before a launch, and what it can find."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.ab_tests import rule, sampling
from campaigns.ab_tests.chances import smallest_found
from campaigns.languages import choosing
from campaigns.models import ABTest, Task, TaskTemplate
from campaigns.models.ab_test import FEWEST_VARIANTS, MOST_VARIANTS, Measure
from campaigns.wording import listed

USUAL_RATES = {Measure.OPENS: 0.20, Measure.CLICKS: 0.03, Measure.LINK: 0.02}
"""What a newsletter reaches as a rule: what a sample can find is told for these."""
NOT_BY_LANGUAGE = _(
    "An A/B test sends its variants at random, and here each recipient gets the own language: what "
    "reads better in one says nothing of another. Test one language at a time, in a campaign to "
    "the contacts who read it."
)
FACTOR_TOO_MUCH = 2.0
"""A variant that is twice as good is rare: a sample that finds nothing less is too small."""


def test_of(task: Task) -> ABTest | None:
    return ABTest.objects.filter(task=task).first()


def problems(task: Task) -> list[str]:
    """Why its test cannot be launched, in sentences; none without a test."""
    test = test_of(task)
    if test is None:
        return []
    languages = (
        TaskTemplate.objects.filter(task=task).order_by("pk").values_list("language", flat=True)
    )
    found = problems_of_rows(list(languages))
    if test.measure == Measure.OPENS and not task.track_opens:
        found.append(gettext("Its A/B test goes by opens, which it does not track."))
    if test.measure != Measure.OPENS and not task.track_clicks:
        found.append(gettext("Its A/B test goes by clicks, which it does not track."))
    if test.measure == Measure.LINK and (lacking := _without_link(test)):
        found.append(
            gettext("The link of its A/B test is not in %(lacking)s.")
            % {"lacking": listed(lacking)}
        )
    return found


def problems_of_rows(languages: Sequence[str]) -> list[str]:
    """Why a campaign cannot be tested whose rows of templates have these languages."""
    if not FEWEST_VARIANTS <= len(languages) <= MOST_VARIANTS:
        return [
            gettext(
                "Its A/B test needs %(fewest)s to %(most)s variants, and it "
                "has %(languages)s: each row of its templates is one."
            )
            % {
                "fewest": FEWEST_VARIANTS,
                "most": MOST_VARIANTS,
                "languages": len(languages),
            }
        ]
    return [str(NOT_BY_LANGUAGE)] if choosing.languages_of(languages).are_several else []


def _without_link(test: ABTest) -> list[str]:
    choices = TaskTemplate.objects.filter(task=test.pk).select_related("template").order_by("pk")
    return list(
        dict.fromkeys(
            f"“{choice.template}”"
            for choice in choices
            if test.link not in choice.template.html
            and test.link not in html.unescape(choice.template.html)
        )
    )


@dataclass(frozen=True, slots=True)
class Plan:
    """How a test divides so many recipients."""

    sample: int
    rest: int
    of_each: int
    """The fewest that a variant gets."""
    rate: float
    found: float
    """The rate that it can tell from `rate`, with four tests of five."""

    @property
    def is_too_small(self) -> bool:
        return self.found >= FACTOR_TOO_MUCH * self.rate


def plan_of(test: ABTest, recipients: int) -> Plan:
    weights = list(
        TaskTemplate.objects.filter(task=test.pk).order_by("pk").values_list("weight", flat=True)
    )
    sample = sampling.size_of(test, recipients)
    of_each = min(sampling.parts_of(sample, weights), default=0)
    rate = USUAL_RATES[Measure(test.measure)]
    tail = 1 - rule.bar(test.threshold, len(weights))
    return Plan(sample, recipients - sample, of_each, rate, smallest_found(of_each, rate, tail))
