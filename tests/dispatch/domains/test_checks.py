"""What each check says of what stands in the DNS."""

from __future__ import annotations

import base64

import pytest

from dispatch.domains import dkim, dmarc, spf
from dispatch.domains.check import Check, Verdict, worst
from dispatch.domains.names import CouldNotAsk, Names, is_reserved, split_port
from dispatch.domains.servers import check_mail_servers, check_pointers
from tests.dispatch.domains.making import ADDRESS, DOMAIN, GOOD_SPF, HOST, SELECTOR, public_key
from tests.dns_server import NONSENSE, SERVFAIL, SILENCE, DnsServer

OK, WARNING, PROBLEM = Verdict.OK, Verdict.WARNING, Verdict.PROBLEM


class TestSpf:
    def check(self, server: DnsServer, *records: str, host: str = HOST) -> Check:
        server.text(DOMAIN, *records)
        return spf.check(Names(), DOMAIN, host)

    @pytest.mark.parametrize(
        "record",
        [
            GOOD_SPF,
            "v=spf1 ip4:192.0.2.1 ip6:2001:db8::/32 ~all",
            "V=SPF1 MX A/24 -ALL",
            "v=spf1 include:_spf.provider.test -all",
            "v=spf1 redirect=_spf.provider.test",
            "v=spf1 exists:%{i}.list.test -all exp=why.shop.test",
        ],
    )
    def test_a_good_record_is_fine(self, server: DnsServer, record: str) -> None:
        server.text("_spf.provider.test", "v=spf1 ip4:192.0.2.0/24 -all")
        assert self.check(server, record).verdict == OK

    def test_none_is_a_problem_and_says_what_to_publish(self, server: DnsServer) -> None:
        found = self.check(server, "v=spf10 something else")
        assert found.verdict == PROBLEM
        assert found.publish == f'{DOMAIN}  TXT  "v=spf1 a:{HOST} -all"'

    @pytest.mark.parametrize(
        ("host", "mechanism"),
        [("192.0.2.1", "ip4:192.0.2.1"), ("2001:db8::1", "ip6:2001:db8::1"), ("", "include:<")],
    )
    def test_what_to_publish_depends_on_the_server(
        self, server: DnsServer, host: str, mechanism: str
    ) -> None:
        assert f"v=spf1 {mechanism}" in self.check(server, "x", host=host).publish

    @pytest.mark.parametrize(
        ("record", "verdict", "words"),
        [
            ("v=spf1 +all", PROBLEM, "lets everybody send"),
            ("v=spf1 all", PROBLEM, "lets everybody send"),
            ("v=spf1 mx ?all", WARNING, "does not forbid others to send"),
            ("v=spf1 mx", WARNING, "does not forbid others to send"),
            ("v=spf1 ipv4:192.0.2.1 -all", PROBLEM, "“ipv4:192.0.2.1”"),
            ("v=spf1 include:nothing.test -all", PROBLEM, "of nothing.test is missing"),
            (f"v=spf1 include:{DOMAIN} -all", PROBLEM, "includes itself"),
            ("v=spf1 " + "mx " * 11 + "-all", PROBLEM, "takes more than 10 look-ups"),
            ("v=spf1 -all", PROBLEM, "lets no server send"),
            ("v=spf1 redirect=open.test", PROBLEM, "lets everybody send"),
            ("v=spf1 include:open.test -all", PROBLEM, "lets everybody send"),
            ("v=spf1 redirect=neutral.test", WARNING, "does not forbid others to send"),
            ("v=spf1 redirect=open.test redirect=open.test", PROBLEM, "two redirects"),
            ("v=spf1 include:loop.test -all", PROBLEM, "includes itself"),
            ("v=spf1 include:bad..name -all", PROBLEM, "of bad..name is missing"),
            ("v=spf1 ip4:999.1.1.1 -all", PROBLEM, "an address that is none"),
            ("v=spf1 ip4:2001:db8::1 -all", PROBLEM, "an address that is none"),
            ("v=spf1 a:v1.test a:v2.test mx:v3.test -all", PROBLEM, "more than 2 hosts"),
            ("v=spf1 mx:many.test -all", PROBLEM, "asks 11 mail servers of many.test"),
        ],
    )
    def test_what_is_wrong_is_said(
        self, server: DnsServer, record: str, verdict: Verdict, words: str
    ) -> None:
        server.text("open.test", "v=spf1 mx:shop.test +all")
        server.text("neutral.test", f"v=spf1 a:{HOST} ?all")
        server.text("loop.test", "v=spf1 redirect=loop.test")
        server.publish("many.test", "MX", *(f"10 mx{n}.many.test." for n in range(11)))
        found = self.check(server, record)
        assert found.verdict == verdict
        assert words in found.words

    @pytest.mark.parametrize("after", ["include:nothing.test", "redirect=nothing.test"])
    def test_what_stands_after_all_is_never_looked_up(self, server: DnsServer, after: str) -> None:
        found = self.check(server, f"v=spf1 mx -all {after}")
        assert (found.verdict, "with 1 look-ups" in found.words) == (OK, True)

    def test_records_that_include_each_other_many_times_are_not_followed_for_ever(
        self, server: DnsServer
    ) -> None:
        for n in range(9):
            server.text(f"s{n}.test", "v=spf1 " + f"include:s{n + 1}.test " * 9 + "-all")
        server.text("s9.test", "v=spf1 ip4:192.0.2.1 -all")
        assert "more than 10" in self.check(server, "v=spf1 include:s0.test -all").words

    def test_two_records_are_as_bad_as_none(self, server: DnsServer) -> None:
        found = self.check(server, GOOD_SPF, "v=spf1 -all")
        assert found.verdict == PROBLEM
        assert "there 2 times" in found.words

    def test_look_ups_of_what_is_included_count(self, server: DnsServer) -> None:
        server.text("_spf.provider.test", "v=spf1 " + f"a:{HOST} " * 10 + "-all")
        assert (
            "takes more than 10"
            in self.check(server, "v=spf1 include:_spf.provider.test -all").words
        )


