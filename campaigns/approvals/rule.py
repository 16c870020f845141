"""Who may lift the rule that a second person approves an owner's campaigns.

Users who may change the brand set it. Lifting it opens what it closes, so it takes the permission
to approve; and one who waits for an approval of the own campaign does not lift it meanwhile. A
superuser may: where that is the only user, no one else could.
"""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser, User
from django.utils.translation import gettext

from campaigns.approvals.asking import OPEN
from campaigns.models import Approval, ApprovalState, Brand

NEEDED = "campaigns.approve_task"
NOT_DECIDED = (ApprovalState.ASKED, ApprovalState.SENT_BACK)


def why_it_stays(brand: Brand, user: User | AnonymousUser) -> str:
    """A sentence for the user; "" where the rule may be lifted, or is not set."""
    is_set = Brand.objects.filter(pk=brand.pk, needs_approval=True).exists()
    if not is_set or user.is_superuser:
        return ""
    if not user.has_perm(NEEDED):
        return gettext(
            "Only users who may approve campaigns can lift the rule that a second person approves "
            "each one. Ask one of them."
        )
    own = Approval.objects.filter(task__owner=brand.owner_id, asked_by=user.pk)
    waiting = own.filter(state__in=NOT_DECIDED, task__status__in=OPEN).select_related("task")
    if approval := waiting.order_by("asked_at").first():
        return gettext(
            "You asked for an approval of “%(task)s”, which is not given yet, so another "
            "user who may approve has to lift the rule."
        ) % {"task": approval.task}
    return ""
