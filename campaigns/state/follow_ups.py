"""A campaign to those who did not get, open or click another one."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.words.listing import headed
from campaigns.models import Audience, Segment, Task
from campaigns.segments import making
from campaigns.state import lifecycle


@dataclass(frozen=True, slots=True)
class Missing:
    """`field` is that of a segment's line."""

    field: str
    words: Promise
    of_it: Promise


MISSING = {
    "not_sent": Missing("sent", _("did not get"), _("did not get it")),
    "not_opened": Missing("opened", _("did not open"), _("did not open it")),
    "not_clicked": Missing("clicked", _("did not click"), _("did not click it")),
}


def why_not(task: Task, missing: Missing) -> str:
    """Why it cannot be known who they are, for staff; "" when it can."""
    if task.launched_at is None:
        return gettext("It was not launched yet.")
    if missing.field == "opened" and not task.track_opens:
        return gettext("Its opens were not recorded: who did not open it is not known.")
    if missing.field == "clicked" and not task.track_clicks:
        return gettext("Its clicks were not recorded: who did not click is not known.")
    return ""


def segment_condition(task: Task, missing: Missing) -> dict[str, object]:
    """Those who got it and did not react; or those who got it, to be left out."""
    of_it = {"campaign": task.pk}
    got = {"field": "sent", "operator": "did", "value": of_it}
    if missing.field == "sent":
        return {"match": "all", "lines": [got]}
    did_not = {"field": missing.field, "operator": "did_not", "value": of_it}
    return {"match": "all", "lines": [got, did_not]}


def plan(task: Task, missing: Missing) -> tuple[Segment, Task]:
    """Make the segment, and a draft with the same templates, sender and services that mails it. For
    those who did not get the task the draft has its audience, and leaves out who got it.
    """
    with transaction.atomic():
        draft = lifecycle.clone(task)
        draft.name = headed(task.name, missing.of_it)[:200]
        words = gettext("got it") if missing.field == "sent" else missing.of_it
        segment = making.make(
            task.owner_id, headed(task.name[:70], words), segment_condition(task, missing)
        )
        if missing.field == "sent":
            draft.exclude_segments.add(segment)
        else:
            _mail_only(draft, segment)
        draft.save()
        return segment, draft


def _mail_only(draft: Task, segment: Segment) -> None:
    draft.audience = Audience.TAGS
    draft.contacts.clear()
    draft.include_tags.clear()
    draft.include_segments.set([segment])
