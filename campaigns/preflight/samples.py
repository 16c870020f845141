"""A message outside any task, for previews and tests, made as a launch would make it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from typing import Any

from campaigns.attributes.values import Value
from campaigns.launching import frozen_content
from campaigns.models import (
    Attribute,
    AttributeKind,
    Contact,
    Content,
    Sender,
    Task,
    TaskTemplate,
    Template,
)
from campaigns.rendering import content

VALUES = {
    "name": "Ada Lovelace",
    "first_name": "Ada",
    "last_name": "Lovelace",
    "email": "ada@example.com",
}
"""Sample values, for staff without a contact at hand."""
OF_KIND: dict[str, Value] = {
    AttributeKind.NUMBER: 42,
    AttributeKind.DATE: "2026-05-01",
    AttributeKind.YES_NO: True,
}
"""Of the owner's attributes, by type. A text has none: what it says cannot be guessed."""

LINKS: list[Callable[[Content, Mapping[str, Any]], dict[str, str]]] = []
"""What apps that build on this one (tracking) put in a message beside the recipient's values, here
with links that record nothing.
"""


def usual_sender(template: Template) -> Sender:
    """The template's own, else that of the last task with it, else the owner's first; one without
    a name and an address, not saved, for an owner who has none.
    """
    if template.sender is not None:
        return template.sender
    tasks = Task.objects.filter(tasktemplate__template=template.pk, sender__isnull=False)
    last = tasks.order_by("-pk").select_related("sender").first() if template.pk else None
    first: Sender | None = (
        last.sender
        if last
        else Sender.objects.filter(owner=template.owner_id).order_by("pk").first()
    )
    return first or Sender(owner_id=template.owner_id, local_part="test")


def of_choice(choice: TaskTemplate) -> Template:
    """What a campaign sends of one of its templates, as a template that is not to be saved."""
    made = copy(choice.template)
    made.subject = choice.subject or made.subject
    made.preview_text = choice.preview_text or made.preview_text
    made.sender = choice.sender or choice.task.sender or made.sender
    return made


def freeze(template: Template, sender: Sender) -> Content:
    """What a launch would freeze that records neither opens nor clicks, so that links lead straight
    where they are to lead. Not saved. Raises TemplateError or Failed.
    """
    task = Task(owner_id=template.owner_id, sender=sender, track_opens=False, track_clicks=False)
    return frozen_content.compile_content(task, TaskTemplate(task=task, template=template)).content


def values_of(contact: Contact | None, owner_id: int | None) -> dict[str, Any]:
    """The contact's, else sample values, also of the attributes that the owner's contacts have."""
    return contact.merge_variables() if contact else {**_of_attributes(owner_id), **VALUES}


def _of_attributes(owner_id: int | None) -> dict[str, Value]:
    values: dict[str, Value] = {}
    for attribute in Attribute.objects.filter(owner=owner_id):
        if attribute.kind in OF_KIND:
            values[attribute.key] = OF_KIND[attribute.kind]
        elif attribute.choices:
            values[attribute.key] = attribute.choices[0]
    return values


def variables(frozen: Content, contact: Contact | None) -> dict[str, Any]:
    """All that the content is rendered with for this contact."""
    values = values_of(contact, frozen.task.owner_id)
    return {
        **values,
        **{name: link for each in LINKS for name, link in each(frozen, values).items()},
    }


def render(template: Template, contact: Contact | None, sender: Sender) -> content.Rendered:
    """Raises ContentError or Failed."""
    frozen = freeze(template, sender)
    return content.render(frozen, variables(frozen, contact))
