"""What a test does, in the question before a launch."""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import gettext

from campaigns import wording
from campaigns.ab_tests import plan
from campaigns.ab_tests.plan import Plan
from campaigns.ab_tests.variants import letter
from campaigns.admin.ab_tests.panel import percent
from campaigns.languages.tags import named
from campaigns.models import ABTest, Task, TaskTemplate
from campaigns.wording import listed, sentences, subject_in_words


def whom(task: Task, recipients: int) -> str:
    """To whom sending starts at once."""
    test = plan.test_of(task)
    if test is None:
        return wording.recipients(recipients)
    planned = plan.plan_of(test, recipients)
    return gettext("a sample of %(sample)s of %(recipients)s") % {
        "sample": f"{planned.sample:,}",
        "recipients": wording.recipients(recipients),
    }


def written(task: Task) -> list[tuple[str, str]]:
    """What is sent and from whom; each variant of a test on its own line, for it is compared."""
    choices = list(task.tasktemplate_set.select_related("template", "sender").order_by("pk"))
    sender = (gettext("From"), str(task.sender or gettext("no sender")))
    if len(choices) == 1:
        [only] = choices
        subject = (gettext("Subject"), subject_in_words(only.subject or only.template.subject))
        return [subject, sender, (gettext("Templates"), described(only, False))]
    if choices and plan.test_of(task):
        return [sender, *_compared(choices)]
    told = listed(described(choice, weighs(choices)) for choice in choices)
    return [sender, (gettext("Templates"), told or gettext("none"))]


def _compared(choices: Sequence[TaskTemplate]) -> list[tuple[str, str]]:
    found = []
    for number, choice in enumerate(choices):
        subject = subject_in_words(choice.subject or choice.template.subject)
        template = described(choice, weighs(choices), with_subject=False)
        said = {"subject": subject, "template": template}
        label = gettext("Variant %(letter)s") % {"letter": letter(number)}
        found.append((label, gettext("“%(subject)s”, %(template)s") % said))
    return found


def weighs(choices: Sequence[TaskTemplate]) -> bool:
    """Else each gets as many as another, and their weights say nothing."""
    return len({choice.weight for choice in choices}) > 1


def described(choice: TaskTemplate, with_weight: bool = True, *, with_subject: bool = True) -> str:
    """One of a task's templates, with what is said otherwise."""
    otherwise = []
    if choice.language:
        otherwise.append(gettext("in %(language)s") % {"language": named(choice.language)})
    if choice.subject and with_subject:
        shown = subject_in_words(choice.subject)
        otherwise.append(gettext("subject “%(subject)s”") % {"subject": shown})
    if choice.preview_text:
        told = gettext("preview “%(preview_text)s”")
        otherwise.append(told % {"preview_text": choice.preview_text})
    if choice.sender:
        otherwise.append(gettext("from %(sender)s") % {"sender": choice.sender})
    if with_weight:
        otherwise.append(gettext("weight %(weight)s") % {"weight": choice.weight})
    return f"{choice.template} ({listed(otherwise)})" if otherwise else str(choice.template)


def details(task: Task, recipients: int) -> list[tuple[str, str]]:
    test = plan.test_of(task)
    if test is None:
        return []
    planned = plan.plan_of(test, recipients)
    return [
        (
            gettext("A/B test"),
            gettext(
                "%(sample)s get the variants, at least %(of_each)s each, and %(rest)s wait for "
                "the result"
            )
            % {
                "sample": f"{planned.sample:,}",
                "of_each": f"{planned.of_each:,}",
                "rest": f"{planned.rest:,}",
            },
        ),
        (gettext("The result"), _result(test)),
        (gettext("What it can find"), _can_find(planned)),
    ]


def warnings(task: Task, recipients: int) -> list[str]:
    test = plan.test_of(task)
    if test is None or not recipients:
        return []
    planned = plan.plan_of(test, recipients)
    found = []
    if not planned.rest:
        found.append(
            gettext("The sample of the A/B test is everyone: no one gets the better variant.")
        )
    if planned.is_too_small:
        found.append(
            sentences(
                gettext("The sample of the A/B test is small."),
                _can_find(planned),
                gettext(
                    "A larger sample, fewer variants, or opens as the measure find smaller "
                    "differences."
                ),
            )
        )
    return found


def _result(test: ABTest) -> str:
    hours = test.decide_after.total_seconds() / 3600
    if test.ends_early:
        told = gettext(
            "%(measure)s, %(hours)s h after the sample was sent, or earlier when it is clear; a "
            "winner is the best with %(percent)s %%. If no difference is found: %(otherwise)s"
        )
    else:
        told = gettext(
            "%(measure)s, %(hours)s h after the sample was sent; a winner is the best with "
            "%(percent)s %%. If no difference is found: %(otherwise)s"
        )
    return told % {
        "measure": test.get_measure_display(),
        "hours": f"{hours:g}",
        "percent": f"{100 * test.threshold:g}",
        "otherwise": test.get_otherwise_display().lower(),
    }


def _can_find(planned: Plan) -> str:
    if planned.found >= 1:
        return gettext("So few recipients cannot tell any difference.")
    return gettext(
        "If one variant reaches %(rate)s, another one is found to be better in 4 of 5 tests when "
        "it reaches %(found)s."
    ) % {"rate": percent(planned.rate), "found": percent(planned.found)}
