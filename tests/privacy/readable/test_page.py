"""The page that a person opens to read what is kept of an address."""

from __future__ import annotations

import datetime as dt
import re
from io import StringIO

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db.models import TextChoices
from django.test import override_settings
from django.urls import reverse

from campaigns.models import Contact, EngagementKind, Suppression
from campaigns.models.audience import LeftOutReason
from campaigns.models.contacts import MailConsent, SuppressionReason
from campaigns.models.promise import Change
from campaigns.models.subtask import FailureReason, SubTaskStatus
from dispatch.models.attempt import AttemptOutcome, DecisionChoice
from privacy import export
from privacy.readable.page import LANGUAGES, as_html, language_for
from privacy.readable.values import VALUES
from privacy.readable.words import LABELS, SECTIONS, WITHIN
from signup.models import MailState, State
from tests.campaigns.admin.staff import MANAGER, OPERATOR, member, signed_in
from tests.factories import ContactFactory, TagFactory
from tests.tracking.making import sent, tell
from tracking.event_kinds import Actor, EventKind
from tracking.models import EventState

pytestmark = pytest.mark.django_db
ADA = "ada@example.com"


def plain(html: str) -> str:
    """The words of a page as they are read."""
    return " ".join(re.sub(r"<[^>]+>", " ", html[html.index("<main>") :]).split())


def known(choices: type[TextChoices]) -> set[str]:
    return set(choices.values)


class TestThePage:
    def test_says_what_a_contact_says_in_words(self) -> None:
        contact = ContactFactory(
            email=ADA,
            name="Ada",
            attributes={"city": "London"},
            mail_consent="given",
            mail_consent_source="Fair of 2025",
        )
        contact.tags.add(TagFactory(owner=contact.owner, name="VIP"))
        page = plain(as_html(ADA, "en"))
        assert "Consent to get mail Given" in page
        assert "Where the consent was given Fair of 2025" in page
        assert "city: London" in page
        assert "Groups that you are in VIP" in page

    def test_says_all_of_attributes_that_are_called_as_our_own_values(self) -> None:
        attributes = {"answers": {"topics": "Gardens"}, "raw": "Silk"}
        ContactFactory(email=ADA, attributes=attributes)
        page = plain(as_html(ADA, "en"))
        assert "answers: topics: Gardens" in page
        assert "raw: Silk" in page

    def test_says_what_was_sent_and_what_came_of_it(self) -> None:
        subtask = sent(recipient_email=ADA, variables={"name": "Ada"})
        subtask.content.__class__.objects.filter(pk=subtask.content_id).update(
            subject="Hello {{ name }}"
        )
        tell(EventKind.DELIVERED, subtask, recipient=ADA)
        page = plain(as_html(ADA, "en"))
        assert "Messages to you (1)" in page
        assert "Hello Ada" in page
        assert "What was reported about it Delivered" in page

    def test_says_why_an_address_gets_no_mail(self) -> None:
        Suppression.objects.create(email=ADA, reason=SuppressionReason.COMPLAINT)
        assert "A message was reported as spam" in plain(as_html(ADA, "en"))

    def test_says_of_what_nothing_is_kept(self) -> None:
        page = plain(as_html(ADA, "en"))
        assert page.index("Nothing is kept here") < page.index("Messages to you")

    def test_has_reports_as_they_came(self) -> None:
        tell(EventKind.HARD_BOUNCED, recipient=ADA, raw={"mailbox": "of 1 < 2"})
        assert "&quot;mailbox&quot;: &quot;of 1 &lt; 2&quot;" in as_html(ADA, "en")

    def test_neither_runs_nor_fetches_anything(self) -> None:
        ContactFactory(email=ADA, name="<script>alert(1)</script><img src=https://a.example>")
        tell(EventKind.CLICKED, recipient=ADA, url="https://b.example/?to=ada")
        page = as_html(ADA, "en")
        assert "<script" not in page
        assert "<img" not in page
        assert set(re.findall(r'(?:href|src)="(.)', page)) == {"#"}
        assert """content="default-src 'none'; style-src 'unsafe-inline'\"""" in page

    @override_settings(TIME_ZONE="Europe/Berlin")
    def test_has_its_times_in_the_zone_of_the_installation_and_names_it(self) -> None:
        ContactFactory(email=ADA)
        Contact.objects.update(created_at=dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC))
        page = plain(as_html(ADA, "en"))
        assert "Kept since 1 Jan 2026, 13:00" in page
        assert "all times are those of Europe/Berlin" in page


