"""A campaign's results in detail: a part of its page, and a page of their own to print."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext as _

from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import page
from admin_kit.words.stored_texts import shown
from admin_kit.words.told_changes import told
from campaigns.admin.campaign_list import when
from campaigns.admin.progress import progress_of
from campaigns.models import Task, TaskStatus
from campaigns.state.lifecycle import PAUSED_AUTOMATICALLY
from campaigns.wording import subject_in_words

MOST_DEEDS = 50
UNCHANGED = "[]"
"""What is recorded of a form that was saved as it was."""


class Deed(NamedTuple):
    """`who` is "" for what happened by itself."""

    at: dt.datetime
    what: str
    who: str = ""


class TaskReport(OwnedAdmin):
    """For the page of a task."""

    def get_urls(self) -> list[URLPattern]:
        wrap: Any = self.admin_site.admin_view
        return [
            path(
                "<path:object_id>/breakdowns/",
                wrap(self.breakdowns_view),
                name="campaigns_task_breakdowns",
            ),
            path("<path:object_id>/report/", wrap(self.report_view), name="campaigns_task_report"),
            *super().get_urls(),
        ]

    def breakdowns_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """The part that comes after the rest of the page, and refreshes itself."""
        context = {"task": self.visible(request, object_id)}
        return render(request, "admin/campaigns/task/breakdowns.html", context)

    def report_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        task: Task = self.visible(request, object_id)
        return page(
            request,
            self,
            "admin/campaigns/task/report.html",
            title=_("Report: %(campaign)s") % {"campaign": task},
            original=task,
            progress=progress_of(task, request.user),
            facts=facts_of(task),
            deeds=deeds_of(task),
            back_url=self.url("change", task.pk),
            print_button={"type": "button", "data-print": ""},
        )


def facts_of(task: Task) -> list[tuple[str, str]]:
    """What tells a campaign from others: a name and a text each."""
    subjects = [
        subject_in_words(choice.subject or choice.template.subject)
        for choice in task.tasktemplate_set.select_related("template").order_by("pk")
    ]
    more = len(set(subjects)) - 1
    subject = next(iter(subjects), "–")
    if more > 0:
        subject = f"{subject} (+{more})"
    return [(_("Subject"), subject), (_("From"), str(task.sender or "–")), ("", when(task))]


def deeds_of(task: Task) -> list[Deed]:
    """Who did what, and what happened by itself, the newest first."""
    entries = LogEntry.objects.filter(
        content_type=ContentType.objects.get_for_model(Task), object_id=str(task.pk)
    ).exclude(change_message=UNCHANGED)
    done = [
        Deed(
            entry.action_time,
            told(entry) or str(entry.get_action_flag_display()),
            entry.user.get_full_name() or entry.user.get_username(),
        )
        for entry in entries.select_related("user").order_by("-action_time")[:MOST_DEEDS]
    ]
    return sorted([*done, *_by_itself(task)], key=lambda deed: deed.at, reverse=True)


def _by_itself(task: Task) -> list[Deed]:
    times = (
        (task.launched_at, _("The launch began")),
        (task.started_at, _("Sending began")),
        (task.completed_at, _("Done: nothing was left to send")),
    )
    paused = [(task.paused_at, shown(task.note))] if _is_paused_by_itself(task) else []
    return [Deed(at, what) for at, what in (*times, *paused) if at]


def _is_paused_by_itself(task: Task) -> bool:
    """A person who pauses it is in the history."""
    return task.status == TaskStatus.PAUSED and task.note.startswith(PAUSED_AUTOMATICALLY)
