"""A message outside any task, for previews and tests, made as a launch would make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from campaigns.launching import frozen_content
from campaigns.models import Contact, Content, Sender, Task, TaskTemplate, Template
from campaigns.rendering import content

VALUES = {
    "name": "Ada Lovelace",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
}
"""Sample values, for staff without a contact at hand."""

LINKS: list[Callable[[Content, Mapping[str, Any]], dict[str, str]]] = []
"""What apps that build on this one (tracking) put in a message beside the recipient's values, here
with links that record nothing.
"""


def usual_sender(template: Template) -> Sender:
    """That of the last task with this template, else the owner's first; one without a name and an
    address, not saved, for an owner who has none.
    """
    tasks = Task.objects.filter(tasktemplate__template=template.pk, sender__isnull=False)
    last = tasks.order_by("-pk").select_related("sender").first() if template.pk else None
    first: Sender | None = (
        last.sender
        if last
        else Sender.objects.filter(owner=template.owner_id).order_by("pk").first()
    )
    return first or Sender(owner_id=template.owner_id, local_part="test")


def freeze(template: Template, sender: Sender) -> Content:
    """What a launch would freeze that records neither opens nor clicks, so that links lead straight
    where they are to lead. Not saved. Raises TemplateError or Failed.
    """
    task = Task(owner_id=template.owner_id, sender=sender, track_opens=False, track_clicks=False)
    return frozen_content.compile_content(task, TaskTemplate(task=task, template=template)).content


def values_of(contact: Contact | None) -> dict[str, Any]:
    return contact.merge_variables() if contact else dict(VALUES)


def render(template: Template, contact: Contact | None, sender: Sender) -> content.Rendered:
    """Raises ContentError or Failed."""
    frozen = freeze(template, sender)
    values = values_of(contact)
    links = {name: link for each in LINKS for name, link in each(frozen, values).items()}
    return content.render(frozen, {**values, **links})
