"""What a test does, in the question before a launch."""

from __future__ import annotations

from campaigns.ab_tests import plan
from campaigns.ab_tests.plan import Plan
from campaigns.admin.ab_tests.panel import percent
from campaigns.languages.tags import named
from campaigns.models import ABTest, Task, TaskTemplate
from campaigns.wording import counted


def whom(task: Task, recipients: int) -> str:
    """To whom sending starts at once."""
    test = plan.test_of(task)
    if test is None:
        return counted(recipients, "recipient")
    planned = plan.plan_of(test, recipients)
    return f"a sample of {planned.sample:,} of {counted(recipients, 'recipient')}"


def described(choice: TaskTemplate) -> str:
    """One of a task's templates, with what is said otherwise."""
    otherwise = [
        *([f"in {named(choice.language)}"] if choice.language else []),
        *([f"subject “{choice.subject}”"] if choice.subject else []),
        *([f"preview “{choice.preview_text}”"] if choice.preview_text else []),
        *([f"from {choice.sender}"] if choice.sender else []),
        f"weight {choice.weight}",
    ]
    return f"{choice.template} ({', '.join(otherwise)})"


def details(task: Task, recipients: int) -> list[tuple[str, str]]:
    test = plan.test_of(task)
    if test is None:
        return []
    planned = plan.plan_of(test, recipients)
    return [
        (
            "A/B test",
            f"{planned.sample:,} get the variants, at least {planned.of_each:,} each, and "
            f"{planned.rest:,} wait for the result",
        ),
        ("The result", _result(test)),
        ("What it can find", _can_find(planned)),
    ]


def warnings(task: Task, recipients: int) -> list[str]:
    test = plan.test_of(task)
    if test is None or not recipients:
        return []
    planned = plan.plan_of(test, recipients)
    found = []
    if not planned.rest:
        found.append("The sample of the A/B test is everyone: no one gets the better variant.")
    if planned.is_too_small:
        found.append(
            f"The sample of the A/B test is small. {_can_find(planned)} A larger sample, fewer "
            "variants, or opens as the measure find smaller differences."
        )
    return found


def _result(test: ABTest) -> str:
    hours = test.decide_after.total_seconds() / 3600
    early = ", or earlier when it is clear" if test.ends_early else ""
    return (
        f"{test.get_measure_display()}, {hours:g} h after the sample was sent{early}; a winner is "
        f"the best with {100 * test.threshold:g} %. If no difference is found: "
        f"{test.get_otherwise_display().lower()}"
    )


def _can_find(planned: Plan) -> str:
    if planned.found >= 1:
        return "So few recipients cannot tell any difference."
    return (
        f"If one variant reaches {percent(planned.rate)}, another one is found to be better in 4 "
        f"of 5 tests when it reaches {percent(planned.found)}."
    )