class TestDkim:
    def check(self, server: DnsServer, *records: str) -> Check:
        server.text(f"{SELECTOR}._domainkey.{DOMAIN}", *records)
        return dkim.check(Names(), DOMAIN, SELECTOR)

    @pytest.mark.parametrize(
        ("record", "verdict", "words"),
        [
            (f"v=DKIM1; k=rsa; p={public_key(2048)}", OK, "is published"),
            (f"p={public_key(4096)}", OK, "is published"),
            (f"v=DKIM1; k=ed25519; p={base64.b64encode(b'x' * 32).decode()}", OK, "is published"),
            (f"v=DKIM1; p={public_key(1024)}", WARNING, "1024 bits"),
            (f"v=DKIM1; t=y:s; p={public_key(2048)}", WARNING, "as a test"),
            (f"v=DKIM1; h=sha1:sha256; s=email; p = {public_key(2048)}", OK, "is published"),
            (f"v=DKIM2; p={public_key(2048)}", PROBLEM, "of no use (v=DKIM2)"),
            (f"v=DKIM1; k=dsa; p={public_key(2048)}", PROBLEM, "of no use (k=dsa)"),
            (f"v=DKIM1; h=sha1; p={public_key(2048)}", PROBLEM, "of no use (h=sha1)"),
            (f"v=DKIM1; s=tlsrpt; p={public_key(2048)}", PROBLEM, "of no use (s=tlsrpt)"),
            ("v=DKIM1; p=", PROBLEM, "is withdrawn"),
            ("v=DKIM1; p=no key at all", PROBLEM, "cannot be read"),
            ("v=DKIM1; k=ed25519; p=QUJD", PROBLEM, "cannot be read"),
            ("v=DKIM1; p=QUJD", PROBLEM, "cannot be read"),
            ("something else", PROBLEM, "There is no key"),
        ],
    )
    def test_a_record_is_judged_by_its_key(
        self, server: DnsServer, record: str, verdict: Verdict, words: str
    ) -> None:
        found = self.check(server, record)
        assert found.verdict == verdict
        assert words in found.words

    def test_two_keys_at_one_name_are_a_problem(self, server: DnsServer) -> None:
        assert "2 keys" in self.check(server, "p=a", "p=b").words

    def test_without_a_selector_it_says_where_to_enter_it(self, server: DnsServer) -> None:
        found = dkim.check(Names(), DOMAIN, "")
        assert found.verdict == WARNING
        assert "No selector" in found.words


