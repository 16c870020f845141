"""Files on their way from a draft to a mail server."""

from __future__ import annotations

import email
import email.policy
from email.message import EmailMessage

import pytest
from django.db.models.functions import Now

from campaigns.launching import launch
from campaigns.models import Attachment, Contact
from tests.campaigns.attachments.making import PDF, attach
from tests.dispatching import Dispatch, MakeService
from tests.factories import TaskFactory
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


def test_every_recipient_gets_the_files_as_the_launch_froze_them(
    smtp: SmtpServer, make_service: MakeService, dispatch: Dispatch
) -> None:
    make_service()
    task = TaskFactory(status="queued", launched_at=Now())
    Contact.objects.bulk_create(
        Contact(owner=task.owner, email=f"r{n}@example.com", name=f"Reader {n}") for n in range(3)
    )
    attach(task, "春 programme.pdf", PDF * 9_000)
    launch.expand(task.pk)
    Attachment.objects.all().delete()

    dispatch()

    assert len(smtp.messages) == 3
    for received in smtp.messages:
        mail = email.message_from_bytes(received.data, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        (file,) = mail.iter_attachments()
        assert (file.get_filename(), file.get_payload(decode=True)) == (
            "春 programme.pdf",
            PDF * 9_000,
        )
        html = mail.get_body(("html",))
        assert html is not None and "Hello Reader" in html.get_content()
