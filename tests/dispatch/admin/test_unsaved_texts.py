"""A test of text that is not saved yet, which the page of its preview posts."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from campaigns.models import Template
from dispatch.models import EmailService
from tests.campaigns.admin.staff import (
    MANAGER,
    OPERATOR,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.dispatching import MakeService
from tests.factories import (
    ContactFactory,
    SenderFactory,
    TaskFactory,
    TemplateFactory,
)
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db

TEST = address("dispatch.emailservice", "test_mail")
TEXT = {"name": "Spring", "subject": "Hi {{ name }}", "preview_text": "", "text": "",
        "html": "<p>Sow, {{ name }}!</p>"}  # fmt: skip


@pytest.fixture
def user() -> User:
    return member(MANAGER, email="mia@example.com")


def open_form(user: User, **fields: Any) -> Any:
    return signed_in(user).post(TEST, {**TEXT, **fields})


def send(user: User, service: EmailService, **fields: Any) -> Any:
    return open_form(
        user, **{"service": service.pk, "local_part": "test", "to": user.email, **fields}
    )


def test_the_form_is_filled_in_from_the_preview(user: User, smtp: SmtpServer) -> None:
    sender = SenderFactory(owner=user)
    response = open_form(user, contact="ada@example.com", sender=sender.pk)
    form = response.context["form"]
    values = (form["contact"].value(), form["sender"].value(), form["to"].value())
    assert values == ("ada@example.com", str(sender.pk), "mia@example.com")
    assert form.errors == {}
    assert "template" not in form.fields
    assert "Send a test of “Spring”, not saved yet" in page_of(response)
    assert smtp.messages == []


def test_goes_out_and_saves_nothing(
    user: User, make_service: MakeService, smtp: SmtpServer
) -> None:
    contact = ContactFactory(owner=user, name="Ada")
    response = send(user, make_service(), contact=contact.email)
    assert "Test to mia@example.com accepted." in texts(response)
    [message] = smtp.messages
    assert b"Subject: [Test] Hi Ada" in message.data
    assert b"Sow, Ada!" in message.data
    assert not Template.objects.exists()


def test_of_a_saved_template_has_its_usual_sender(
    user: User, make_service: MakeService, smtp: SmtpServer
) -> None:
    template = TemplateFactory(owner=user, html="<p>old</p>")
    SenderFactory(owner=user, local_part="first")
    TaskFactory(owner=user, sender=SenderFactory(owner=user, local_part="last"), template=template)
    service = make_service()
    send(user, service, template=template.pk)
    [message] = smtp.messages
    assert message.sender == f"last@{service.domain}"
    assert b"Sow, Ada Lovelace!" in message.data
    template.refresh_from_db()
    assert template.html == "<p>old</p>"


def test_is_carried_on_for_the_next_test_and_back_to_the_preview(
    user: User, make_service: MakeService, smtp: SmtpServer
) -> None:
    template = TemplateFactory(owner=user)
    page = page_of(send(user, make_service(), template=template.pk))
    assert 'value="&lt;p&gt;Sow, {{ name }}!&lt;/p&gt;"' in page
    assert f'<input type="hidden" name="template" value="{template.pk}">' in page
    assert f'formaction="{address("campaigns.template", "change", template.pk)}"' in page


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("html", "{{ name", "HTML, line 1"),
        ("html", "", "This field is required."),
        ("html", "x" * 1_000_001, "longer than 1,000,000 characters"),
        ("subject", "\x00", "Null characters are not allowed"),
    ],
)
def test_of_text_with_a_mistake_is_not_sent(
    user: User, make_service: MakeService, smtp: SmtpServer, field: str, value: str, problem: str
) -> None:
    response = send(user, make_service(), **{field: value})
    assert problem in texts(response)
    assert smtp.messages == []


def test_goes_to_nobody_else(user: User, make_service: MakeService, smtp: SmtpServer) -> None:
    response = send(user, make_service(), to="ada@example.com")
    assert "You may send a test only to your own address" in page_of(response)
    assert smtp.messages == []


@pytest.mark.parametrize("key", ["x", "\x00", "9" * 30, "9" * 5000, "²", "-1", "1/2"])
def test_of_a_template_that_there_is_not_is_not_found(user: User, key: str) -> None:
    assert open_form(user, template=key).status_code == 404


def test_of_a_foreign_template_is_not_found(user: User) -> None:
    assert open_form(user, template=TemplateFactory().pk).status_code == 404


@pytest.mark.parametrize("role", [VIEWER, OPERATOR])
def test_is_refused_to_those_who_may_not_write(
    role: str, make_service: MakeService, smtp: SmtpServer
) -> None:
    user = member(role, email="mia@example.com")
    user.user_permissions.add(Permission.objects.get(codename="launch_task"))
    service = make_service()
    assert send(user, service).status_code == 403
    assert send(user, service, template=TemplateFactory(owner=user).pk).status_code == 403
    assert smtp.messages == []


def test_is_refused_to_another_site(user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert client.post(TEST, TEXT).status_code == 403
