from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from pytest_django import Settings

from campaigns.models import Content
from dispatch.bounces import return_path
from dispatch.claiming import agenda, compose
from dispatch.claiming.deliveries import Claim
from dispatch.message.headers import as_bytes, envelope
from dispatch.message.message import Message
from dispatch.models import BounceMailbox
from tests.dispatching import Dispatch, MakeService
from tests.factories import EmailServiceFactory, SubTaskFactory
from tests.smtp_server import SmtpServer
from tracking.links.tokens import Purpose, read_caseless, sign_caseless

LARGEST = 2**48 - 1


@pytest.mark.parametrize("subtask_id", [1, 7, 10**9, LARGEST])
def test_the_local_part_fits_and_leads_back_in_any_case(subtask_id: int) -> None:
    address = return_path.address(subtask_id, "bounce.example.com")
    local_part = address.partition("@")[0]
    assert len(local_part) == 37
    for written in (address, address.upper(), f"<{address}>", f"x;{address};y"):
        tokens = return_path.tokens_in(written)
        assert return_path.subtask_id_of(tokens) == subtask_id


def test_without_a_bounce_domain_there_is_no_return_path() -> None:
    assert return_path.address(7, "") == ""


def test_no_token_of_another_purpose_is_taken() -> None:
    other = sign_caseless(Purpose.UNSUBSCRIBE, 7)
    assert return_path.subtask_id_of([other]) is None


def test_a_token_with_one_letter_changed_is_not_taken() -> None:
    token = sign_caseless(Purpose.BOUNCE, 7)
    assert read_caseless(Purpose.BOUNCE, token) == (7,)
    for at in range(len(token) - 1):
        changed = token[:at] + ("a" if token[at] != "a" else "b") + token[at + 1 :]
        assert read_caseless(Purpose.BOUNCE, changed) is None


@pytest.mark.parametrize(
    "token", ["", "a", "1" * 29, "ä" * 29, "a" * 28, "a" * 30, "a" * 29, "=" * 32]
)
def test_what_is_no_token_is_not_taken(token: str) -> None:
    assert read_caseless(Purpose.BOUNCE, token) is None


def test_a_token_signed_with_an_older_key_holds_while_the_key_is_kept(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.TRACKING_KEYS = [old]
    token = sign_caseless(Purpose.BOUNCE, 7)
    settings.TRACKING_KEYS = [new, old]
    assert read_caseless(Purpose.BOUNCE, token) == (7,)
    settings.TRACKING_KEYS = [new]
    assert read_caseless(Purpose.BOUNCE, token) is None


def composed(bounce_domain: str) -> Message:
    content = Content(
        subject="Hi", html="<p>Hi</p>", text="Hi", sender_local_part="news", pk=1, link_ids=[]
    )
    claim = Claim(7, 1, 1, "ada@receiver.example", {}, 0)
    made = compose.compose(claim, content, "north.example.com", bounce_domain=bounce_domain)
    assert isinstance(made, Message)
    return made


def test_bounces_go_to_the_return_path_and_the_sender_that_people_see_stays() -> None:
    message = composed("bounce.north.example.com")
    assert envelope(message).sender == return_path.address(7, "bounce.north.example.com")
    assert b"From: news@north.example.com" in as_bytes(message)
    assert b"bounces+" not in as_bytes(message)


def test_without_a_bounce_domain_they_go_to_the_sender() -> None:
    assert envelope(composed("")).sender == "news@north.example.com"


@pytest.mark.django_db
@pytest.mark.parametrize(("enabled", "domain"), [(True, "bounce.example.com"), (False, "")])
def test_a_dispatcher_goes_by_the_mailbox_that_is_read(enabled: bool, domain: str) -> None:
    service = EmailServiceFactory()
    BounceMailbox.objects.create(service=service, domain="bounce.example.com", enabled=enabled)
    assert agenda.read().services[service.pk].bounce_domain == domain


@pytest.mark.django_db
def test_a_service_without_a_mailbox_has_no_bounce_domain() -> None:
    service = EmailServiceFactory()
    assert agenda.read().services[service.pk].bounce_domain == ""


@pytest.mark.django_db
def test_a_dispatched_message_leaves_with_its_return_path(
    make_service: MakeService, dispatch: Dispatch, smtp: SmtpServer
) -> None:
    service = make_service()
    BounceMailbox.objects.create(service=service, domain="bounce.example.com")
    subtask = SubTaskFactory()
    dispatch(until=lambda: bool(smtp.messages))
    (message,) = smtp.messages
    assert message.sender == return_path.address(subtask.pk, "bounce.example.com")
