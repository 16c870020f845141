"""What stands beside the form of a step: the audience counted, or the message as it is seen, as the
form says it now, saved or not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.http import HttpRequest

from campaigns.ab_tests.variants import letter
from campaigns.admin.ab_tests.variants import described, weighs
from campaigns.admin.recipients import numbers
from campaigns.admin.recipients.numbers import Number
from campaigns.admin.seeing import preview
from campaigns.admin.task_steps import FORETOLD
from campaigns.db.few_at_once import answer_within
from campaigns.models import Task, TaskTemplate
from campaigns.preflight import samples
from campaigns.recipients import counting
from campaigns.recipients.counting import Counts
from campaigns.recipients.decision import SENT, UnknownAudience

SECONDS = 5.0
"""For one statement."""
UNNAMED = "–"
"""A campaign without a name is counted all the same."""
VARIANT = "variant"
SHOW = "_show"
"""The button, and the script's request, that only show what the form says."""


@dataclass(frozen=True, slots=True)
class Figures:
    """`problems` say why there are no counts; without any, counting took too long."""

    problems: Sequence[str] = ()
    counts: Counts | None = None
    left_out: Sequence[Number] = ()
    foretold: Sequence[tuple[str, str]] = ()
    sent_url: str = ""
    lists: bool = False
    """Whether the numbers lead to lists: what is counted is what is saved."""


def figures(request: HttpRequest, form: type[Any], task: Task | None) -> Figures:
    """Of the form that is posted. It is saved and taken back, so that what is counted is what a
    launch would find."""
    data = request.POST.copy()
    data["name"] = data.get("name", "").strip() or UNNAMED
    saved = Task.objects.get(pk=task.pk) if task else None  # the form has filled the other one
    filled = form(data, instance=saved)
    if problems := _problems(filled):
        return Figures(problems)
    lists = task is not None and not filled.has_changed() and numbers.may_list(request.user)
    with transaction.atomic():
        try:
            return answer_within(SECONDS, lambda: _of(filled.save(), lists)) or Figures()
        except UnknownAudience as error:
            return Figures([str(error)])
        finally:
            transaction.set_rollback(True)


def _problems(form: Any) -> list[str]:
    return [str(each) for errors in form.errors.values() for each in errors]


def _of(task: Task, lists: bool) -> Figures:
    counts = counting.count(task)
    return Figures(
        counts=counts,
        left_out=numbers.of_draft(task, counts),
        sent_url=numbers.draft_url(task, SENT),
        foretold=[detail for foretell in FORETOLD for detail in foretell(task, counts.sent)],
        lists=lists,
    )


def message(request: HttpRequest, task: Task, rows: Any, is_test: bool) -> dict[str, Any]:
    """One of the variants of a form, saved or not, as one of its recipients gets it."""
    data = request.POST if request.method == "POST" else request.GET
    choices = _choices(task, rows)
    if not choices:
        return {"choices": ()}
    shown_key = data.get(VARIANT) if data.get(VARIANT) in choices else next(iter(choices))
    template = samples.of_choice(choices[str(shown_key)])
    asked = preview.asked(data, request.user, template)
    for control in asked.form.fields.values():
        control.widget.attrs["form"] = f"{task._meta.model_name}_form"
    sender = samples.usual_sender(template)
    shown = None if asked.form.errors else preview.preview(template, asked.contact, sender)
    return {
        **preview.seen(shown, asked),
        "choices": _labelled(choices, is_test),
        "choice": shown_key,
        "template": choices[str(shown_key)].template,
    }


def _labelled(choices: Mapping[str, TaskTemplate], is_test: bool) -> list[tuple[str, str]]:
    with_weight = weighs(list(choices.values()))
    return [
        (key, (f"{letter(number)}: " if is_test else "") + described(choice, with_weight))
        for number, (key, choice) in enumerate(choices.items())
    ]


def _choices(task: Task, rows: Any) -> Mapping[str, TaskTemplate]:
    found = {}
    for number, form in enumerate(rows.forms):
        choice = copy(form.instance)
        if choice.template_id is not None and not rows.is_taken_out(form):
            choice.task = task
            found[str(number)] = choice
    return found
