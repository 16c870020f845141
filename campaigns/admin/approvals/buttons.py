"""The buttons with which an approval is asked for and given, and what a campaign's page says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from django import forms
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _
from unfold.enums import ActionVariant

from admin_kit.base import OwnedAdmin, Visitor, staff
from admin_kit.confirmation import Question, StyledForm, ask, is_confirmed, say
from admin_kit.typed import button
from admin_kit.words.listing import headed
from admin_kit.words.moments import to_the_minute
from campaigns.admin import task_steps
from campaigns.admin.recipients import numbers
from campaigns.admin.task_steps import Shown
from campaigns.admin.templates.checklist import shown_findings
from campaigns.approvals import asking, fingerprint
from campaigns.approvals.asking import NotApproved
from campaigns.models import Approval, ApprovalState, Task

APPROVALS = ("ask_approval", "approve", "send_back")
QUESTION = "admin/campaigns/task/approval_question.html"
SEEN = "seen"


class WordsForm(StyledForm):
    words = forms.CharField(
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        label=_("In your words"),
    )


class ReasonForm(WordsForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["words"].required = True
        self.fields["words"].label = gettext("What has to be changed")


@dataclass(frozen=True, slots=True)
class ApprovalPanel:
    """`problem` says why the campaign may not be launched yet, "" once it is approved."""

    state: str
    colour: str
    said: list[str]
    problem: str


def panel_of(task: Task) -> ApprovalPanel | None:
    """None where no approval is wanted, nor was asked for."""
    approval, problem = asking.of(task), ""
    is_open = task.status in asking.OPEN
    if is_open and asking.is_needed(task):
        problem = asking.problem(task)
    elif approval is None:
        return None
    if approval is None:
        return ApprovalPanel(gettext("Not approved"), "warning", [], problem)
    is_void = bool(problem) and approval.state == ApprovalState.APPROVED
    colour = "success" if approval.state == ApprovalState.APPROVED and not is_void else "warning"
    state = gettext("No longer approved") if is_void else approval.get_state_display()
    return ApprovalPanel(state, colour, _history(approval), problem)


def _history(approval: Approval) -> list[str]:
    """Who said what, and when."""
    said = [_line(gettext("Asked for"), approval.asked_by, approval.asked_at, approval.words)]
    if approval.decided_at:
        label = str(approval.get_state_display())
        said.append(_line(label, approval.decided_by, approval.decided_at, approval.answer))
    return said


def _line(what: str, user: Any, at: Any, words: str) -> str:
    line = gettext("%(what)s by %(user)s on %(time)s") % {
        "what": what,
        "user": user or gettext("a deleted user"),
        "time": to_the_minute(at),
    }
    return headed(line, words) if words else gettext("%(line)s.") % {"line": line}


def may(task: Task, name: str, user: Visitor) -> bool:
    """Whether a button is of use now."""
    if task.status not in asking.OPEN:
        return False
    approval = asking.of(task)
    is_asked = approval is not None and approval.state == ApprovalState.ASKED
    if name == "ask_approval":
        return asking.is_needed(task) and (
            bool(asking.problem(task)) and not _is_asked_of_now(task, approval)
        )
    return bool(is_asked and approval and approval.asked_by_id != user.pk)


def _is_asked_of_now(task: Task, approval: Approval | None) -> bool:
    if approval is None or approval.state != ApprovalState.ASKED:
        return False
    return bool(approval.fingerprint == fingerprint.of(task))


class Asked(NamedTuple):
    """A question: `do` takes the task, the user, the mark of what was seen, and words."""

    title: Any
    text: Any
    button: Any
    done: str
    do: Callable[[Task, User, str, str], None]
    form: type[WordsForm] = WordsForm


def _ask(task: Task, user: User, seen: str, words: str) -> None:
    asking.ask(task, user, words)


def _send_back(task: Task, user: User, seen: str, words: str) -> None:
    asking.send_back(task, user, words)


ASK = Asked(
    _("Ask for approval of “{}”?"),
    _(
        "Another user who may see it approves exactly what it sends and to whom. Any change of "
        "that voids the approval."
    ),
    _("Ask for approval"),
    gettext_noop("Approval is asked for."),
    _ask,
)
APPROVE = Asked(
    _("Approve “{}”?"),
    _(
        "It may be launched as it is now. Any change of its content, senders, audience, email "
        "services or A/B test voids this."
    ),
    _("Approve"),
    gettext_noop("Approved."),
    asking.approve,
)
SEND_BACK = Asked(
    _("Send “{}” back?"),
    _("It is not launched before approval is asked for again."),
    _("Send back"),
    gettext_noop("Sent back."),
    _send_back,
    ReasonForm,
)


class ApprovesTasks(OwnedAdmin):
    @button(
        _("Ask for approval"),
        "ask-approval",
        icon="how_to_reg",
        variant=ActionVariant.PRIMARY,
        permissions=["campaigns.launch_task"],
    )
    def ask_approval(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._say(request, object_id, ASK)

    @button(
        _("Approve"),
        "approve",
        icon="verified",
        variant=ActionVariant.PRIMARY,
        permissions=["campaigns.approve_task"],
    )
    def approve(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._say(request, object_id, APPROVE)

    @button(_("Send back"), "send-back", icon="reply", permissions=["campaigns.approve_task"])
    def send_back(self, request: HttpRequest, object_id: str) -> HttpResponse:
        return self._say(request, object_id, SEND_BACK)

    def _say(self, request: HttpRequest, object_id: str, asked: Asked) -> HttpResponse:
        task: Task = self.visible(request, object_id)
        posted = is_confirmed(request)
        form = asked.form(request.POST if posted else None)
        if not posted or not form.is_valid():
            return self._question(request, task, asked, form)
        words = form.cleaned_data["words"].strip()
        try:
            asked.do(task, staff(request), request.POST.get(SEEN, ""), words)
        except NotApproved as error:
            say(request, str(error), error=True)
        else:
            self.log_change(request, task, f"{asked.done} {words}".strip())
            say(
                request,
                gettext("“%(task)s”: %(done)s") % {"task": task, "done": gettext(asked.done)},
            )
        return HttpResponseRedirect(self.url("change", task.pk))

    def _question(
        self, request: HttpRequest, task: Task, asked: Asked, form: StyledForm
    ) -> HttpResponse:
        """With all that is approved: its mark is of what was there before it was read."""
        seen = asking.mark(fingerprint.of(task))
        decides = asked is not ASK
        refusal = asking.why_not(task, request.user) if decides else ""
        approval = asking.of(task) if decides else None
        shown = Shown([]) if numbers.is_big(task) else task_steps.show(task, request.user)
        question = Question(
            asked.title.format(task),
            str(asked.text),
            str(asked.button),
            details=task_steps.plan_of(task, shown),
            problems=[refusal] if refusal else [],
            hidden={SEEN: [seen]},
        )
        return ask(
            request,
            self,
            question,
            template=QUESTION,
            form=form,
            original=task,
            back_url=self.url("change", task.pk),
            checklist=shown_findings(shown.findings, request.user),
            said=_history(approval) if approval else [],
            preview_url=self.url("preview", task.pk),
            instead=() if refusal else self._instead(task, asked),
        )

    def _instead(self, task: Task, asked: Asked) -> tuple[str, str] | tuple[()]:
        """The other decision, a label and an address; none beside the question to ask."""
        if asked is APPROVE:
            return gettext("Send it back instead"), self.url("send_back", task.pk)
        if asked is SEND_BACK:
            return gettext("Approve it instead"), self.url("approve", task.pk)
        return ()