class TestDmarc:
    @pytest.mark.parametrize(
        ("place", "record", "verdict", "words"),
        [
            (DOMAIN, "v=DMARC1; p=none; rua=mailto:a@b.test", OK, "p=none: enough"),
            (DOMAIN, "v=DMARC1;p=reject", OK, "p=reject: mail for which"),
            ("shop.test", "v=DMARC1; p=reject; sp=none", OK, "p=none (from shop.test)"),
            ("shop.test", "v=DMARC1; p=reject", OK, "p=reject (from shop.test)"),
            (DOMAIN, "v=DMARC1; rua=mailto:a@b.test", WARNING, "p=none: enough"),
            (DOMAIN, "v=DMARC1", WARNING, "others ignore the record"),
            (DOMAIN, "v=DMARC1; p=maybe; rua=mailto:a@b.test", WARNING, "p=none: enough"),
            (DOMAIN, "v=DMARC1; p=maybe; rua=https://b.test/r", WARNING, "under p= is no policy"),
            (DOMAIN, "v=DMARC1; p=maybe; rua=mailto:", PROBLEM, "no valid policy"),
            (DOMAIN, "v=DMARC1; p=reject; sp=maybe", PROBLEM, "no valid policy (sp=)"),
            (DOMAIN, "v=DMARC1; p=reject; np=; rua=mailto:a@b.test", WARNING, "p=none: enough"),
            (DOMAIN, "v=DMARC1; p=reject; sp=none; np=none", OK, "p=reject: mail for which"),
            (DOMAIN, "v=DMARC1; p=reject; t=y", OK, "(t=y), which makes it quarantine: mail"),
            (DOMAIN, "v=DMARC1; p=quarantine; t=Y", OK, "(t=y), which makes it none: enough"),
            (DOMAIN, "v=DMARC1; p=none; t=y", OK, "p=none: enough"),
            (DOMAIN, "v=DMARC1; p=quarantine; t=n", OK, "p=quarantine: mail for which"),
            (DOMAIN, "v=DMARC1; p=none; pct=50; ri=9", OK, "pct, ri: without meaning"),
            (DOMAIN, "v=DMARC1; p=none; rf=afrf", OK, "rf: without meaning"),
            (DOMAIN, "v=DMARC1; p=none; psd=n", OK, "only from this domain or below"),
            (DOMAIN, "v=DMARC1; p=none; psd=y", WARNING, "take it out"),
            (DOMAIN, "v=DMARC1; p=none; psd=x; sp=reject; unknown=1", OK, "p=none: enough"),
            (DOMAIN, "v=dmarc1; p=none", PROBLEM, "There is no DMARC record"),
            ("shop.test", "v=DMARC1; p=reject; np=none", OK, "p=reject (from shop.test)"),
            ("test", "v=DMARC1; p=reject; sp=none", OK, "p=none (from test)"),
            ("test", "v=DMARC1; psd=y; p=reject", WARNING, "publish one of your own"),
            (DOMAIN, "v=DMARC1; p=maybe", PROBLEM, "no valid policy"),
            (DOMAIN, "V = DMARC1 ; p = none", OK, "p=none: enough"),
            (DOMAIN, "p=none; v=DMARC1", PROBLEM, "There is no DMARC record"),
            (DOMAIN, "v=spf1 -all", PROBLEM, "There is no DMARC record"),
        ],
    )
    def test_a_record_is_judged_by_its_policy(
        self, server: DnsServer, place: str, record: str, verdict: Verdict, words: str
    ) -> None:
        server.zone.pop(("_dmarc.shop.test", "TXT"))
        server.text(f"_dmarc.{place}", record)
        found = dmarc.check(Names(), DOMAIN)
        assert found.verdict == verdict
        assert words in found.words

    def test_np_is_for_a_domain_that_there_is_not(self, server: DnsServer) -> None:
        server.text("_dmarc.shop.test", "v=DMARC1; p=reject; sp=quarantine; np=none")
        assert "p=none (from shop.test)" in dmarc.check(Names(), "gone.shop.test").words
        server.publish("below.here.shop.test", "A", ADDRESS)
        server.zone[("here.shop.test", "AAAA")] = []  # a name without records of its own
        assert "p=quarantine" in dmarc.check(Names(), "here.shop.test").words

    @pytest.mark.parametrize(
        ("records", "applies"),
        [
            # Of several above it the shortest, unless one says where an organisation ends.
            ({"b.c.test": "p=reject", "c.test": "p=none"}, "none (from c.test)"),
            ({"b.c.test": "p=reject; psd=n", "c.test": "p=none"}, "reject (from b.c.test)"),
            ({"b.c.test": "p=reject", "c.test": "p=none; psd=y"}, "reject (from b.c.test)"),
            ({"a.b.c.test": "p=reject", "c.test": "p=none; psd=y"}, "none (from c.test)"),
            ({"b.c.test": "p=none; psd=y", "c.test": "p=reject"}, "none (from b.c.test)"),
            ({"x.a.b.c.test": "p=none", "c.test": "p=reject; psd=y"}, "none:"),
        ],
    )
    def test_the_record_of_the_organisation_applies(
        self, server: DnsServer, records: dict[str, str], applies: str
    ) -> None:
        for place, record in records.items():
            server.text(f"_dmarc.{place}", f"v=DMARC1; {record}")
        assert f"p={applies}" in dmarc.check(Names(), "x.a.b.c.test").words

    def test_a_very_long_name_is_asked_about_as_the_standard_says(self, server: DnsServer) -> None:
        dmarc.check(Names(), "a.b.c.d.e.f.g.h.i.j.mail.example.com")
        assert [name for name, _ in server.asked] == [
            "_dmarc.a.b.c.d.e.f.g.h.i.j.mail.example.com",
            "_dmarc.g.h.i.j.mail.example.com",
            "_dmarc.h.i.j.mail.example.com",
            "_dmarc.i.j.mail.example.com",
            "_dmarc.j.mail.example.com",
            "_dmarc.mail.example.com",
            "_dmarc.example.com",
            "_dmarc.com",
        ]

    def test_of_a_place_with_two_records_none_is_used(self, server: DnsServer) -> None:
        server.text("_dmarc.b.c.test", "v=DMARC1; p=none", "v=DMARC1; p=reject")
        found = dmarc.check(Names(), "a.b.c.test")
        assert found.verdict == PROBLEM
        assert "several records for b.c.test" in found.words
        server.text("_dmarc.c.test", "v=DMARC1; p=quarantine")
        assert "p=quarantine (from c.test)" in dmarc.check(Names(), "a.b.c.test").words

    def test_two_records_count_as_none(self, server: DnsServer) -> None:
        server.text(f"_dmarc.{DOMAIN}", "v=DMARC1; p=none", "v=DMARC1; p=reject")
        assert dmarc.check(Names(), DOMAIN).verdict == PROBLEM


