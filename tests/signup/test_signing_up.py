"""From an address that a stranger enters to a contact who has agreed to be mailed."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings as site
from django.test import override_settings

from campaigns import erasure, suppressions
from campaigns.models import Attribute, Contact, Suppression, Tag
from campaigns.models.contacts import SuppressionReason
from signup import upkeep
from signup.models import SignUp, SignUpForm, Wording
from tests.dispatching import MakeService
from tests.factories import ContactFactory, SenderFactory, TagFactory
from tests.signup.making import (
    ADA,
    letters,
    link_in,
    make_form,
    mark_of,
    send_mail,
    sign_up,
    stranger,
    waits_for_a_worker,
)
from tests.smtp_server import SmtpServer
from tests.texts import part_of
from tracking.models import RejectedRequests

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(make_service: MakeService) -> SignUpForm:
    return make_form(make_service(domain="mail.example.com"))


def link_to(form: SignUpForm, smtp: SmtpServer, **answers: Any) -> str:
    """The path in the message that this sign-up leads to."""
    sign_up(form, **answers)
    send_mail(form)
    return link_in(letters(smtp)[-1])


def confirm(form: SignUpForm, smtp: SmtpServer, **answers: Any) -> Contact:
    response = stranger("198.51.100.9").post(link_to(form, smtp, **answers))
    assert response.status_code == 200
    return Contact.objects.get(owner=form.owner, email=answers.get("email", ADA))


class TestAPersonWhoSignsUp:
    def test_is_asked_by_mail_and_is_no_contact_yet(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        page = sign_up(form).text
        assert "Please look into your mailbox" in page
        assert waits_for_a_worker()
        send_mail(form)
        assert [message.recipient for message in smtp.messages] == [ADA]
        assert not Contact.objects.exists()

    def test_becomes_a_contact_by_confirming(self, form: SignUpForm, smtp: SmtpServer) -> None:
        contact = confirm(form, smtp, name="Ada Lovelace")
        assert contact.name == "Ada Lovelace"
        assert contact.mail_consent == "given"
        assert contact.mail_consent_at is not None
        assert contact.mail_consent_source == "Sign-up form “Spring”, wording 1"
        assert not contact.tracking_consent

    def test_is_only_asked_when_the_link_is_opened(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        link = link_to(form, smtp)
        for client in (stranger(), stranger(**{"User-Agent": "scanner"})):
            assert "Yes, sign me up" in client.get(link).text
            assert client.head(link).status_code == 200
        assert not Contact.objects.exists()
        assert SignUp.objects.get().state == "pending"

    def test_confirms_as_often_as_wished(self, form: SignUpForm, smtp: SmtpServer) -> None:
        link = link_to(form, smtp)
        pages = {stranger().post(link).text for _ in range(3)}
        assert len(pages) == 1
        assert "You are signed up" in pages.pop()
        first = SignUp.objects.get().confirmed_at
        Contact.objects.update(mail_consent="refused")  # what happens later stays
        stranger().post(link)
        assert SignUp.objects.get().confirmed_at == first
        assert Contact.objects.get().mail_consent == "refused"
        assert "You are signed up" in stranger().get(link).text

    def test_leaves_a_record_of_what_was_agreed_to(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        confirm(form, smtp)
        record = SignUp.objects.select_related("wording").get()
        assert (record.state, record.wording.text) == ("confirmed", "I want news by mail.")
        assert (record.network, record.confirmed_network) == ("203.0.113.0", "198.51.100.0")

    def test_has_agreed_to_the_wording_that_was_on_the_page(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        old = mark_of(form)
        Wording.objects.create(form=form, number=2, text="I want other news.")
        page = sign_up(form, t=old).text
        assert "I want other news." in page
        assert not SignUp.objects.exists()
        assert confirm(form, smtp).mail_consent_source.endswith("wording 2")

    def test_is_shown_where_to_go_on(self, form: SignUpForm, smtp: SmtpServer) -> None:
        SignUpForm.objects.update(next_url="https://www.example.com/thanks")
        link = link_to(form, smtp)
        assert 'href="https://www.example.com/thanks"' in stranger().post(link).text


class TestWhatIsAnswered:
    @pytest.fixture
    def size(self, form: SignUpForm) -> Attribute:
        return self.attribute(form, "size", kind="number", label="Size")

    def attribute(self, form: SignUpForm, key: str, **values: Any) -> Attribute:
        attribute = Attribute.objects.create(owner=form.owner, key=key, **values)
        form.attributes.add(attribute)
        return attribute

    def test_is_kept_by_its_type(self, form: SignUpForm, smtp: SmtpServer, size: Attribute) -> None:
        born = self.attribute(form, "born", kind="date")
        vegan = self.attribute(form, "vegan", kind="yes_no")
        city = self.attribute(form, "city", kind="choice", choices=["Rome", "Oslo"])
        answers = {f"a{size.pk}": "41.5", f"a{born.pk}": "1990-05-01", f"a{vegan.pk}": "no"}
        contact = confirm(form, smtp, **answers, **{f"a{city.pk}": "Oslo"})
        assert contact.attributes == {
            "size": 41.5, "born": "1990-05-01", "vegan": False, "city": "Oslo",
        }  # fmt: skip

    @pytest.mark.parametrize("odd", ["x", "1e999", "٣x", "9" * 201, "1\r\nBcc: x", "\x00"])
    def test_is_refused_when_it_does_not_fit(
        self, form: SignUpForm, size: Attribute, odd: str
    ) -> None:
        page = sign_up(form, **{f"a{size.pk}": odd})
        assert page.status_code == 200
        assert 'class="wrong"' in page.text
        assert not SignUp.objects.exists()

    def test_need_not_be_answered(
        self, form: SignUpForm, smtp: SmtpServer, size: Attribute
    ) -> None:
        assert confirm(form, smtp).attributes == {}

    def test_of_other_attributes_is_not_taken(
        self, form: SignUpForm, smtp: SmtpServer, size: Attribute
    ) -> None:
        other = Attribute.objects.create(owner=form.owner, key="vip", kind="yes_no")
        assert confirm(form, smtp, **{f"a{other.pk}": "yes", "vip": "yes"}).attributes == {}

    def test_adds_to_a_contact_that_is_there(
        self, form: SignUpForm, smtp: SmtpServer, size: Attribute
    ) -> None:
        ContactFactory(owner=form.owner, email=ADA, name="Ada", attributes={"size": 1, "a": 2})
        contact = confirm(form, smtp, **{f"a{size.pk}": "3"})
        assert (contact.name, contact.attributes) == ("Ada", {"size": 3, "a": 2})

    def test_brings_the_topics_that_are_chosen_and_the_tags_of_the_form(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        art, law = (
            TagFactory(owner=form.owner, name=name, is_public=True) for name in ("Art", "Law")
        )
        form.topics.set([art, law])
        form.tags.add(TagFactory(owner=form.owner, name="from the site"))
        contact = confirm(form, smtp, topic=[str(law.pk)])
        assert {tag.name for tag in contact.tags.all()} == {"Law", "from the site"}

    def test_names_no_topic_that_is_not_offered(self, form: SignUpForm, smtp: SmtpServer) -> None:
        foreign = [TagFactory(owner=form.owner), TagFactory(is_public=True), TagFactory()]
        contact = confirm(form, smtp, topic=[str(tag.pk) for tag in foreign])
        assert not contact.tags.exists()

    def test_of_opens_is_asked_apart(self, form: SignUpForm, smtp: SmtpServer) -> None:
        assert not confirm(form, smtp, opens="on").tracking_consent
        Wording.objects.create(form=form, number=2, text="News", opens_text="And count my opens.")
        assert confirm(form, smtp, opens="on", email="bob@example.com").tracking_consent
        assert not confirm(form, smtp, email="eve@example.com").tracking_consent

    def test_without_agreeing_leads_to_nothing(self, form: SignUpForm) -> None:
        page = stranger().post(form.path, {"email": ADA, "t": mark_of(form)}).text
        assert "Please agree" in page
        assert f'value="{ADA}"' in page
        assert not SignUp.objects.exists()

    @pytest.mark.parametrize(
        "odd", ["", "ada", "ada@", "a@b@c", "a\r\nBcc: x@y.example", "x" * 2000]
    )
    def test_must_have_an_address(self, form: SignUpForm, odd: str) -> None:
        page = sign_up(form, email=odd)
        assert page.status_code == 200
        assert "Please enter an email address" in page.text
        assert not SignUp.objects.exists()

    def test_is_stored_in_one_spelling(self, form: SignUpForm) -> None:
        sign_up(form, email=" Ada@BÜCHER.example ")
        assert SignUp.objects.get().email == "ada@xn--bcher-kva.example"


class TestTheMessage:
    def test_has_the_texts_of_the_form_and_the_link_in_both_parts(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        SignUpForm.objects.update(mail_text="You asked for <news> & more.")
        link = link_to(form, smtp)
        (letter,) = letters(smtp)
        assert letter["Subject"] == "Please confirm"
        assert letter["From"] == "Example News <news@mail.example.com>"
        assert letter["Reply-To"] == "help@example.com"
        assert "You asked for <news> & more." in part_of(letter, "plain")
        assert "You asked for &lt;news&gt; &amp; more." in part_of(letter, "html")
        assert f'href="http://localhost:8000{link}"' in part_of(letter, "html")

    def test_is_marked_as_automatic_and_is_no_bulk_mail(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        link_to(form, smtp)
        (letter,) = letters(smtp)
        assert letter["Auto-Submitted"] == "auto-generated"
        assert {"List-Unsubscribe", "List-Id", "Precedence"} & set(letter.keys()) == set()
        assert "<img" not in part_of(letter, "html")

    def test_leads_to_the_site_of_the_settings_whatever_was_asked_for(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        with override_settings(ALLOWED_HOSTS=["*"], PUBLIC_URL=site.PUBLIC_URL):
            client = stranger(Host="evil.example", **{"X-Forwarded-Host": "evil.example"})
            sign_up(form, client)
        send_mail(form)
        (letter,) = letters(smtp)
        assert "evil.example" not in letter.as_string()

    def test_has_nothing_in_it_that_was_entered(self, form: SignUpForm, smtp: SmtpServer) -> None:
        link_to(form, smtp, name="Buy at http://evil.example now")
        assert "evil" not in letters(smtp)[0].as_string()


class TestAnAddressOnTheSuppressionList:
    def test_that_unsubscribed_is_asked_and_then_mailed_again(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        suppressions.suppress([(ADA, SuppressionReason.UNSUBSCRIBED, "")])
        confirm(form, smtp)
        assert suppressions.suppressed([ADA]) == set()

    def test_that_unsubscribed_is_mailed_again_by_this_sender_alone(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        other = ContactFactory(email=ADA, mail_consent="given")
        suppressions.suppress([(ADA, SuppressionReason.UNSUBSCRIBED, "")])
        assert confirm(form, smtp).mail_consent == "given"
        other.refresh_from_db()
        assert (other.mail_consent, other.mail_consent_source) == ("refused", "Unsubscribed")

    def test_never_unsubscribed_changes_nothing_for_other_senders(
        self, form: SignUpForm, smtp: SmtpServer
    ) -> None:
        other = ContactFactory(email=ADA, mail_consent="given")
        confirm(form, smtp)
        other.refresh_from_db()
        assert other.mail_consent == "given"

    @pytest.mark.parametrize("entry", [ADA, "@example.com"])
    @pytest.mark.parametrize("reason", ["hard_bounce", "soft_bounces", "complaint", "manual"])
    def test_for_another_reason_gets_no_message(
        self, form: SignUpForm, smtp: SmtpServer, entry: str, reason: str
    ) -> None:
        Suppression.objects.create(email=entry, reason=reason)
        assert "Please look into your mailbox" in sign_up(form).text
        send_mail(form)
        assert smtp.messages == []
        assert not SignUp.objects.exists()
        assert Suppression.objects.get().reason == reason

    def test_that_was_erased_leaves_nothing(self, form: SignUpForm) -> None:
        erasure.forbid(ADA)
        assert "Please look into your mailbox" in sign_up(form).text
        assert not SignUp.objects.exists()
        assert not Contact.objects.exists()

    def test_since_it_was_asked_stays_there(self, form: SignUpForm, smtp: SmtpServer) -> None:
        link = link_to(form, smtp)
        Suppression.objects.create(email=ADA, reason="complaint")
        assert "Your confirmation is recorded" in stranger().post(link).text
        assert Suppression.objects.get().reason == "complaint"
        assert Contact.objects.get().mail_consent == "given"

    def test_is_counted_for_staff(self, form: SignUpForm) -> None:
        Suppression.objects.create(email=ADA, reason="complaint")
        sign_up(form)
        rejected = RejectedRequests.objects.get()
        assert (rejected.endpoint, rejected.reason) == ("sign-up", "suppressed")


class TestInTime:
    def test_not_confirmed_it_is_deleted_and_counted(self, form: SignUpForm) -> None:
        sign_up(form)
        assert upkeep.expire() == 0
        SignUp.objects.update(expires_at="2020-01-08T00:00Z")
        assert upkeep.expire() == 1
        assert not SignUp.objects.exists()
        form.refresh_from_db()
        assert form.expired == 1

    def test_confirmed_it_stays(self, form: SignUpForm, smtp: SmtpServer) -> None:
        confirm(form, smtp)
        SignUp.objects.update(expires_at="2020-01-08T00:00Z")
        assert upkeep.expire() == 0
        assert SignUp.objects.get().state == "confirmed"

    def test_confirmed_too_late_it_is_none(self, form: SignUpForm, smtp: SmtpServer) -> None:
        link = link_to(form, smtp)
        SignUp.objects.update(expires_at="2020-01-08T00:00Z")
        assert "not valid any more" in stranger().get(link).text
        late = stranger().post(link)
        assert late.status_code == 404
        assert not Contact.objects.exists()

    def test_deleted_looks_like_expired(self, form: SignUpForm, smtp: SmtpServer) -> None:
        link = link_to(form, smtp)
        SignUp.objects.update(expires_at="2020-01-08T00:00Z")
        before = stranger().get(link)
        upkeep.expire()
        after = stranger().get(link)
        assert (before.status_code, before.text) == (after.status_code, after.text)


def test_a_closed_form_says_so_and_takes_nothing(form: SignUpForm) -> None:
    body = {"email": ADA, "agree": "on", "t": mark_of(form)}
    SignUpForm.objects.update(enabled=False)
    assert "This form is closed" in stranger().get(form.path).text
    assert "This form is closed" in stranger().post(form.path, body).text
    assert not SignUp.objects.exists()


def test_a_form_that_is_not_there_is_not_found() -> None:
    assert stranger().get("/s/nothing").status_code == 404
    assert stranger().post("/s/nothing", {"email": ADA}).status_code == 404


def test_contacts_of_other_owners_stay_as_they_are(form: SignUpForm, smtp: SmtpServer) -> None:
    other = ContactFactory(owner=SenderFactory().owner, email=ADA, name="Other")
    confirm(form, smtp, name="Ada")
    other.refresh_from_db()
    assert (other.name, other.mail_consent) == ("Other", "unknown")
    assert Tag.objects.count() == 0


def test_a_form_speaks_its_own_language_whatever_that_of_the_visitor(
    form: SignUpForm, smtp: SmtpServer
) -> None:
    SignUpForm.objects.update(language="de")
    form.refresh_from_db()
    visitor = stranger(**{"Accept-Language": "zh-CN"})
    assert ">Anmelden</button>" in visitor.get(form.path).text
    assert 'lang="de"' in sign_up(form, visitor).text
    send_mail(form)
    [letter] = letters(smtp)
    assert 'lang="de"' in part_of(letter, "html")
    assert 'lang="de"' in visitor.get(link_in(letter)).text


def test_a_form_without_a_language_speaks_that_of_the_visitor(form: SignUpForm) -> None:
    assert ">订阅</button>" in stranger(**{"Accept-Language": "zh-CN"}).get(form.path).text
