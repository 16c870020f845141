"""Which sites may show a sign-up form in a frame."""

from __future__ import annotations

import pytest

from signup.models import SignUpForm
from tests.dispatching import MakeService
from tests.signup.making import letters, link_in, make_form, send_mail, sign_up, stranger
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def form(make_service: MakeService) -> SignUpForm:
    return make_form(make_service(domain="mail.example.com"))


def policy_of(url: str) -> tuple[str, str | None]:
    response = stranger().get(url)
    return response["Content-Security-Policy"], response.headers.get("X-Frame-Options")


def test_frames_are_for_no_site_unless_the_owner_says_so(form: SignUpForm) -> None:
    policy, old = policy_of(form.path)
    assert "frame-ancestors 'none'" in policy
    assert old == "DENY"


def test_frames_are_for_the_sites_that_the_owner_names(form: SignUpForm) -> None:
    SignUpForm.objects.update(framed_by="https://www.example.com\nHTTPS://b.example:8443/\n")
    policy, old = policy_of(form.path)
    assert "frame-ancestors https://www.example.com https://b.example:8443" in policy
    assert "form-action 'self'" in policy
    assert old is None


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*",
        "http://www.example.com",
        "https://www.example.com/path",
        "https://www.example.com; script-src *",
        "https://www.example.com 'unsafe-inline'",
        "https://www.example.com,https://b.example",
        "javascript:alert(1)",
        "https://user@www.example.com",
        "'self'",
        "data:",
        "https://www.example.com\x00",
    ],
)
def test_frames_are_for_plain_sites_only(form: SignUpForm, origin: str) -> None:
    form.framed_by = origin
    with pytest.raises(Exception, match=r"is no site"):
        form.clean_fields()


def test_frames_are_never_for_the_page_that_confirms(form: SignUpForm, smtp: SmtpServer) -> None:
    SignUpForm.objects.update(framed_by="https://www.example.com")
    sign_up(form)
    send_mail(form)
    policy, old = policy_of(link_in(letters(smtp)[0]))
    assert "frame-ancestors 'none'" in policy
    assert old == "DENY"