class TestMailServers:
    @pytest.mark.parametrize(
        ("records", "verdict", "words"),
        [
            ((f"10 {HOST}.",), OK, f"go to {HOST}"),
            ((), WARNING, "has no mail server"),
            (("0 .",), PROBLEM, "takes no mail"),
            (("10 gone.shop.test.",), PROBLEM, "None of its mail servers"),
            (("10 gone.shop.test.", f"20 {HOST}."), OK, "go to"),
        ],
    )
    def test_the_domain_is_judged_by_where_bounces_go(
        self, server: DnsServer, records: tuple[str, ...], verdict: Verdict, words: str
    ) -> None:
        server.publish(DOMAIN, "MX", *records)
        found = check_mail_servers(Names(), DOMAIN)
        assert found.verdict == verdict
        assert words in found.words


class TestPointers:
    def test_a_name_that_leads_back_is_fine(self, server: DnsServer) -> None:
        assert check_pointers(Names(), HOST).verdict == OK
        assert check_pointers(Names(), ADDRESS).verdict == OK

    def test_a_name_that_leads_elsewhere_is_not(self, server: DnsServer) -> None:
        server.publish("25.9.0.192.in-addr.arpa", "PTR", "pool-25.provider.test.")
        found = check_pointers(Names(), HOST)
        assert found.verdict == WARNING
        assert found.publish.startswith(f"{ADDRESS}  PTR  {HOST}")

    def test_a_server_without_an_address_is_a_problem(self, server: DnsServer) -> None:
        assert check_pointers(Names(), "gone.shop.test").verdict == PROBLEM

    @pytest.mark.parametrize("host", ["127.0.0.1", "10.1.2.3", "::1"])
    def test_a_server_in_ones_own_network_is_left_alone(self, server: DnsServer, host: str) -> None:
        assert check_pointers(Names(), host).verdict == OK

    def test_the_servers_of_a_provider_are_its_own_affair(self, server: DnsServer) -> None:
        assert check_pointers(Names(), "").verdict == OK


