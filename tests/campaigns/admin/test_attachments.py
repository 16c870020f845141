"""Files in the form of a campaign."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from campaigns.models import Attachment, Task
from tests.campaigns.admin.staff import (
    MANAGER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
)
from tests.campaigns.attachments.making import PDF, attach, zipped
from tests.factories import ContactFactory, EmailServiceFactory, TaskFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def client(user: User) -> Client:
    return signed_in(user)


@pytest.fixture
def task(user: User) -> Task:
    return TaskFactory(owner=user)


def saved(client: Client, task: Task, *rows: dict[str, object]) -> str:
    """The form is sent with these rows of attachments."""
    [choice] = task.tasktemplate_set.all()
    kept = Attachment.objects.filter(task=task).count()
    data: dict[str, object] = {
        "owner": task.owner_id, "name": task.name, "sender": task.sender_id, "priority": 0,
        "audience": "all", "track_clicks": "on",
        "tasktemplate_set-TOTAL_FORMS": 1, "tasktemplate_set-INITIAL_FORMS": 1,
        "tasktemplate_set-0-id": choice.pk, "tasktemplate_set-0-task": task.pk,
        "tasktemplate_set-0-template": choice.template_id, "tasktemplate_set-0-weight": 1,
        "attachments-TOTAL_FORMS": len(rows), "attachments-INITIAL_FORMS": kept,
    }  # fmt: skip
    for n, row in enumerate(rows):
        data |= {f"attachments-{n}-{name}": value for name, value in row.items()}
        data[f"attachments-{n}-task"] = task.pk
    return page_of(client.post(address("campaigns.task", "change", task.pk), data, follow=True))


def upload(name: str, data: bytes = PDF) -> dict[str, object]:
    return {"upload": SimpleUploadedFile(name, data)}


def names(task: Task) -> list[str]:
    return list(Attachment.objects.filter(task=task).order_by("pk").values_list("name", flat=True))


def test_files_are_added(client: Client, task: Task) -> None:
    page = saved(client, task, upload("programme.pdf"), upload("春.zip", zipped("a.txt")))
    assert "was changed successfully" in page
    assert names(task) == ["programme.pdf", "春.zip"]


def test_a_file_is_removed_or_exchanged(client: Client, task: Task) -> None:
    gone, kept = attach(task, "gone.pdf"), attach(task, "kept.pdf")
    saved(
        client,
        task,
        {"id": gone.pk, "DELETE": "on"},
        {"id": kept.pk, **upload("new.pdf", b"%PDF-2")},
    )
    assert names(task) == ["new.pdf"]
    assert bytes(Attachment.objects.get().data.data) == b"%PDF-2"


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([upload("setup.exe")], "“setup.exe” is a program, and Gmail and others refuse"),
        ([upload("all.zip", zipped("run.js"))], "There is a program in “all.zip”"),
        ([upload("a.pdf"), upload("a.pdf")], "“a.pdf” is attached twice"),
        ([upload(f"{n}.pdf") for n in range(11)], "A campaign has 10 files at most."),
    ],
)
def test_what_is_wrong_with_a_file_is_said(
    client: Client, task: Task, rows: list[dict[str, object]], problem: str
) -> None:
    assert problem in saved(client, task, *rows)
    assert names(task) == []


def test_how_much_is_too_much_together_is_said(client: Client, task: Task) -> None:
    kept = attach(task)
    Attachment.objects.update(octets=25_000_000)
    page = saved(client, task, {"id": kept.pk}, upload("more.pdf"))
    assert "The files of a campaign have 25 MB together at most." in page
    assert names(task) == ["programme.pdf"]


def test_a_form_that_says_nothing_of_files_changes_none(client: Client, task: Task) -> None:
    attach(task)
    [choice] = task.tasktemplate_set.all()
    data = {
        "owner": task.owner_id, "name": "Another name", "sender": task.sender_id, "priority": 0,
        "audience": "all", "tasktemplate_set-TOTAL_FORMS": 1,
        "tasktemplate_set-INITIAL_FORMS": 1, "tasktemplate_set-0-id": choice.pk,
        "tasktemplate_set-0-task": task.pk, "tasktemplate_set-0-template": choice.template_id,
        "tasktemplate_set-0-weight": 1,
    }  # fmt: skip
    client.post(address("campaigns.task", "change", task.pk), data)
    task.refresh_from_db()
    assert (task.name, names(task)) == ("Another name", ["programme.pdf"])


def test_the_launch_question_names_them_and_says_what_is_too_large(
    client: Client, task: Task
) -> None:
    EmailServiceFactory(provider="postmark", name="The service")
    ContactFactory(owner=task.owner)
    Attachment.objects.filter(pk=attach(task).pk).update(octets=9_000_000)
    page = page_of(client.get(address("campaigns.task", "launch", task.pk)))
    assert "programme.pdf (8.6 MB)" in page
    assert "“The service” (Postmark) takes 10 MB" in page


def test_a_launched_campaign_lists_them(client: Client, task: Task) -> None:
    attach(task)
    Task.objects.filter(pk=task.pk).update(status="sending")
    page = page_of(client.get(address("campaigns.task", "change", task.pk)))
    assert "programme.pdf" in page
    assert 'type="file"' not in page


def test_a_viewer_sees_and_changes_none() -> None:
    viewer = member(VIEWER)
    own = TaskFactory(owner=viewer)
    attach(own)
    page = page_of(signed_in(viewer).get(address("campaigns.task", "change", own.pk)))
    assert "programme.pdf" in page
    assert 'type="file"' not in page
