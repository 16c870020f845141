"""What voids an approval: any change of what a launch would freeze, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from campaigns.approvals import fingerprint
from campaigns.models import (
    ABTest,
    Attachment,
    AttachmentData,
    Sender,
    Task,
    TaskTemplate,
    Template,
)
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SegmentFactory,
    SenderFactory,
    TagFactory,
    TaskFactory,
    TemplateFactory,
)

pytestmark = pytest.mark.django_db

KNOWN = {"TaskTemplate", "ABTest", "Attachment", "Approval"} | {
    *("Content", "Difference", "Engagement", "Launch", "LeftOut", "Promise", "SubTask")
}
"""What refers to a task: its variants, files and test are read, the others come with the launch."""


def planned() -> Task:
    task: Task = TaskFactory(audience="tags")
    owner = task.owner
    task.include_tags.add(TagFactory(owner=owner))
    condition = {"match": "all", "lines": [{"field": "name", "operator": "is", "value": "Ada"}]}
    task.include_segments.add(SegmentFactory(owner=owner, condition=condition))
    ABTest.objects.create(task=task)
    return task


def template_of(task: Task) -> Template:
    found: Template = task.templates.get()
    return found


def attach(task: Task) -> None:
    data = AttachmentData.objects.create(digest="0" * 64, data=b"x")
    Attachment.objects.create(
        task=task, name="a.txt", content_type="text/plain", octets=1, data=data
    )


CHANGES: dict[str, tuple[str, Callable[[Task], object]]] = {
    "html": ("content", lambda t: t.templates.update(html="<p>Other</p>")),
    "text": ("content", lambda t: t.templates.update(text="Other")),
    "subject": ("content", lambda t: t.templates.update(subject="Other")),
    "another subject": ("content", lambda t: TaskTemplate.objects.update(subject="Other")),
    "weight": ("content", lambda t: TaskTemplate.objects.update(weight=2)),
    "another variant": (
        "content",
        lambda t: TaskTemplate.objects.create(task=t, template=TemplateFactory(owner=t.owner)),
    ),
    "another template": (
        "content",
        lambda t: TaskTemplate.objects.update(
            template=TemplateFactory(owner=t.owner, subject="Hello {{ name }}")
        ),
    ),
    "reply-to": ("senders", lambda t: Sender.objects.update(reply_to="x@example.com")),
    "postal address": ("senders", lambda t: Sender.objects.update(postal_address="Elsewhere")),
    "another sender": (
        "senders",
        lambda t: TaskTemplate.objects.update(sender=SenderFactory(owner=t.owner)),
    ),
    "audience": ("audience", lambda t: Task.objects.update(audience="all")),
    "consent": ("audience", lambda t: Task.objects.update(needs_consent=True)),
    "tracking": ("audience", lambda t: Task.objects.update(track_opens=True)),
    "a tag more": ("audience", lambda t: t.include_tags.add(TagFactory(owner=t.owner))),
    "a tag less": ("audience", lambda t: t.include_tags.clear()),
    "a tag below": (
        "audience",
        lambda t: TagFactory(owner=t.owner, parent=t.include_tags.get()),
    ),
    "an excluded tag": ("audience", lambda t: t.exclude_tags.add(TagFactory(owner=t.owner))),
    "a segment's condition": (
        "audience",
        lambda t: t.include_segments.update(condition={"match": "all", "lines": []}),
    ),
    "a file": ("attachments", attach),
    "services": ("services", lambda t: t.services.add(EmailServiceFactory())),
    "the test": ("ab_test", lambda t: ABTest.objects.update(threshold=0.9)),
    "no test": ("ab_test", lambda t: ABTest.objects.all().delete()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_seen_in_its_part(name: str) -> None:
    part, change = CHANGES[name]
    task = planned()
    before = fingerprint.of(task)
    change(task)
    now = fingerprint.of(Task.objects.get())
    assert str(fingerprint.PARTS[part]) in fingerprint.changed(before, now)


def test_what_is_not_frozen_does_not_count() -> None:
    task = planned()
    before = fingerprint.of(task)
    template_of(task).save()
    task.templates.update(name="Other", folder="Other")
    Task.objects.update(name="Other", priority=3, scheduled_at="2030-01-01T00:00Z")
    ContactFactory(owner=task.owner)
    assert fingerprint.changed(before, fingerprint.of(Task.objects.get())) == []


def test_chosen_contacts_count() -> None:
    task = TaskFactory(audience="chosen")
    before = fingerprint.of(task)
    task.contacts.add(ContactFactory(owner=task.owner))
    assert fingerprint.changed(before, fingerprint.of(task)) == ["the audience"]


def test_everything_that_belongs_to_a_task_is_known() -> None:
    """What is added to a campaign has to be added to its fingerprint, or here."""
    relations = {each.name for each in Task._meta.many_to_many}
    fields = Task._meta.get_fields(include_hidden=True)
    models = {
        str(each.related_model.__name__)
        for each in fields
        if each.auto_created and not each.concrete and each.related_model
        if each.related_model._meta.app_label == "campaigns"
    }
    assert relations == fingerprint.RELATIONS
    assert {name for name in models if not name.startswith("Task_")} == KNOWN