class TestAsking:
    @pytest.mark.parametrize("how", [SERVFAIL, SILENCE, NONSENSE])
    def test_no_answer_is_told_from_an_empty_one(self, server: DnsServer, how: str) -> None:
        server.misbehave(DOMAIN, "TXT", how)
        with pytest.raises(CouldNotAsk, match=DOMAIN):
            Names().texts(DOMAIN)

    def test_what_does_not_exist_is_an_empty_answer(self, server: DnsServer) -> None:
        assert Names().texts("nowhere.test") == []
        assert Names().texts(HOST) == []

    @pytest.mark.parametrize("name", ["x" * 64 + ".test", "a..test", "x." * 130 + "test", "\\9"])
    def test_a_name_that_cannot_be_does_not_exist(self, server: DnsServer, name: str) -> None:
        assert Names().texts(name) == []

    def test_long_records_are_put_together(self, server: DnsServer) -> None:
        server.text("long.shop.test", "x" * 600)
        assert Names().texts("long.shop.test") == ["x" * 600]

    def test_each_name_is_asked_once(self, server: DnsServer) -> None:
        names = Names()
        names.texts(DOMAIN), names.texts(DOMAIN)
        assert server.asked == [(DOMAIN, "TXT")]

    @pytest.mark.parametrize(
        ("text", "parts"),
        [
            ("192.0.2.1", ("192.0.2.1", 53)),
            ("192.0.2.1:5353", ("192.0.2.1", 5353)),
            ("2001:db8::1", ("2001:db8::1", 53)),
            ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
            ("[2001:db8::1]", ("2001:db8::1", 53)),
        ],
    )
    def test_a_name_server_may_have_a_port(self, text: str, parts: tuple[str, int]) -> None:
        assert split_port(text) == parts

    @pytest.mark.parametrize(
        ("domain", "reserved"),
        [("mail.example.com", True), ("shop.test", True), ("example.com.mx", False)],
    )
    def test_reserved_names_are_known(self, domain: str, reserved: bool) -> None:
        assert is_reserved(domain) is reserved


def test_the_worst_counts_and_not_knowing_is_worse_than_a_warning() -> None:
    assert worst([]) == OK
    assert worst(["ok", "warning"]) == WARNING
    assert worst(["warning", "unknown"]) == Verdict.UNKNOWN
    assert worst(["unknown", "problem", "ok"]) == PROBLEM
