"""Freeze, unfreeze, test the connection, send a test: asked first, allowed to few, logged."""

from __future__ import annotations

import email
import email.policy
from typing import Any

import pytest
from django.contrib.auth.models import Permission

from campaigns.models import Suppression
from dispatch.models import EmailService, Pace
from dispatch.pace import pace_rows
from tests.campaigns.admin.staff import (
    CONFIRM,
    EVERYBODY,
    MANAGER,
    NOBODY,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.dispatching import MakeService
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SenderFactory,
    TaskFactory,
    TemplateFactory,
)
from tests.smtp_server import SmtpServer
from tests.texts import part_of

pytestmark = pytest.mark.django_db

ACTIONS = ("freeze", "unfreeze", "test_connection")
FORM = {**CONFIRM, "reason": "Too many complaints"}
TEST = address("dispatch.emailservice", "test_mail")


def url(page: str, service: Any) -> str:
    return address("dispatch.emailservice", page, getattr(service, "pk", service))


def ready(name: str, **kwargs: Any) -> EmailService:
    service: EmailService = EmailServiceFactory(name="North", **kwargs)
    if name == "unfreeze":
        pace_rows.freeze(service, "535 wrong password")
    return service


def state(service: EmailService) -> tuple[bool, str]:
    pace = Pace.objects.get(service=service)
    return pace.needs_person, pace.freeze_reason


@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_asks_and_changes_nothing_until_it_is_confirmed(name: str) -> None:
    service = ready(name)
    before = state(service)
    client = signed_in(member(OPERATOR))
    for response in (client.get(url(name, service)), client.post(url(name, service))):
        assert response.status_code == 200
        assert 'name="confirmed"' in response.content.decode()
    assert state(service) == before
    assert entries(service) == []


@pytest.mark.parametrize("name", [*ACTIONS, "send_test_mail"])
@pytest.mark.parametrize("role", [role for role in EVERYBODY if role not in (SUPERUSER, OPERATOR)])
def test_an_action_is_refused_to_whoever_may_not_do_it(name: str, role: str) -> None:
    service = ready(name)
    before = state(service)
    client = signed_in(member(role))
    assert client.get(url(name, service)).status_code == 403
    assert client.post(url(name, service), FORM).status_code == 403
    assert state(service) == before


@pytest.mark.parametrize("name", [*ACTIONS, "send_test_mail"])
def test_a_service_for_others_is_not_found(name: str) -> None:
    """A manager whom somebody let control services still sees only those that are for everybody
    or for them.
    """
    user = member(MANAGER)
    user.user_permissions.add(Permission.objects.get(codename="control_emailservice"))
    service = ready(name)
    service.users.add(member(MANAGER))
    before = state(service)
    client = signed_in(user)
    assert client.get(url(name, service)).status_code == 404
    assert client.post(url(name, service), FORM).status_code == 404
    assert state(service) == before


@pytest.mark.parametrize("name", [*ACTIONS, "send_test_mail", "change_provider"])
def test_odd_keys_are_not_found(name: str) -> None:
    client = signed_in(member(SUPERUSER))
    for key in ("0", "x", "99999999999999999999999", "%00"):
        path = url(name, 1).replace("/1/", f"/{key}/")
        assert client.get(path).status_code == 404, key
        assert client.post(path, FORM).status_code == 404, key


