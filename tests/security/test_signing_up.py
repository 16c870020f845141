"""What strangers can do with a sign-up form: no mail bombs, no list of who is known, nothing in
others' mail, pages or rows."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import ClassVar
from urllib.parse import urlencode

import pytest
from django.conf import settings as site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from campaigns import erasure, suppressions
from campaigns.models import BackgroundJob, Contact, Suppression
from campaigns.models.contacts import SuppressionReason
from signup.models import SignUp, SignUpForm, mailbox_of
from signup.views import page_tokens
from tests.concurrency import run_together
from tests.dispatching import MakeService
from tests.factories import ContactFactory
from tests.signup.making import (
    ADA,
    FORM_TYPE,
    entered,
    letters,
    link_in,
    make_form,
    mark_of,
    send_mail,
    sign_up,
    stranger,
)
from tests.smtp_server import SmtpServer
from tests.tracking.visiting import path
from tracking import rate_limits, rejected_requests
from tracking.links.tokens import Purpose, read, sign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("each_counts_at_once")]
_hosts = itertools.count(1)


@pytest.fixture(autouse=True)
def limits_begin_anew() -> Iterator[None]:
    rate_limits.used_up.forget()
    yield
    rate_limits.used_up.forget()


@pytest.fixture
def form(make_service: MakeService) -> SignUpForm:
    return make_form(make_service(domain="mail.example.com"))


def elsewhere() -> Client:
    """A client of a network from which none has come before."""
    number = next(_hosts)
    return stranger(f"10.{number // 256}.{number % 256}.9")


class TestAMailBomb:
    def test_of_one_form_is_one_message_a_day(self, form: SignUpForm, smtp: SmtpServer) -> None:
        for _ in range(10):
            sign_up(form, elsewhere())
            send_mail(form)
        assert len(smtp.messages) == 1

    def test_of_many_forms_is_three_messages_a_day(
        self, make_service: MakeService, smtp: SmtpServer
    ) -> None:
        service = make_service()
        for _ in range(6):
            form = make_form(service)
            sign_up(form, elsewhere())
            send_mail(form)
        assert len(smtp.messages) == 3

    def test_to_many_names_of_one_mailbox_is_no_more(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        for number in range(6):
            sign_up(form, elsewhere(), email=f"ada+{number}@example.com")
        send_mail(form)
        assert len(smtp.messages) == 1

    @pytest.mark.parametrize(
        ("address", "mailbox"),
        [
            ("ada+1@example.com", ADA),
            ("a.da@example.com", "a.da@example.com"),
            ("+1@example.com", "+1@example.com"),
            ("a.d.a+x@gmail.com", "ada@gmail.com"),
            ("ad.a@googlemail.com", "ada@gmail.com"),
        ],
    )
    def test_is_counted_by_mailbox(self, address: str, mailbox: str) -> None:
        assert mailbox_of(address) == mailbox

    def test_begins_again_after_a_day_only(self, form: SignUpForm, smtp: SmtpServer) -> None:
        sign_up(form)
        SignUp.objects.update(asked_at="2020-01-01T00:00Z")
        sign_up(form)
        sign_up(form)
        send_mail(form)
        assert len(smtp.messages) == 2

    def test_of_many_addresses_is_bounded_by_the_network(
        self, form: SignUpForm, settings: Settings
    ) -> None:
        settings.SIGN_UPS_PER_NETWORK = 5
        answers = [
            sign_up(form, stranger(f"203.0.113.{n}"), email=f"a{n}@example.com") for n in range(8)
        ]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 3
        assert int(answers[-1]["Retry-After"]) > 0
        assert SignUp.objects.count() == 5

    def test_of_many_networks_is_bounded_by_the_form(
        self, form: SignUpForm, settings: Settings
    ) -> None:
        settings.SIGN_UPS_PER_FORM = 5
        answers = [
            sign_up(form, elsewhere(), email=f"a{n}@example.com").status_code for n in range(8)
        ]
        assert answers == [200] * 5 + [429] * 3

    def test_is_one_job_of_the_queue(self, form: SignUpForm) -> None:
        for number in range(10):
            sign_up(form, elsewhere(), email=f"a{number}@example.com")
        assert BackgroundJob.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_posts_at_the_same_moment_are_one_message(form: SignUpForm, smtp: SmtpServer) -> None:
    clients = [elsewhere() for _ in range(6)]
    run_together(*[lambda client=client: sign_up(form, client) for client in clients])
    assert SignUp.objects.count() == 1


class TestPrograms:
    def test_that_fill_in_every_field_are_thanked_and_forgotten(self, form: SignUpForm) -> None:
        told = sign_up(form, homepage="http://spam.example").text
        assert told == sign_up(form, elsewhere(), email="bob@example.com").text
        assert [row.email for row in SignUp.objects.all()] == ["bob@example.com"]
        assert rejected_requests.totals()["sign-up", "honeypot"] == 1

    def test_that_are_faster_than_people_are_asked_once_more(self, form: SignUpForm) -> None:
        page = sign_up(form, t=mark_of(form, seconds=0.5)).text
        assert "press the button" in page
        assert f'value="{ADA}"' in page
        assert not SignUp.objects.exists()
        assert rejected_requests.totals()["sign-up", "too soon"] == 1

    @pytest.mark.parametrize("told", ["x", "x:y:z", "A" * 100_000, "\x00", "🙂", "a:b:c:d"])
    def test_that_make_up_a_mark_are_asked_once_more(self, form: SignUpForm, told: str) -> None:
        answer = sign_up(form, t=told)
        assert answer.status_code in (200, 413)
        assert not SignUp.objects.exists()

    def test_that_keep_a_mark_for_another_day_are_asked_once_more(self, form: SignUpForm) -> None:
        sign_up(form, t=mark_of(form, seconds=page_tokens.LATEST_SECONDS + 60))
        assert not SignUp.objects.exists()

    def test_that_take_the_mark_of_another_form_are_asked_once_more(
        self, form: SignUpForm, make_service: MakeService
    ) -> None:
        other = make_form(make_service())
        sign_up(form, t=mark_of(other))
        assert not SignUp.objects.exists()

    def test_on_other_sites_cannot_agree_for_a_person(self, form: SignUpForm) -> None:
        """A page that posts by itself, in the browser of its visitor, leads to our question."""
        page = stranger().post(form.path, {"email": ADA, "agree": "on", "name": "Ada"}).text
        assert 'name="agree" required>' in page
        assert 'value="Ada"' in page
        assert not SignUp.objects.exists()


class TestNothingIsLearned:
    """Of an address: the same page, the same headers, the same work."""

    MAKE: ClassVar[dict[str, Callable[[], object]]] = {
        "unknown": lambda: None,
        "a contact": lambda: ContactFactory(email=ADA, mail_consent="given"),
        "unsubscribed": lambda: suppressions.suppress([(ADA, SuppressionReason.UNSUBSCRIBED, "")]),
        "bounced": lambda: Suppression.objects.create(email=ADA, reason="hard_bounce"),
        "of a suppressed domain": lambda: Suppression.objects.create(email="@example.com"),
        "erased": lambda: erasure.forbid(ADA),
    }

    @pytest.mark.parametrize("known", MAKE)
    def test_by_the_answer(self, form: SignUpForm, known: str) -> None:
        expected = sign_up(form, elsewhere(), email="other@example.org")
        self.MAKE[known]()
        answer = sign_up(form, elsewhere())
        assert (answer.status_code, answer.text) == (expected.status_code, expected.text)
        assert dict(answer.headers) == dict(expected.headers)

    @pytest.mark.parametrize("known", MAKE)
    def test_by_what_the_database_does(self, form: SignUpForm, known: str) -> None:
        """The same statements up to the end, and a row that is committed in each case."""
        expected = self.statements(form, "other@example.org")
        self.MAKE[known]()
        found = self.statements(form, ADA)
        shared = len(expected) - 1  # up to the release of the savepoint, which is a commit else
        assert found[:shared] == expected[:shared]
        assert len(found) - len(expected) in (0, 2)  # a savepoint is released after its rollback

    def statements(self, form: SignUpForm, address: str) -> list[str]:
        """Their beginnings."""
        BackgroundJob.objects.all().delete()
        with CaptureQueriesContext(connection) as captured:
            sign_up(form, elsewhere(), email=address)
        apart = ("tracking_allowance", "campaigns_brand")  # the page's look is looked up at the end
        ours = [q["sql"] for q in captured if not any(table in q["sql"] for table in apart)]
        return [re.sub(r"[\"'].*", "", sql, flags=re.DOTALL)[:30] for sql in ours]

    def test_by_asking_twice(self, form: SignUpForm) -> None:
        assert sign_up(form, elsewhere()).text == sign_up(form, elsewhere()).text


class TestWhatIsSent:
    @pytest.mark.parametrize(
        "name",
        ["Ada\r\nBcc: victim@example.org", "Ada\nSubject: x", "Ada\u2028x", "A\x00da"],
    )
    def test_has_no_header_of_a_stranger(
        self, form: SignUpForm, smtp: SmtpServer, name: str
    ) -> None:
        body = urlencode({**entered(form), "name": name}, errors="surrogatepass")
        answer = stranger().post(form.path, body, content_type=FORM_TYPE)
        send_mail(form)
        assert answer.status_code == 200
        assert smtp.messages == []
        assert not SignUp.objects.exists()

    @pytest.mark.parametrize(
        "address",
        [
            "ada@example.com\r\nRCPT TO:<victim@example.org>",
            "ada@example.com,victim@example.org",
            "<ada@example.com> <victim@example.org>",
            '"ada@example.com>\r\nBcc: x"@example.org',
            "=?utf-8?q?ada=40example.com?=@example.org",
            "ada@[127.0.0.1]",
            "ada@localhost",
        ],
    )
    def test_goes_to_one_address_or_none(
        self, form: SignUpForm, smtp: SmtpServer, address: str
    ) -> None:
        assert sign_up(form, email=address).status_code == 200
        send_mail(form)
        assert smtp.messages == []

    def test_goes_to_the_domain_that_was_meant_by_its_letters(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        """A Cyrillic а: another domain, and nothing of the one that it looks like."""
        ContactFactory(owner=form.owner, email="ada@apple.com", name="Ada")
        sign_up(form, email="ada@\u0430pple.com")
        send_mail(form)
        assert [each.recipient for each in smtp.messages] == ["ada@xn--pple-43d.com"]
        stranger().post(link_in(letters(smtp)[0]))
        assert Contact.objects.get(email="ada@apple.com").mail_consent == "unknown"


class TestTokens:
    def link(self, form: SignUpForm, smtp: SmtpServer) -> str:
        sign_up(form)
        send_mail(form)
        return link_in(letters(smtp)[-1])

    def test_are_good_for_their_sign_up_alone(self, form: SignUpForm, smtp: SmtpServer) -> None:
        token = self.link(form, smtp).rpartition("/")[2]
        assert all(read(each, token) is None for each in Purpose if each != Purpose.SIGN_UP)
        assert read(Purpose.SIGN_UP, token, ids=2) == (SignUp.objects.get().pk, form.pk)

    @pytest.mark.parametrize("purpose", [p for p in Purpose if p != Purpose.SIGN_UP])
    def test_of_another_kind_confirm_nothing(self, form: SignUpForm, purpose: Purpose) -> None:
        sign_up(form)
        token = sign(purpose, SignUp.objects.get().pk)
        assert stranger().post(f"/y/{token}").status_code == 404
        assert not Contact.objects.exists()

    def test_cannot_be_changed(self, form: SignUpForm, smtp: SmtpServer) -> None:
        link = self.link(form, smtp)
        for at in range(3, len(link)):
            other = "A" if link[at] != "A" else "B"
            assert stranger().post(link[:at] + other + link[at + 1 :]).status_code == 404
        assert not Contact.objects.exists()

    def test_lead_to_the_owner_of_the_form_whatever_is_posted(
        self, form: SignUpForm, smtp: SmtpServer, make_service: MakeService
    ) -> None:
        other = make_form(make_service())
        body = {"form": other.pk, "key": other.key, "email": "eve@example.com", "owner": "1"}
        stranger().post(self.link(form, smtp), body)
        assert [(c.owner, c.email) for c in Contact.objects.all()] == [(form.owner, ADA)]

    def test_are_kept_from_caches_referrers_and_search_engines(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        response = stranger().get(self.link(form, smtp))
        assert response["Cache-Control"] == "no-store"
        assert response["Referrer-Policy"] == "no-referrer"
        assert response["X-Robots-Tag"] == "noindex"

    def test_show_no_whole_address(self, form: SignUpForm, smtp: SmtpServer) -> None:
        link = self.link(form, smtp)
        pages = stranger().get(link).text + stranger().post(link).text
        assert "a…@example.com" in pages
        assert ADA not in pages

    def test_that_are_guessed_are_limited(self, form: SignUpForm, settings: Settings) -> None:
        settings.BAD_REQUESTS_PER_MINUTE = 10
        answers = [stranger().post(f"/y/{'A' * 24}").status_code for _ in range(12)]
        assert answers == [404] * 10 + [429] * 2


class TestRequests:
    @pytest.mark.parametrize("size", [100_000, 10_000_000])
    def test_that_are_large_are_refused_unread(self, form: SignUpForm, size: int) -> None:
        body = b"email=ada%40example.com&name=" + b"x" * size
        kind = "application/x-www-form-urlencoded"
        assert stranger().post(form.path, body, content_type=kind).status_code == 413
        assert rejected_requests.totals()["sign-up", "too large"] == 1

    @pytest.mark.parametrize(
        ("kind", "body"),
        [
            ("application/json", b'{"email": "ada@example.com"}'),
            ("multipart/form-data; boundary=b", b"--b cut"),
            ("text/plain", b"email=ada@example.com"),
            ("application/x-www-form-urlencoded", b"&".join(b"a%d=1" % n for n in range(9_000))),
            ("application/x-www-form-urlencoded", b"email=%ff%fe&name=%00&agree=1&t=%80"),
            ("", b""),
        ],
    )
    def test_that_are_odd_store_nothing(self, form: SignUpForm, kind: str, body: bytes) -> None:
        answer = stranger().generic("POST", form.path, body, content_type=kind)
        assert answer.status_code in (200, 400, 413)
        assert not SignUp.objects.exists()

    @pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
    def test_by_other_methods_are_refused(self, form: SignUpForm, method: str) -> None:
        assert stranger().generic(method, form.path).status_code == 405

    def test_need_no_cookie_and_set_none(self, form: SignUpForm) -> None:
        client = stranger()
        assert client.get(form.path).status_code == 200
        sign_up(form, client)
        assert not client.cookies
        assert SignUp.objects.exists()

    def test_run_nothing_of_what_was_entered(self, form: SignUpForm) -> None:
        evil = '"><script>alert(1)</script>'
        page = sign_up(form, name=evil, email=evil).text
        assert "<script" not in page
        assert "&quot;&gt;&lt;script&gt;" in page

    def test_of_a_host_that_is_not_ours_are_refused(self, form: SignUpForm) -> None:
        assert stranger(Host="evil.example").get(form.path).status_code == 400
        assert site.PUBLIC_URL in form.url

    def test_keep_no_one_from_leaving(self, form: SignUpForm, settings: Settings) -> None:
        settings.SIGN_UPS_PER_NETWORK = 1
        for number in range(4):
            sign_up(form, email=f"a{number}@example.com")
        assert stranger().get(path(Purpose.UNSUBSCRIBE, 0)).status_code == 200