class TestTheLanguage:
    def test_is_german_or_chinese_throughout(self) -> None:
        Suppression.objects.create(email=ADA, reason=SuppressionReason.UNSUBSCRIBED)
        german, chinese = as_html(ADA, "de"), as_html(ADA, "zh-hans")
        assert '<html lang="de">' in german
        assert "Sie haben sich abgemeldet" in german
        assert '<html lang="zh-hans">' in chinese
        assert "您已退订" in chinese

    @pytest.mark.parametrize(
        ("said", "language"),
        [("de-AT", "de"), ("zh_CN", "zh-hans"), ("EN", "en"), ("fr", "en"), ("", "en")],
    )
    def test_is_what_a_contact_says_if_the_page_is_written_in_it(
        self, said: str, language: str
    ) -> None:
        ContactFactory(email=ADA, attributes={"language": said})
        assert language_for(ADA) == language

    @override_settings(LANGUAGE_CODE="zh-hans")
    def test_is_otherwise_that_of_the_installation(self) -> None:
        assert language_for(ADA) == "zh-hans"


class TestNothingIsLost:
    @pytest.mark.parametrize(
        ("name", "codes"),
        [
            ("contacts.mail_consent", known(MailConsent)),
            ("suppressions.reason", known(SuppressionReason)),
            ("left_out.reason", known(LeftOutReason)),
            ("changed_before_launch.change", known(Change)),
            ("messages.status", known(SubTaskStatus)),
            ("messages.failure_reason", known(FailureReason)),
            ("handed_over.outcome", known(AttemptOutcome)),
            ("decisions.choice", known(DecisionChoice)),
            ("events.kind", known(EventKind)),
            ("events.actor", known(Actor)),
            ("events.state", known(EventState)),
            ("engagement.what", {each.name.lower() for each in EngagementKind}),
            ("sign-ups.state", known(State)),
            ("sign-ups.mail_state", known(MailState)),
        ],
    )
    def test_each_code_has_its_word(self, name: str, codes: set[str]) -> None:
        assert set(VALUES[name]) == codes

    def test_each_list_has_its_title_and_each_value_its_name(self) -> None:
        collected = export.collect(ADA)
        assert {key for key in collected if isinstance(collected[key], list)} == set(SECTIONS)
        for names in (export.CONTACT, export.MESSAGE, export.ATTEMPT, export.EVENT):
            assert set(names) <= {*LABELS, *WITHIN}

    def test_each_value_of_a_contact_is_exported_or_is_the_databases_own(self) -> None:
        own = {"id", "owner", "imported_by", "address_key"}
        assert {field.name for field in Contact._meta.fields} == {*export.CONTACT, *own}


class TestInTheAdmin:
    URL = reverse("privacy")

    def test_it_is_downloaded_in_the_language_that_is_chosen(self) -> None:
        fields = {"address": ADA, "do": "read", "language": "de"}
        response = signed_in(member(OPERATOR)).post(self.URL, fields)
        assert re.fullmatch(
            r'attachment; filename="address-[0-9-]{10}\.html"', response["Content-Disposition"]
        )
        assert "no-store" in response["Cache-Control"]
        assert "Was über ada@example.com gespeichert ist" in response.content.decode()

    def test_only_operators_get_it(self) -> None:
        manager: User = member(MANAGER)
        fields = {"address": ADA, "do": "read"}
        assert signed_in(manager).post(self.URL, fields).status_code == 403

    def test_a_language_that_there_is_not_is_refused(self) -> None:
        fields = {"address": ADA, "do": "read", "language": "xx"}
        response = signed_in(member(OPERATOR)).post(self.URL, fields)
        assert response.context["form"].errors["language"]


def test_the_command_writes_it() -> None:
    out = StringIO()
    call_command("export_address", ADA, "--format", "html", "--language", "de", stdout=out)
    assert out.getvalue().startswith("<!doctype html>")
    assert list(LANGUAGES) == ["en", "de", "zh-hans"]