class TestFreezing:
    @pytest.fixture
    def user(self) -> Any:
        return member(OPERATOR)

    def freeze(self, user: Any, service: EmailService, **fields: str) -> Any:
        return signed_in(user).post(url("freeze", service), {**FORM, **fields}, follow=True)

    def test_holds_until_somebody_unfreezes_it(self, user: Any) -> None:
        service = ready("freeze")
        response = self.freeze(user, service)
        assert state(service) == (True, "Too many complaints")
        assert "“North”: Frozen: Too many complaints" in texts(response)
        assert entries(service) == [(user.username, "Frozen: Too many complaints")]

    def test_warns_what_it_means(self, user: Any) -> None:
        page = page_of(signed_in(user).get(url("freeze", ready("freeze"))))
        assert "It starts no message until a person unfreezes it." in page

    @pytest.mark.parametrize(
        ("reason", "problem"),
        [("", "This field is required"), ("x" * 501, "at most 500"), ("\x00", "Null characters")],
    )
    def test_wants_a_reason(self, user: Any, reason: str, problem: str) -> None:
        service = ready("freeze")
        assert problem in page_of(self.freeze(user, service, reason=reason))
        assert state(service) == (False, "")


class TestUnfreezing:
    @pytest.fixture
    def user(self) -> Any:
        return member(OPERATOR)

    def test_lets_it_go_on_at_once(self, user: Any) -> None:
        service = ready("unfreeze")
        Pace.objects.update(frozen_until="2100-01-01T00:00Z", failures_in_row=9)
        response = signed_in(user).post(url("unfreeze", service), CONFIRM, follow=True)
        pace = Pace.objects.get()
        assert (pace.needs_person, pace.frozen_until, pace.failures_in_row) == (False, None, 0)
        assert "“North”: Unfrozen." in texts(response)
        assert entries(service) == [(user.username, "Unfrozen.")]

    def test_shows_why_it_is_frozen(self, user: Any) -> None:
        page = page_of(signed_in(user).get(url("unfreeze", ready("unfreeze"))))
        assert "Frozen Until a person unfreezes it. 535 wrong password" in page

    def test_of_one_that_is_not_frozen_says_so(self, user: Any) -> None:
        service = ready("freeze")
        response = signed_in(user).post(url("unfreeze", service), CONFIRM, follow=True)
        assert "“North” is not frozen." in texts(response)
        assert entries(service) == []

    @pytest.mark.parametrize(
        ("frozen", "offered"), [("", {"freeze"}), ("for a while", {"freeze", "unfreeze"}),
                                ("by a person", {"unfreeze"})],
    )  # fmt: skip
    def test_is_offered_where_it_applies(self, user: Any, frozen: str, offered: set[str]) -> None:
        service = ready("unfreeze" if frozen == "by a person" else "freeze")
        if frozen == "for a while":
            Pace.objects.update(frozen_until="2100-01-01T00:00Z")
        page = page_of(signed_in(user).get(url("change", service)))
        assert {n for n in ("freeze", "unfreeze") if f'href="{url(n, service)}"' in page} == offered


class TestTestingTheConnection:
    def test_says_who_answered(self, make_service: MakeService, smtp: SmtpServer) -> None:
        user, service = member(OPERATOR), make_service()
        response = signed_in(user).post(url("test_connection", service), CONFIRM, follow=True)
        assert f"Connection tested: 127.0.0.1:{smtp.port} answered" in texts(response)
        assert smtp.connections == 1
        assert smtp.messages == []
        assert "Connection tested" in entries(service)[0][1]

    @pytest.mark.parametrize(
        ("behaviours", "problem"),
        [(["connect:reply:554 5.7.1 Go away"], "Go away"), (["connect:close"], "failed")],
    )
    def test_says_what_is_wrong(
        self, make_service: MakeService, behaviours: list[str], problem: str
    ) -> None:
        with SmtpServer(behaviours) as server:
            service = make_service(server=server)
            client = signed_in(member(OPERATOR))
            response = client.post(url("test_connection", service), CONFIRM, follow=True)
        assert "The connection failed: " in texts(response)
        assert problem in texts(response)

    @pytest.mark.parametrize(
        "broken", [{"credentials": "gibberish"}, {"provider": "pigeon"}, {"settings": {}}]
    )
    def test_explains_settings_that_cannot_be_used(self, broken: dict[str, Any]) -> None:
        service = EmailServiceFactory(**broken)
        client = signed_in(member(OPERATOR))
        response = client.post(url("test_connection", service), CONFIRM, follow=True)
        assert "The connection failed: " in texts(response)


