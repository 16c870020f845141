"""When domains are checked, and where the result is seen."""

from __future__ import annotations

import datetime as dt
from io import StringIO
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django_q.models import OrmQ
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from dispatch.domains import checking
from dispatch.domains.names import CouldNotAsk
from dispatch.models import BounceMailbox, DomainReport, EmailService
from dispatch.pace import services
from edm_project import environment
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    OPERATOR,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.dispatch.domains.making import DOMAIN, HOST, SELECTOR
from tests.dns_server import SERVFAIL, SILENCE, DnsServer
from tests.factories import ContactFactory, EmailServiceFactory, TaskFactory

pytestmark = pytest.mark.django_db
DAY, MINUTE = dt.timedelta(days=1), dt.timedelta(minutes=1)


@pytest.fixture
def service(server: DnsServer) -> EmailService:
    made: EmailService = EmailServiceFactory(
        name="North", domain=DOMAIN, dkim_selector=SELECTOR, settings={"host": HOST}
    )
    return made


def report() -> DomainReport:
    return DomainReport.objects.get()


def verdicts() -> dict[str, str]:
    return {check["name"]: check["verdict"] for check in report().checks}


class TestACheck:
    def test_of_a_domain_that_is_ready_says_so_of_everything(self, service: EmailService) -> None:
        checking.check_domain(service.pk)
        assert verdicts() == dict.fromkeys(["SPF", "DKIM", "DMARC", "MX", "PTR"], "ok")
        assert report().verdict == "ok"
        assert report().is_about(service)

    def test_looks_at_the_domain_of_the_return_path_too(
        self, service: EmailService, server: DnsServer
    ) -> None:
        BounceMailbox.objects.create(service=service, domain="bounce.shop.test")
        server.publish("bounce.shop.test", "MX", f"10 {HOST}.")
        checking.check_domain(service.pk)
        assert verdicts()["SPF of bounces"] == "problem"
        assert verdicts()["MX of bounces"] == "ok"

    @pytest.mark.parametrize("how", [SERVFAIL, SILENCE])
    def test_goes_on_when_the_dns_fails_at_one_name(
        self, service: EmailService, server: DnsServer, how: str
    ) -> None:
        server.misbehave("_dmarc.news.shop.test", "TXT", how)
        checking.check_domain(service.pk)
        assert verdicts()["DMARC"] == report().verdict == "unknown"
        assert verdicts()["SPF"] == "ok"
        words = next(each["words"] for each in report().checks if each["name"] == "DMARC")
        assert "Could not be checked" in words

    def test_says_when_the_machine_has_no_name_servers(
        self, service: EmailService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def nobody() -> Any:
            raise CouldNotAsk("this machine knows no name servers")

        monkeypatch.setattr(checking, "Names", nobody)
        checking.check_domain(service.pk)
        assert verdicts() == {"DNS": "unknown"}

    def test_asks_nobody_about_a_domain_that_is_reserved(self, settings: Settings) -> None:
        settings.DNS_NAMESERVERS = []
        checking.check_domain(EmailServiceFactory().pk)
        assert verdicts() == {"Domain": "warning"}

    def test_of_a_service_whose_credentials_cannot_be_read_goes_on(
        self, service: EmailService
    ) -> None:
        EmailService.objects.update(credentials="broken")
        checking.check_domain(service.pk)
        assert report().verdict == "ok"

    def test_of_a_service_that_is_gone_does_nothing(self) -> None:
        checking.check_domain(4711)
        assert not DomainReport.objects.exists()

    def test_takes_the_place_of_the_last_one(self, service: EmailService) -> None:
        checking.check_domain(service.pk)
        service.domain = "gone.shop.test"
        services.save(service)
        assert not report().is_about(service)
        checking.check_domain(service.pk)
        assert report().verdict == "problem"
        assert report().is_about(service)


class TestWhatIsDue:
    def test_is_a_service_that_is_new(self, service: EmailService) -> None:
        assert checking.ask_due() == 1
        assert OrmQ.objects.get().func() == "dispatch.domains.checking.check_domain"

    def test_is_asked_for_once(self, service: EmailService) -> None:
        checking.ask_due()
        assert checking.ask_due() == 0

    def test_is_asked_for_again_when_nobody_did_it(self, service: EmailService) -> None:
        checking.ask_due()
        DomainReport.objects.update(asked_at=Now() - 11 * MINUTE)
        assert checking.ask_due() == 1

    @pytest.mark.parametrize(("age", "due"), [(DAY - MINUTE, 0), (DAY + MINUTE, 1)])
    def test_is_a_check_of_yesterday(
        self, service: EmailService, age: dt.timedelta, due: int
    ) -> None:
        checking.check_domain(service.pk)
        DomainReport.objects.update(checked_at=Now() - age)
        assert checking.ask_due() == due

    @pytest.mark.parametrize("change", [{"domain": "shop.test"}, {"dkim_selector": "s2"}])
    def test_is_a_service_that_was_changed(
        self, service: EmailService, change: dict[str, str]
    ) -> None:
        checking.check_domain(service.pk)
        assert checking.ask_due() == 0
        EmailService.objects.update(**change)
        assert checking.ask_due() == 1

    def test_is_nothing_that_is_switched_off(self, service: EmailService) -> None:
        EmailService.objects.update(enabled=False)
        assert checking.ask_due() == 0

    def test_is_no_domain_that_nobody_knows(self, settings: Settings) -> None:
        settings.DNS_NAMESERVERS = []
        EmailServiceFactory()
        assert checking.ask_due() == 0


class TestThePageOfAService:
    def page(self, service: EmailService) -> str:
        url = address("dispatch.emailservice", "change", service.pk)
        return page_of(signed_in(member(OPERATOR)).get(url))

    def test_says_that_nothing_is_known_yet(self, service: EmailService) -> None:
        assert f"{DOMAIN} has not been checked yet." in self.page(service)

    def test_says_that_it_is_being_checked(self, service: EmailService) -> None:
        checking.ask(service.pk)
        assert f"{DOMAIN} is being checked." in self.page(service)

    def test_shows_the_result_with_its_age_and_what_to_publish(
        self, service: EmailService, server: DnsServer
    ) -> None:
        server.text(DOMAIN)
        checking.check_domain(service.pk)
        page = self.page(service)
        assert f"{DOMAIN} is not ready, as of 0 minutes ago." in page
        assert "There is no SPF record" in page
        assert f"a:{HOST} -all" in page

    def test_shows_nothing_about_another_domain(self, service: EmailService) -> None:
        checking.check_domain(service.pk)
        EmailService.objects.update(domain="other.shop.test")
        assert "other.shop.test has not been checked yet." in self.page(service)

    def test_checks_when_asked_and_says_who_asked(self, service: EmailService) -> None:
        operator = member(OPERATOR)
        url = address("dispatch.emailservice", "check_domain", service.pk)
        assert "SPF, DKIM, DMARC" in page_of(signed_in(operator).get(url))
        assert not OrmQ.objects.exists()
        response = signed_in(operator).post(url, CONFIRM, follow=True)
        assert "Its domain is being checked." in texts(response)
        assert OrmQ.objects.count() == 1
        assert entries(service) == [(operator.username, "Its domain is being checked.")]

    def test_lets_only_operators_ask(self, service: EmailService) -> None:
        url = address("dispatch.emailservice", "check_domain", service.pk)
        assert signed_in(member(MANAGER)).post(url, CONFIRM).status_code == 403

    def test_has_the_domain_checked_when_it_is_saved(
        self,
        django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
        service: EmailService,
    ) -> None:
        url = address("dispatch.emailservice", "change", service.pk)
        client = signed_in(member(OPERATOR))
        form = client.get(url).context["adminform"].form
        data = {name: form[name].value() for name in form.fields if form[name].value() is not None}
        data["dkim_selector"] = "s2"
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post(url, data)
        assert response.status_code == 302, response.context["errors"]
        assert OrmQ.objects.count() == 1

    @pytest.mark.parametrize("selector", ["s1._domainkey", "-x", "ä", "a b", "s1."])
    def test_refuses_what_is_no_selector(self, service: EmailService, selector: str) -> None:
        service.dkim_selector = selector
        with pytest.raises(ValidationError, match="Enter a selector only"):
            service.full_clean(exclude=["users", "credentials"])


class TestALaunch:
    def question(self, service: EmailService) -> str:
        user = member(MANAGER)
        ContactFactory(owner=user)
        task = TaskFactory(owner=user)
        url = address("campaigns.task", "launch", task.pk)
        return page_of(signed_in(user).get(url))

    def test_from_a_domain_that_was_not_checked_is_warned_of(self, service: EmailService) -> None:
        page = self.question(service)
        assert f"It has not been checked whether {DOMAIN} is ready" in page
        assert 'name="confirmed"' in page

    def test_from_a_domain_with_a_problem_is_warned_of_and_not_refused(
        self, service: EmailService, server: DnsServer
    ) -> None:
        server.text(DOMAIN)
        checking.check_domain(service.pk)
        page = self.question(service)
        assert f"{DOMAIN} is not ready (SPF)" in page
        assert 'name="confirmed"' in page

    def test_from_a_domain_that_could_not_be_checked_is_warned_of(
        self, service: EmailService, server: DnsServer
    ) -> None:
        server.misbehave(DOMAIN, "MX", SERVFAIL)
        checking.check_domain(service.pk)
        assert f"{DOMAIN} could not be checked whole (MX)" in self.question(service)

    def test_from_a_domain_that_is_ready_is_not_warned_of(self, service: EmailService) -> None:
        checking.check_domain(service.pk)
        assert DOMAIN not in self.question(service)

    def test_is_not_warned_of_services_that_it_does_not_use(self, service: EmailService) -> None:
        user = member(MANAGER)
        task = TaskFactory(owner=user)
        task.services.add(EmailServiceFactory(domain="fine.shop.test"))
        url = address("campaigns.task", "launch", task.pk)
        page = page_of(signed_in(user).get(url))
        assert "fine.shop.test" in page
        assert DOMAIN not in page


class TestTheCommand:
    def run(self, *arguments: str) -> str:
        out = StringIO()
        call_command("check_domains", *arguments, stdout=out)
        return out.getvalue()

    def test_prints_and_keeps_what_it_found(self, service: EmailService) -> None:
        said = self.run()
        assert f"North ({DOMAIN})" in said
        assert "DKIM ok: The key is published." in said
        assert report().verdict == "ok"

    def test_fails_when_a_domain_is_not_ready(
        self, service: EmailService, server: DnsServer
    ) -> None:
        server.text(DOMAIN)
        with pytest.raises(CommandError, match="1 domain not ready"):
            self.run("--service", "North")

    def test_explains_a_service_that_is_not_there(self) -> None:
        with pytest.raises(CommandError, match="no email service called 'South'"):
            self.run("--service", "South")


@pytest.mark.parametrize("value", ["dns.example.com", "192.0.2.1:0", "192.0.2.1:99999", "[::1"])
def test_a_name_server_that_is_none_is_named(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DNS_NAMESERVERS", value)
    with pytest.raises(ImproperlyConfigured, match="DNS_NAMESERVERS has"):
        environment.name_servers("DNS_NAMESERVERS", [])
