"""Links of a step that save first what is written there, and where they lead then."""

from __future__ import annotations

from collections.abc import Iterator

from django.http import HttpRequest, QueryDict
from django.urls import reverse

from campaigns.admin.planning.writing import WORDS, url_to_edit, ways_to_write
from campaigns.models import Task, TaskTemplate

WHOLE, WRITE, EDIT = "_whole", "_write", "_edit"
"""All settings on one page; an editor, for a new text; the text of a template of the campaign."""
LEADS = (WHOLE, WRITE, EDIT)


def leads(request: HttpRequest) -> bool:
    return any(name in request.POST for name in LEADS)


def url_after(request: HttpRequest, task: Task, prefix: str) -> str:
    """ "" where no such link was followed. `prefix` is that of the rows of templates."""
    if WHOLE in request.POST:
        return reverse("admin:campaigns_task_change", args=[task.pk])
    key = request.POST.get(EDIT, "")
    for template_id in TaskTemplate.objects.filter(task=task).values_list("template", flat=True):
        if str(template_id) == key:
            return url_to_edit(template_id, task)
    ways = ways_to_write(task, _words(request.POST, prefix))
    return next((way.url for way in ways if way.key == request.POST.get(WRITE)), "")


def take_words_out(data: QueryDict, prefix: str) -> None:
    """Of messages without a template, which cannot be saved: the editor begins with them."""
    if WRITE in data:
        for row in _without_template(data, prefix):
            for name in (*WORDS, "language", "sender"):
                data[f"{row}-{name}"] = ""


def _words(data: QueryDict, prefix: str) -> dict[str, str]:
    """Those of the first such message that has any."""
    for row in _without_template(data, prefix):
        said = {name: data.get(f"{row}-{name}", "").strip() for name in WORDS}
        if any(said.values()):
            return {name: text for name, text in said.items() if text}
    return {}


def _without_template(data: QueryDict, prefix: str) -> Iterator[str]:
    """Those that are new; saved ones have had one."""
    for name in list(data):
        row, is_template, _ = name.partition("-template")
        is_row = row.startswith(f"{prefix}-") and is_template
        if is_row and not data[name] and not data.get(f"{row}-id"):
            yield row
