"""Files of campaigns: kept once, frozen at the launch, checked against services, swept."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db.models.functions import Now

from campaigns.attachments import keeping, limits
from campaigns.launching import launch
from campaigns.models import Attachment, AttachmentData, Content, FrozenAttachment, Task
from campaigns.state import lifecycle
from tests.campaigns.attachments.making import PDF, attach
from tests.factories import ContactFactory, EmailServiceFactory, TaskFactory

pytestmark = pytest.mark.django_db


def queued(**values: Any) -> Task:
    task = TaskFactory(status="queued", launched_at=Now(), **values)
    ContactFactory(owner=task.owner)
    return task


def frozen(task: Task) -> list[tuple[str, bytes]]:
    files = FrozenAttachment.objects.filter(content__task=task).order_by("pk")
    return [(file.name, bytes(file.data.data)) for file in files]


def test_the_same_bytes_are_kept_once() -> None:
    attach(TaskFactory(), "a.pdf")
    attach(TaskFactory(), "b.pdf")
    assert AttachmentData.objects.count() == 1


def test_a_launch_freezes_them() -> None:
    task = queued()
    attach(task)
    launch.expand(task.pk)
    Attachment.objects.all().delete()
    AttachmentData.objects.update(wanted_at=Now() - dt.timedelta(days=9))
    keeping.sweep()
    assert frozen(task) == [("programme.pdf", PDF)]
    assert Content.objects.get(task=task).attachment_count == 1


def test_a_launch_without_files_freezes_none() -> None:
    task = queued()
    launch.expand(task.pk)
    assert Content.objects.get(task=task).attachment_count == 0


def test_a_launch_that_is_given_up_leaves_the_draft_its_files() -> None:
    task = queued()
    attach(task)
    launch.prepare(task)
    launch.give_up(task, "for a test")
    assert (frozen(task), Attachment.objects.filter(task=task).count()) == ([], 1)


def test_a_clone_has_them() -> None:
    task = TaskFactory()
    attach(task)
    assert [file.name for file in lifecycle.clone(task).attachments.all()] == ["programme.pdf"]


def test_what_no_campaign_has_is_swept_after_a_day() -> None:
    gone, new = attach(TaskFactory(), "a.pdf"), attach(TaskFactory(), "b.pdf", b"%PDF- another")
    kept = attach(TaskFactory(), "c.pdf", b"%PDF- kept")
    AttachmentData.objects.exclude(pk=new.data_id).update(wanted_at=Now() - dt.timedelta(days=2))
    gone.delete()
    new.delete()
    keeping.sweep()
    assert {*AttachmentData.objects.values_list("pk", flat=True)} == {new.data_id, kept.data_id}


def test_a_draft_takes_its_files_with_it() -> None:
    task = TaskFactory()
    attach(task)
    task.delete()
    assert not Attachment.objects.exists()


def with_megabytes(megabytes: float) -> Task:
    """A draft to one contact, with a file of this size."""
    task = TaskFactory()
    ContactFactory(owner=task.owner)
    attachment = attach(task)
    Attachment.objects.filter(pk=attachment.pk).update(octets=int(megabytes * 1_000_000))
    return task


@pytest.mark.parametrize(
    ("provider", "fits", "too_large"),
    [("postmark", 7.2, 7.4), ("ses", 29, 29.5), ("mailjet", 10.9, 11.0), ("smtp", 7.2, 7.4)],
)
def test_they_are_checked_as_they_travel(provider: str, fits: float, too_large: float) -> None:
    service = EmailServiceFactory(provider=provider, name="The service")
    assert limits.problems(with_megabytes(fits)) == []
    (problem,) = limits.problems(with_megabytes(too_large))
    assert f"“The service” ({_label(provider)}) takes" in problem
    assert service.enabled


def _label(provider: str) -> str:
    names = {"postmark": "Postmark", "ses": "Amazon SES", "mailjet": "Mailjet", "smtp": "SMTP"}
    return names[provider]


def test_the_smallest_limit_of_the_services_counts() -> None:
    EmailServiceFactory(provider="ses", name="large")
    EmailServiceFactory(provider="postmark", name="small")
    (problem,) = limits.problems(with_megabytes(9))
    assert "“small” (Postmark) takes 10 MB" in problem


def test_services_that_are_not_chosen_do_not_count() -> None:
    chosen = EmailServiceFactory(provider="ses")
    EmailServiceFactory(provider="postmark")
    task = with_megabytes(9)
    task.services.add(chosen)
    assert limits.problems(task) == []


def test_an_smtp_service_may_take_more() -> None:
    EmailServiceFactory(provider="smtp", settings={"host": "x", "largest_megabytes": 30})
    assert limits.problems(with_megabytes(20)) == []


def test_a_provider_may_take_some_kinds_only() -> None:
    EmailServiceFactory(provider="brevo", name="The service")
    task = TaskFactory()
    attach(task, "plan.xyz", b"anything")
    (problem,) = limits.problems(task)
    assert problem.startswith("“The service” (Brevo) does not take “plan.xyz”.")


def test_a_campaign_that_is_too_large_is_not_launched() -> None:
    EmailServiceFactory(provider="postmark", name="The service")
    task = with_megabytes(20)
    with pytest.raises(lifecycle.NotPossible, match="Postmark"):
        lifecycle.launch(task)


def test_a_launch_finds_out_that_a_service_takes_less_by_now() -> None:
    EmailServiceFactory(provider="postmark", name="The service")
    task = with_megabytes(20)
    Task.objects.filter(pk=task.pk).update(status="queued", launched_at=Now())
    launch.expand(task.pk)
    task.refresh_from_db()
    assert (task.status, "Postmark" in task.note) == ("draft", True)
