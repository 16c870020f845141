"""From a number on a campaign's page to its people: a segment, to tag, export or mail."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext as _

from admin_kit.base import OwnedAdmin
from admin_kit.confirmation import Question, ask, is_confirmed, say
from admin_kit.words.listing import headed
from campaigns.admin.contacts.columns import SEGMENT
from campaigns.admin.funnel import MAKES_SEGMENTS, PEOPLE
from campaigns.models import Segment, Task
from campaigns.models.stage import Stage
from campaigns.segments import making, sentence


class TaskPeople(OwnedAdmin):
    """For the page of a task."""

    def get_urls(self) -> list[URLPattern]:
        view: Any = self.admin_site.admin_view(self.people_view)
        name = "campaigns_task_people"
        return [path("<path:object_id>/people/", view, name=name), *super().get_urls()]

    def people_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask; once confirmed, make the segment, or find the one that was made before."""
        task: Task = self.visible(request, object_id)
        if not request.user.has_perms(MAKES_SEGMENTS):
            raise PermissionDenied
        stage = next((each for each in PEOPLE if each == request.GET.get("did")), None)
        if stage is None:
            raise Http404(gettext("There is no such number."))
        condition = _condition(task, stage)
        if not is_confirmed(request):
            back_url = self.url("change", task.pk)
            return ask(request, self, _question(task, condition), original=task, back_url=back_url)
        segment = Segment.objects.filter(owner=task.owner_id, condition=condition).first()
        if segment is None:
            name = headed(task.name[:70], stage.label)
            segment = making.make(task.owner_id, name, condition)
            self.log_addition(
                request, segment, gettext_noop("Made from the page of “%(task)s”.") % {"task": task}
            )
        say(
            request,
            _(
                "These are the people of the segment “%(name)s”. Tag or export them here; to mail "
                "them, choose the segment as the audience of a campaign."
            )
            % {"name": segment.name},
        )
        contacts = reverse("admin:campaigns_contact_changelist")
        return HttpResponseRedirect(f"{contacts}?{urlencode({SEGMENT: segment.pk})}")


def _condition(task: Task, stage: Stage) -> dict[str, object]:
    line = {"field": stage.value, "operator": "did", "value": {"campaign": task.pk}}
    return {"match": "all", "lines": [line]}


def _question(task: Task, condition: dict[str, object]) -> Question:
    said = sentence.say(task.owner_id, condition)
    return Question(
        _("Make a segment of them?"),
        _(
            "A segment holds the contacts behind the number, so that they can be tagged, exported "
            "and mailed. Nothing is sent. It also has who does so later, and never those whose "
            "contact was deleted."
        ),
        _("Make the segment"),
        details=[(_("Contacts"), said.sentence)],
        warnings=said.notes,
    )
