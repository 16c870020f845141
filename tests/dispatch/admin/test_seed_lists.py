"""Tests to several addresses and to seed lists, and how they compare with recipients' messages."""

from __future__ import annotations

import email
import re
from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.launching import launch
from campaigns.models import Suppression, TaskTemplate
from campaigns.state import lifecycle
from dispatch.models import SeedList
from dispatch.seed_lists import HOLDER
from tests.campaigns.admin.staff import (
    MANAGER,
    OPERATOR,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.campaigns.attachments.making import attach
from tests.dispatching import Dispatch, MakeService
from tests.factories import ContactFactory, SenderFactory, TaskFactory, TemplateFactory
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db
TEST = address("dispatch.emailservice", "test_mail")
SEEDS = ["one@example.com", "two@example.com"]
TOKEN = re.compile(rb"/[a-z]/[A-Za-z0-9_-]{10,}")
DIFFERS = (b"Message-ID:", b"Date:", b"Feedback-ID:")


@pytest.fixture
def user() -> User:
    return member(MANAGER, email="mia@example.com")


def seeds_of(owner: User, addresses: list[str] | None = None) -> SeedList:
    return SeedList.objects.create(owner=owner, name="Mailboxes", addresses=addresses or SEEDS)


def send(user: User, service: Any, **fields: Any) -> Any:
    form = {"service": service.pk, "local_part": "test", "to": "", **fields}
    return signed_in(user).post(TEST, form, follow=True)


def recipients(smtp: SmtpServer) -> list[str]:
    return [message.recipient for message in smtp.messages]


def lines_but_what_differs(data: bytes) -> list[bytes]:
    """Tokens in links, and the headers that name the message or the campaign."""
    lines = TOKEN.sub(b"/token", data).splitlines()
    return [line for line in lines if not line.startswith(DIFFERS)]


def test_a_test_differs_from_the_recipients_message_as_is_documented_and_not_otherwise(
    user: User, make_service: MakeService, dispatch: Dispatch, smtp: SmtpServer
) -> None:
    contact = ContactFactory(owner=user, name="Ada", email="ada@example.com")
    seeds_of(user, [contact.email])
    template = TemplateFactory(
        owner=user,
        subject="For {{ name }}",
        html='<p>Dear {{ name }}, <a href="https://x.example/a">go</a> at {{ service }}</p>'
        '<p><a href="{{ unsubscribe_url }}">no</a> <a href="{{ web_view_url }}">see</a></p>',
    )
    task = TaskFactory(owner=user, template=template, track_clicks=False)
    service = make_service()
    send(user, service, template=template.pk, contact=contact.email, to=contact.email, unmarked=1)
    lifecycle.launch(task)
    launch.expand(task.pk)
    dispatch()
    test, real = (lines_but_what_differs(message.data) for message in smtp.messages)
    assert b"Subject: For Ada" in test
    assert test == real


def test_goes_to_each_address_and_to_those_of_the_seed_list_once(
    user: User, make_service: MakeService, smtp: SmtpServer
) -> None:
    seeds, service = seeds_of(user), make_service()
    response = send(user, service, to="mia@example.com, one@example.com", seed_list=seeds.pk)
    assert recipients(smtp) == ["mia@example.com", *SEEDS]
    assert len({email.message_from_bytes(sent.data)["Message-ID"] for sent in smtp.messages}) == 3
    assert "Test to two@example.com accepted." in texts(response)
    assert len(entries(service)) == 3


def test_more_than_twenty_addresses_are_refused(
    make_service: MakeService, smtp: SmtpServer
) -> None:
    to = "\n".join(f"a{n}@example.com" for n in range(21))
    response = send(member(OPERATOR), make_service(), to=to)
    assert "These are 21 addresses; 20 are the most." in page_of(response)
    assert smtp.messages == []


def test_goes_to_no_address_of_the_seed_list_of_another_owner(
    user: User, make_service: MakeService, smtp: SmtpServer
) -> None:
    foreign, service = seeds_of(member(MANAGER)), make_service()
    assert "only to your own address" in page_of(send(user, service, to=SEEDS[0]))
    assert "Select a valid choice" in page_of(send(user, service, seed_list=foreign.pk))
    assert smtp.messages == []


def test_a_suppressed_address_of_a_seed_list_is_left_out_and_told(
    user: User, make_service: MakeService, smtp: SmtpServer
) -> None:
    Suppression.objects.create(email="one@example.com")
    response = send(user, make_service(), seed_list=seeds_of(user).pk)
    assert recipients(smtp) == ["two@example.com"]
    assert "Test to one@example.com is not sent: the address is suppressed." in texts(response)


def test_a_refused_address_does_not_keep_the_next_one_from_its_test(
    user: User, make_service: MakeService
) -> None:
    with SmtpServer(["rcpt:reply:550 5.1.1 No such user@to=one*"]) as server:
        response = send(user, make_service(server=server), seed_list=seeds_of(user).pk)
        assert recipients(server) == ["two@example.com"]
    assert "Test to one@example.com failed: " in texts(response)


def test_no_test_is_sent_once_the_service_may_start_none(
    user: User, make_service: MakeService, smtp: SmtpServer
) -> None:
    response = send(user, make_service(daily_quota=1), seed_list=seeds_of(user).pk)
    assert recipients(smtp) == ["one@example.com"]
    assert "Test to two@example.com failed: Its quota is used up" in texts(response)


def test_a_variant_of_a_campaign_is_sent_as_the_campaign_says(
    user: User, make_service: MakeService, smtp: SmtpServer
) -> None:
    task = TaskFactory(owner=user, template=TemplateFactory(owner=user, subject="First"))
    second = TaskTemplate.objects.create(
        task=task,
        template=TemplateFactory(owner=user),
        subject="Second",
        sender=SenderFactory(owner=user, local_part="shop"),
    )
    response = send(user, make_service(), to="mia@example.com", variant=second.pk)
    [message] = smtp.messages
    assert message.sender.startswith("shop@")
    assert b"Subject: [Test] Second" in message.data
    assert response.context["form"]["variant"].value() == str(second.pk)


def test_the_test_of_a_campaign_is_filled_in_but_for_what_there_is_to_choose(
    user: User, make_service: MakeService
) -> None:
    make_service(name="North")
    south = make_service(name="South")
    task = TaskFactory(owner=user, sender=SenderFactory(owner=user))
    task.services.add(south)
    variant = task.tasktemplate_set.get()
    form = signed_in(user).get(TEST, {"variant": variant.pk}).context["form"]
    hidden = {field.name for field in form.hidden_fields()}
    assert hidden == {"variant", "local_part"}
    assert form["service"].value() == south.pk
    assert form["to"].value() == "mia@example.com"


def test_a_variant_among_several_is_to_be_chosen(user: User, make_service: MakeService) -> None:
    make_service()
    task = TaskFactory(owner=user, template=TemplateFactory(owner=user, name="One"))
    TaskTemplate.objects.create(task=task, template=TemplateFactory(owner=user, name="Two"))
    first = task.tasktemplate_set.order_by("pk").first()
    assert first
    form = signed_in(user).get(TEST, {"variant": first.pk}).context["form"]
    shown = [label for _, label in form.fields["variant"].choices]
    assert shown == ["One", "Two"]
    assert "variant" not in {field.name for field in form.hidden_fields()}


def test_a_variant_is_tested_with_the_files_of_its_campaign(
    user: User, make_service: MakeService, smtp: SmtpServer
) -> None:
    task = TaskFactory(owner=user)
    attach(task)
    variant = task.tasktemplate_set.get()
    send(user, make_service(), to="mia@example.com", variant=variant.pk)
    assert b'filename="programme.pdf"' in smtp.messages[0].data


@pytest.mark.parametrize("key", ["x", "9" * 30, "²", "0"])
def test_a_variant_that_there_is_not_is_no_choice(
    user: User, make_service: MakeService, smtp: SmtpServer, key: str
) -> None:
    foreign = TaskTemplate.objects.get(task=TaskFactory())
    service = make_service()
    for variant in (key, foreign.pk):
        response = send(user, service, to="mia@example.com", variant=variant)
        assert response.context["form"].errors
    assert smtp.messages == []


def test_an_address_is_erased_from_seed_lists(user: User) -> None:
    seeds = seeds_of(user)
    assert HOLDER.export("one@example.com") == [{"seed_list": "Mailboxes", "owner": str(user)}]
    assert HOLDER.forget("one@example.com") == 1
    seeds.refresh_from_db()
    assert seeds.addresses == ["two@example.com"]


def test_a_seed_list_is_kept_with_its_addresses_in_one_spelling(user: User) -> None:
    form = {"name": "Mailboxes", "addresses": "One@Example.com one@example.com\na@bücher.test"}
    signed_in(user).post(address("dispatch.seedlist", "add"), form)
    assert SeedList.objects.get().addresses == ["one@example.com", "a@xn--bcher-kva.test"]


def test_a_seed_list_names_the_address_that_is_wrong(user: User) -> None:
    form = {"name": "Mailboxes", "addresses": "one@example.com\nnobody"}
    page = page_of(signed_in(user).post(address("dispatch.seedlist", "add"), form))
    assert "“nobody”: " in page
    assert not SeedList.objects.exists()
