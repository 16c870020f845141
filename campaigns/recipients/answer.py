"""Why one person gets a campaign, or does not."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models import (
    Contact,
    Launch,
    LeftOut,
    LeftOutReason,
    SubTask,
    SuppressionReason,
    Task,
)
from campaigns.recipients import decision
from campaigns.recipients.decision import SENT, Part

ONE_SQL = "SELECT reason, suppression FROM (DECIDED) AS decided"

NOT_THERE = _(
    "No message was made to this address: at the launch the audience did not include them, or they "
    "had another address."
)


@dataclass(frozen=True, slots=True)
class Answer:
    """`reason` is set for one who is left out. `is_candidate` is False when the audience does not
    include the contact; then nothing is sent to it either. `sentence` says it all, for staff.
    """

    is_sent: bool
    is_candidate: bool
    reason: LeftOutReason | None
    sentence: str


def why(task: Task, contact: Contact) -> Answer:
    """Of a task before its launch, what a launch now would do; of a launched one, what the launch
    did. Costs a few look-ups.
    """
    if Launch.objects.filter(task=task).exists():
        return _after_launch(task, contact)
    try:
        decided = decision.decide(task, Part(contact.pk - 1, contact.pk))
    except decision.UnknownAudience as error:
        return Answer(False, False, None, gettext("Nothing is sent: %(error)s") % {"error": error})
    found = decision.rows(ONE_SQL, decided)
    if not found:
        return Answer(
            False, False, None, gettext("Gets no message: the audience does not include them.")
        )
    reason, suppression = found[0]
    if reason == SENT:
        return Answer(True, True, None, gettext("Gets a message."))
    return _left_out(gettext("Is left out: %(reason)s."), LeftOutReason(reason), suppression)


def _after_launch(task: Task, contact: Contact) -> Answer:
    left_out = LeftOut.objects.filter(task=task, contact_id=contact.pk).first()
    if left_out:
        return _left_out(gettext("Was left out: %(reason)s."), LeftOutReason(left_out.reason), None)
    if SubTask.objects.filter(task=task, recipient_email=contact.email).exists():
        return Answer(True, True, None, gettext("A message was made at the launch."))
    return Answer(False, False, None, str(NOT_THERE))


def _left_out(words: str, reason: LeftOutReason, suppression: str | None) -> Answer:
    why_suppressed = f" ({SuppressionReason(suppression).label.lower()})" if suppression else ""
    why = f"{reason.label[0].lower()}{reason.label[1:]}{why_suppressed}"
    return Answer(False, True, reason, words % {"reason": why})
