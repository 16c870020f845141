"""Pages of forms, and the message that asks to confirm, carry the name, logo and colours of the
owner."""

from __future__ import annotations

import pytest
from django.test import override_settings

from signup.models import SignUp, SignUpForm
from tests.campaigns.brands.making import ACCENT, GROUND, brand_of
from tests.dispatching import MakeService
from tests.factories import SenderFactory
from tests.responses import ClientResponse
from tests.signup.making import letters, link_in, make_form, send_mail, sign_up, stranger
from tests.smtp_server import SmtpServer
from tests.texts import part_of
from tracking.links.tokens import Purpose, sign

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(make_service: MakeService) -> SignUpForm:
    sender = SenderFactory(display_name="Ada of Garden & Co", postal_address="1 Rose Street")
    brand_of(sender.owner)
    return make_form(make_service(domain="mail.example.com"), sender=sender)


def is_branded(page: str) -> bool:
    expected = ("Ada of Garden &amp; Co", "The rose of Garden &amp; Co", ACCENT, GROUND)
    return all(each in page for each in expected)


def test_the_page_of_a_form_carries_them(form: SignUpForm) -> None:
    assert is_branded(stranger().get(form.path).text)


def test_the_page_of_a_closed_form_carries_them(form: SignUpForm) -> None:
    SignUpForm.objects.update(enabled=False)
    assert is_branded(stranger().get(form.path).text)


def test_the_page_after_signing_up_carries_them(form: SignUpForm) -> None:
    response = sign_up(form)
    assert "look into your mailbox" in response.text
    assert is_branded(response.text)


@override_settings(SIGN_UPS_PER_FORM=1)
def test_the_page_for_too_many_requests_carries_them(form: SignUpForm) -> None:
    sign_up(form)
    response = sign_up(form, email="bob@example.com")
    assert response.status_code == 429
    assert is_branded(response.text)


def test_a_frame_on_another_site_carries_them(form: SignUpForm) -> None:
    SignUpForm.objects.update(framed_by="https://www.example.com")
    response = stranger().get(form.path)
    policy = response["Content-Security-Policy"]
    assert is_branded(response.text)
    assert "img-src 'self'" in policy and "frame-ancestors https://www.example.com" in policy


def test_the_message_that_asks_to_confirm_carries_them(form: SignUpForm, smtp: SmtpServer) -> None:
    sign_up(form)
    send_mail(form)
    html, text = (part_of(letters(smtp)[0], subtype) for subtype in ("html", "plain"))
    assert is_branded(html)
    assert 'src="http://localhost:8000/images/' in html
    assert "1 Rose Street" in html and "1 Rose Street" in text
    assert "Privacy notice: https://www.garden.example/privacy" in text


class TestTheLinkInTheMessage:
    @pytest.fixture
    def link(self, form: SignUpForm, smtp: SmtpServer) -> str:
        sign_up(form)
        send_mail(form)
        return link_in(letters(smtp)[0])

    def test_leads_to_a_page_that_carries_them(self, link: str) -> None:
        assert is_branded(stranger().get(link).text)

    def test_confirms_on_a_page_that_carries_them(self, link: str) -> None:
        response = stranger().post(link)
        assert "You are signed up" in response.text
        assert is_branded(response.text)

    @pytest.mark.parametrize("is_deleted", [False, True])
    def test_leads_back_to_the_form_once_it_is_over(
        self, link: str, form: SignUpForm, *, is_deleted: bool
    ) -> None:
        SignUp.objects.update(expires_at="2020-01-08T00:00Z")
        if is_deleted:
            SignUp.objects.all().delete()
        response: ClientResponse = stranger().get(link)
        assert response.status_code == 404
        assert is_branded(response.text)
        assert f'href="{form.path}"' in response.text

    def test_leads_to_no_form_that_is_closed(self, link: str, form: SignUpForm) -> None:
        SignUp.objects.all().delete()
        SignUpForm.objects.update(enabled=False)
        response = stranger().get(link)
        assert is_branded(response.text)
        assert form.path not in response.text


def test_a_link_of_an_older_message_leads_to_a_page_that_carries_them(form: SignUpForm) -> None:
    """Its token names the sign-up alone."""
    sign_up(form)
    token = sign(Purpose.SIGN_UP, SignUp.objects.get().pk)
    assert is_branded(stranger().get(f"/y/{token}").text)
