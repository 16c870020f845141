"""The decision of a test by a person: a question first, then it is done."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import lazy
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import Question, StyledForm, ask, is_confirmed, say
from admin_kit.typed import button
from admin_kit.words.moments import to_the_minute
from campaigns.ab_tests import deciding
from campaigns.ab_tests.variants import Variant, variants_of
from campaigns.admin.ab_tests import panel
from campaigns.models import ABTest, Task
from campaigns.wording import recipients

SPLIT, WAIT = "split", "wait"
CANNOT_DECIDE = _("There is no test to decide: it is decided already, or its campaign has ended.")


class DecideForm(StyledForm):
    """What to do with the rest; a variant is named by its letter."""

    decision = forms.ChoiceField(label=_("What shall the rest get?"), widget=forms.RadioSelect)

    def __init__(self, variants: list[Variant], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["decision"].choices = [  # type: ignore[attr-defined]
            *((each.letter, gettext("All of them %(each)s") % {"each": each}) for each in variants),
            (SPLIT, gettext("Each variant to an equal part")),
            (WAIT, gettext("Nothing yet: wait once more as long")),
        ]
        self.restyle()


class DecidesTests(OwnedAdmin):
    """For the page of a task."""

    @button(
        _("Decide the A/B test"),
        "decide-test",
        icon="balance",
        permissions=["campaigns.launch_task"],
    )
    def decide_test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        task: Task = self.visible(request, object_id)
        back_url = self.url("change", task.pk)
        if not may_decide(task):
            say(request, str(CANNOT_DECIDE), error=True)
            return HttpResponseRedirect(back_url)
        variants = variants_of(task.pk)
        confirmed = is_confirmed(request)
        form = DecideForm(variants, request.POST if confirmed else None)
        if not confirmed or not form.is_valid():
            question = _question(task)
            return ask(request, self, question, original=task, form=form, back_url=back_url)
        try:
            done = _decide(task, variants, form.cleaned_data["decision"], request.user)
        except deciding.NotOpen as error:
            say(request, str(error), error=True)
        else:
            with override("en"):
                self.log_change(request, task, str(done))
            say(request, gettext("“%(task)s”: %(done)s") % {"task": task, "done": done})
        return HttpResponseRedirect(back_url)


def may_decide(task: Task) -> bool:
    return panel.is_open(task, ABTest.objects.filter(task=task).first())


def _question(task: Task) -> Question:
    test = ABTest.objects.get(task=task)
    shown = panel.panel_of(task)
    rows = shown.rows if shown else []
    word = shown.succeeded if shown else ""
    return Question(
        gettext("Decide the A/B test of “%(task)s”?") % {"task": task},
        gettext(
            "%(recipients)s wait. What you choose for them happens at once and cannot be taken "
            "back; the sample keeps what it got."
        )
        % {"recipients": recipients(test.rest)},
        gettext("Decide"),
        warnings=[gettext("The sample is still being sent: the numbers are not all of it.")]
        if test.decide_at is None
        else [],
        details=[
            (
                f"{row.letter} “{row.subject}”",
                gettext(
                    "%(word)s: %(succeeded)s of %(sent)s, %(rate)s (%(interval)s), probability "
                    "to be the best %(chance)s"
                )
                % {
                    "succeeded": f"{row.succeeded:,}",
                    "sent": f"{row.sent:,}",
                    "word": word,
                    "rate": row.rate,
                    "interval": row.interval,
                    "chance": row.chance,
                },
            )
            for row in rows
        ],
    )


def _decide(task: Task, variants: list[Variant], decision: str, user: Any) -> object:
    """What was done, in the language in which it is told. Raises NotOpen."""
    if isinstance(user, AnonymousUser):
        raise deciding.NotOpen(CANNOT_DECIDE)
    if decision == WAIT:
        test = deciding.wait_on(task.pk)
        return lazy(_waits_on, str)(test.decide_at)
    if decision == SPLIT:
        deciding.split(task.pk, user)
        return _("Every variant is sent to an equal part of the rest.")
    variant = next(each for each in variants if each.letter == decision)
    deciding.choose(task.pk, variant.content_id, user)
    return lazy(_sent_to_the_rest, str)(variant)


def _waits_on(until: Any) -> str:
    return gettext("The A/B test waits on, until %(time)s.") % {"time": to_the_minute(until)}


def _sent_to_the_rest(variant: Variant) -> str:
    return gettext("Variant %(variant)s is sent to the rest.") % {"variant": variant}