class TestSendingATest:
    def send(self, user: Any, service: Any, /, **fields: Any) -> Any:
        form = {"service": getattr(service, "pk", service), "local_part": "test", "to": user.email}
        return signed_in(user).post(TEST, {**form, **fields}, follow=True)

    @pytest.fixture
    def user(self) -> Any:
        return member(MANAGER, email="Mia@example.com")

    def test_goes_out_and_says_what_the_server_replied(
        self, user: Any, make_service: MakeService, smtp: SmtpServer
    ) -> None:
        service = make_service(name="North")
        response = self.send(user, service)
        assert "“North”: Test to mia@example.com accepted." in texts(response)
        [message] = smtp.messages
        assert (message.sender, message.recipient) == (f"test@{service.domain}", "mia@example.com")
        assert entries(service)[0][0] == user.username

    def test_renders_the_template_for_the_contact(
        self, user: Any, make_service: MakeService, smtp: SmtpServer
    ) -> None:
        contact = ContactFactory(owner=user, name="Ada")
        template = TemplateFactory(owner=user, subject="For {{ name }}")
        self.send(user, make_service(), template=template.pk, contact=contact.email)
        assert b"Subject: [Test] For Ada" in smtp.messages[0].data

    def test_is_the_message_that_a_recipient_would_get(
        self, user: Any, make_service: MakeService, smtp: SmtpServer
    ) -> None:
        sender = SenderFactory(
            owner=user,
            local_part="news",
            display_name="Mia's shop",
            reply_to="mia@shop.example",
            postal_address="1 High Street",
        )
        template = TemplateFactory(owner=user, html="<p><a href='https://x.example/a'>A</a></p>")
        TaskFactory(owner=user, sender=SenderFactory(owner=user))
        TaskFactory(owner=user, sender=sender, template=template)
        service = make_service()
        self.send(user, service, template=template.pk)
        [sent] = smtp.messages
        message = email.message_from_bytes(sent.data, policy=email.policy.default)
        assert sent.sender == f"news@{service.domain}"
        assert message["From"] == f"Mia's shop <news@{service.domain}>"
        assert message["Reply-To"] == "mia@shop.example"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message["List-Id"] == f"<news.{service.domain}>"
        html = part_of(message, "html")
        assert "1 High Street" in html
        assert 'href="https://x.example/a"' in html.replace("'", '"')
        assert message["List-Unsubscribe"].strip("<>") in html
        assert "1 High Street" in part_of(message, "plain")

    def test_has_a_message_id_of_its_own_each_time(
        self, user: Any, make_service: MakeService, smtp: SmtpServer
    ) -> None:
        service = make_service()
        self.send(user, service)
        self.send(user, service)
        ids = {email.message_from_bytes(sent.data)["Message-ID"] for sent in smtp.messages}
        assert len(ids) == 2

    def test_is_not_sent_again_by_reloading_the_page(
        self, user: Any, make_service: MakeService
    ) -> None:
        template = TemplateFactory(owner=user)
        service = make_service()
        response = self.send(user, service, template=template.pk)
        assert response.redirect_chain
        assert response.context["form"]["template"].value() == str(template.pk)
        assert response.context["form"]["service"].value() == str(service.pk)

    def test_counts_for_the_quota(
        self, user: Any, make_service: MakeService, smtp: SmtpServer
    ) -> None:
        service = make_service(daily_quota=1)
        self.send(user, service)
        assert "Its quota is used up until" in texts(self.send(user, service))
        assert len(smtp.messages) == 1

    def test_that_is_refused_is_explained(self, user: Any, make_service: MakeService) -> None:
        with SmtpServer(["rcpt:reply:550 5.1.1 No such user"]) as server:
            response = self.send(user, make_service(server=server))
        assert "failed: " in texts(response)
        assert "No such user" in texts(response)

    def test_of_a_template_that_fails_is_explained(
        self, user: Any, make_service: MakeService, smtp: SmtpServer
    ) -> None:
        template = TemplateFactory(owner=user, html="{{ name | divided_by: 0 }}")
        assert "failed: HTML" in texts(self.send(user, make_service(), template=template.pk))
        assert smtp.messages == []

    def test_goes_to_nobody_but_oneself(
        self, user: Any, make_service: MakeService, smtp: SmtpServer
    ) -> None:
        response = self.send(user, make_service(), to="boss@example.com")
        assert "only to your own address, Mia@example.com" in page_of(response)
        assert smtp.messages == []

    def test_goes_to_anybody_for_whoever_controls_services(
        self, make_service: MakeService, smtp: SmtpServer
    ) -> None:
        self.send(member(OPERATOR), make_service(), to="boss@example.com")
        assert smtp.messages[0].recipient == "boss@example.com"

    @pytest.mark.parametrize("listed", ["mia@example.com", "@example.com"])
    def test_goes_to_no_suppressed_address(
        self, user: Any, make_service: MakeService, smtp: SmtpServer, listed: str
    ) -> None:
        Suppression.objects.create(email=listed)
        assert "This address is suppressed" in page_of(self.send(user, make_service()))
        assert smtp.messages == []

    def test_knows_no_template_contact_or_service_of_others(
        self, user: Any, make_service: MakeService, smtp: SmtpServer
    ) -> None:
        foreign = make_service()
        foreign.users.add(member(MANAGER))
        own = make_service()
        assert "Select a valid choice" in page_of(self.send(user, foreign))
        template = TemplateFactory()
        assert "Select a valid choice" in page_of(self.send(user, own, template=template.pk))
        contact = ContactFactory()
        assert "You have no contact" in page_of(self.send(user, own, contact=contact.email))
        assert smtp.messages == []

    def test_uses_a_service_that_is_switched_off_only_for_whoever_controls_it(
        self, user: Any, make_service: MakeService, smtp: SmtpServer
    ) -> None:
        service = make_service(enabled=False)
        assert "Select a valid choice" in page_of(self.send(user, service))
        self.send(member(OPERATOR), service, to="boss@example.com")
        assert len(smtp.messages) == 1

    @pytest.mark.parametrize(
        "fields",
        [
            {"service": "x"}, {"service": "99999999999999999999999"}, {"service": "\x00"},
            {"template": "x"}, {"local_part": "a b"}, {"local_part": "x" * 65}, {"to": "nobody"},
            {"to": "\x00"}, {"contact": "\x00"},
        ],
    )  # fmt: skip
    def test_explains_odd_input(
        self, user: Any, make_service: MakeService, smtp: SmtpServer, fields: dict[str, str]
    ) -> None:
        response = self.send(user, make_service(), **fields)
        assert response.status_code == 200
        assert response.context["form"].errors
        assert smtp.messages == []

    def test_takes_any_query_string(self, user: Any) -> None:
        query = {"service": "x", "template": "\x00", "contact": "<script>"}
        assert signed_in(user).get(TEST, query).status_code == 200

    @pytest.mark.parametrize("role", [VIEWER, NOBODY])
    def test_is_refused_to_whoever_may_not(
        self, role: str, make_service: MakeService, smtp: SmtpServer
    ) -> None:
        user = member(role, email="mia@example.com")
        assert signed_in(user).get(TEST).status_code == 403
        assert self.send(user, make_service()).status_code == 403
        assert smtp.messages == []

    def test_is_offered_on_the_page_of_a_service(self) -> None:
        service = EmailServiceFactory()
        response = signed_in(member(OPERATOR)).get(url("send_test_mail", service), follow=True)
        assert response.context["form"]["service"].value() == str(service.pk)
