"""What staff do with sign-up forms, and read of those who signed up."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Attribute
from dispatch.models import EmailService
from dispatch.pace import pace_rows
from signup.models import SignUp, SignUpForm, Wording
from tests.campaigns.admin.staff import (
    CONFIRM,
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
from tests.factories import EmailServiceFactory, SenderFactory, TagFactory, change
from tests.signup.making import ADA, make_form, send_mail, sign_up
from tests.texts import group

pytestmark = pytest.mark.django_db
FORMS, SIGN_UPS = "signup.signupform", "signup.signup"


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def staff(user: User) -> Client:
    return signed_in(user)


@pytest.fixture
def form(user: User, make_service: MakeService) -> SignUpForm:
    return make_form(make_service(), sender=SenderFactory(owner=user))


def posted(form: SignUpForm, **values: Any) -> dict[str, Any]:
    fields = ("name", "title", "text", "subject", "mail_text", "next_url", "framed_by")
    return {
        **{name: getattr(form, name) for name in fields},
        "enabled": "on",
        "asks_name": "on",
        "sender": form.sender_id,
        "service": form.service_id,
        "wording": "I want news by mail.",
        "opens_wording": "",
        **values,
    }


def page(client: Client, form: SignUpForm) -> str:
    return page_of(client.get(address(FORMS, "change", form.pk)))


class TestAForm:
    def test_is_made_by_a_campaign_manager_with_its_first_wording(
        self, staff: Client, user: User, form: SignUpForm
    ) -> None:
        tag = TagFactory(owner=user)
        response = staff.post(
            address(FORMS, "add"), posted(form, name="Autumn", tags=[tag.pk]), follow=True
        )
        assert "was added successfully" in texts(response)
        made = SignUpForm.objects.get(name="Autumn")
        assert (made.owner, list(made.tags.all())) == (user, [tag])
        assert [w.text for w in made.wordings.all()] == ["I want news by mail."]
        assert made.key != form.key

    def test_has_a_subject_that_a_header_takes(self, staff: Client, form: SignUpForm) -> None:
        staff.post(
            address(FORMS, "change", form.pk), posted(form, subject="Our\x0bnews,\u2028monthly")
        )
        assert SignUpForm.objects.get().subject == "Our news, monthly"

    def test_keeps_every_version_of_its_wording(self, staff: Client, form: SignUpForm) -> None:
        url = address(FORMS, "change", form.pk)
        staff.post(url, posted(form))
        assert form.wordings.count() == 1
        staff.post(url, posted(form, wording="Other news."))
        staff.post(url, posted(form, wording="Other news.", opens_wording="And my opens."))
        assert [(w.number, w.text, w.opens_text) for w in form.wordings.order_by("number")] == [
            (1, "I want news by mail.", ""),
            (2, "Other news.", ""),
            (3, "Other news.", "And my opens."),
        ]

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("next_url", "http://www.example.com"),
            ("next_url", "javascript:alert(1)"),
            ("next_url", "https://user:p@www.example.com"),
            ("next_url", "https:///x"),
            ("next_url", "https://example.com/" + "x" * 500),
            ("framed_by", "*"),
            ("framed_by", "https://a.example; script-src *"),
            ("subject", "a\nBcc: x"),
            ("title", ""),
            ("wording", " "),
        ],
    )
    def test_takes_nothing_odd(
        self, staff: Client, form: SignUpForm, field: str, value: str
    ) -> None:
        response = staff.post(address(FORMS, "change", form.pk), posted(form, **{field: value}))
        assert response.status_code == 200
        assert field in response.context["adminform"].form.errors

    def test_says_what_to_do_with_its_empty_lists(self, staff: Client) -> None:
        form = staff.get(address(FORMS, "add")).context["adminform"].form
        for name in ("attributes", "topics", "tags"):
            assert 'data-placeholder="Choose…"' in str(form[name])

    def test_takes_no_rows_of_others(self, staff: Client, form: SignUpForm) -> None:
        foreign = {
            "sender": SenderFactory().pk,
            "tags": [TagFactory().pk],
            "topics": [TagFactory(is_public=True).pk],
            "asked_attributes": [Attribute.objects.create(owner=member(MANAGER), key="x").pk],
        }
        response = staff.post(address(FORMS, "change", form.pk), posted(form, **foreign))
        wrong = set(response.context["adminform"].form.errors)
        assert wrong == {"sender", "tags", "topics", "attributes"}

    def test_takes_no_service_of_others(self, staff: Client, form: SignUpForm) -> None:
        service = EmailServiceFactory()
        service.users.add(member(MANAGER))
        response = staff.post(address(FORMS, "change", form.pk), posted(form, service=service.pk))
        assert "service" in response.context["adminform"].form.errors

    def test_offers_public_tags_alone_as_topics(
        self, staff: Client, user: User, form: SignUpForm
    ) -> None:
        private = TagFactory(owner=user)
        response = staff.post(address(FORMS, "change", form.pk), posted(form, topics=[private.pk]))
        assert "topics" in response.context["adminform"].form.errors

    def test_with_sign_ups_cannot_be_deleted(self, staff: Client, form: SignUpForm) -> None:
        sign_up(form)
        response = staff.post(address(FORMS, "delete", form.pk), {"post": "yes"})
        assert response.status_code == 403
        assert "the proof that they agreed" in response.text
        assert SignUpForm.objects.exists()

    def test_without_any_can(self, staff: Client, form: SignUpForm) -> None:
        staff.post(address(FORMS, "delete", form.pk), {"post": "yes"})
        assert not SignUpForm.objects.exists()
        assert not Wording.objects.exists()

    def test_with_sign_ups_stays_with_its_owner(self, form: SignUpForm) -> None:
        sign_up(form)
        other = SenderFactory()
        response = signed_in(member("superuser")).post(
            address(FORMS, "change", form.pk),
            posted(form, owner=other.owner_id, sender=other.pk),
        )
        assert "agreed to mail of its owner" in page_of(response)

    def test_of_another_owner_is_not_found(self, form: SignUpForm) -> None:
        stranger_ = signed_in(member(MANAGER))
        for name in ("change", "delete", "history"):
            response = stranger_.get(address(FORMS, name, form.pk), follow=True)
            assert "doesn’t exist" in texts(response)
        assert form.name not in page_of(stranger_.get(address(FORMS, "changelist")))

    def test_is_seen_and_not_changed_by_a_viewer(self, form: SignUpForm) -> None:
        client = signed_in(member(VIEWER))
        assert form.key in page(client, form)
        response = client.post(address(FORMS, "change", form.pk), posted(form, name="mine"))
        assert response.status_code == 403
        form.refresh_from_db()
        assert form.name == "Spring"

    def test_is_seen_by_an_operator(self, form: SignUpForm) -> None:
        assert form.key in page(signed_in(member(OPERATOR)), form)


class TestItsPage:
    def test_has_the_address_and_the_codes_for_other_sites(
        self, staff: Client, form: SignUpForm
    ) -> None:
        shown = unescape(page(staff, form))
        assert f'<form method="post" action="http://localhost:8000/s/{form.key}"' in shown
        assert f'<iframe src="http://localhost:8000/s/{form.key}"' in shown

    def test_has_codes_in_which_names_are_text(self, staff: Client, form: SignUpForm) -> None:
        """Also once they are copied from the page."""
        evil = '"></textarea><script>x</script>'
        form.topics.set([TagFactory(owner=form.owner, name=evil, is_public=True)])
        SignUpForm.objects.update(title=evil)
        shown = staff.get(address(FORMS, "change", form.pk)).text
        codes = re.findall(r"<textarea id=\"sign_up_[^>]*>(.*?)</textarea>", shown, re.DOTALL)
        assert [unescape(code).count("<script>") for code in codes] == [0, 0]
        assert [unescape(code).count("&lt;script&gt;") for code in codes] == [1, 1]

    def test_counts_what_came_of_it(self, staff: Client, form: SignUpForm) -> None:
        sign_up(form)
        sign_up(form, email="bob@example.com")
        SignUp.objects.filter(email=ADA).update(state="confirmed")
        SignUpForm.objects.update(expired=4)
        shown = page(staff, form)
        figures = dict(re.findall(r'data-figure="([^"]+)">(\d+)<', shown))
        assert figures == {
            "Asked": "6", "Confirmed": "1", "Not confirmed yet": "1", "Expired": "4",
        }  # fmt: skip

    def test_says_when_no_message_can_leave(self, staff: Client, form: SignUpForm) -> None:
        assert "do not leave" not in page(staff, form)
        pace_rows.freeze(form.service, "Something")
        assert "The email service is frozen." in page(staff, form)
        EmailService.objects.update(enabled=False)
        assert "The email service is switched off." in page(staff, form)

    def test_says_when_the_quota_is_used_up(self, staff: Client, form: SignUpForm) -> None:
        change(form.service, daily_quota=1)
        sign_up(form)
        send_mail(form)
        assert "used up for today" in page(staff, form)

    def test_shows_how_it_looks(self, staff: Client, form: SignUpForm) -> None:
        response = staff.get(address(FORMS, "change", form.pk))
        frame = unescape(group(r'sandbox=""[^>]*srcdoc="([^"]*)"', response.text))
        assert "<h1>Our news</h1>" in frame
        digest = hashlib.sha256(group(r"<style>([^<]*)</style>", frame).encode()).digest()
        assert base64.b64encode(digest).decode() in response["Content-Security-Policy"]

    def test_shows_how_it_will_look_and_saves_nothing(
        self, staff: Client, form: SignUpForm
    ) -> None:
        told = posted(form, title="<b>New</b>", wording="New words.", _preview="1")
        response = staff.post(address(FORMS, "change", form.pk), told)
        frame = unescape(group(r'srcdoc="([^"]*)"', response.text))
        assert "&lt;b&gt;New&lt;/b&gt;" in frame
        assert "New words." in frame
        assert SignUpForm.objects.get().title == "Our news"
        assert Wording.objects.count() == 1

    def test_previews_one_that_is_half_filled_in(self, staff: Client, form: SignUpForm) -> None:
        response = staff.post(address(FORMS, "add"), {"_preview": "1", "title": "x"})
        assert response.status_code == 200
        told = posted(form, sender="x", title="", _preview="1")
        assert staff.post(address(FORMS, "add"), told).status_code == 200
        assert SignUpForm.objects.count() == 1


class TestThoseWhoSignedUp:
    def test_are_listed_with_what_they_agreed_to(self, staff: Client, form: SignUpForm) -> None:
        attribute = Attribute.objects.create(owner=form.owner, key="size", kind="number")
        form.attributes.add(attribute)
        sign_up(form, name="Ada", **{f"a{attribute.pk}": "41"})
        assert ADA in page_of(staff.get(address(SIGN_UPS, "changelist")))
        shown = page_of(staff.get(address(SIGN_UPS, "change", SignUp.objects.get().pk)))
        assert "Version 1: I want news by mail." in shown
        assert "name: Ada; size: 41" in shown

    def test_have_no_lines_of_what_has_not_happened(self, staff: Client, form: SignUpForm) -> None:
        sign_up(form)
        url = address(SIGN_UPS, "change", SignUp.objects.get().pk)
        shown = staff.get(url).context["adminform"].fieldsets[0][1]["fields"]
        assert "asked" in shown and "confirmed" not in shown and "note" not in shown

    def test_of_other_owners_are_not_found(self, form: SignUpForm) -> None:
        sign_up(form)
        client = signed_in(member(MANAGER))
        assert ADA not in page_of(client.get(address(SIGN_UPS, "changelist")))
        response = client.get(address(SIGN_UPS, "change", SignUp.objects.get().pk), follow=True)
        assert ADA not in response.text

    def test_are_filtered_by_the_form(self, staff: Client, form: SignUpForm) -> None:
        sign_up(form)
        list_of = address(SIGN_UPS, "changelist")
        assert ADA in page_of(staff.get(f"{list_of}?form__id__exact={form.pk}"))
        assert ADA not in page_of(staff.get(f"{list_of}?form__id__exact={form.pk + 1}"))

    def test_are_a_record_that_no_one_changes(self, form: SignUpForm) -> None:
        sign_up(form)
        client = signed_in(member("superuser"))
        row = SignUp.objects.get()
        assert client.post(address(SIGN_UPS, "change", row.pk), {"email": "x"}).status_code == 403
        assert client.post(address(SIGN_UPS, "delete", row.pk), CONFIRM).status_code == 403
        assert SignUp.objects.get().email == ADA
