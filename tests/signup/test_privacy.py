"""Everything about an address: also that it signed up."""

from __future__ import annotations

import pytest

from campaigns.models import Contact
from privacy import export, plan
from privacy.erasure import erase
from signup.models import SignUp, SignUpForm
from tests.dispatching import MakeService
from tests.privacy.test_erasure import tables_that_name
from tests.signup.making import ADA, letters, link_in, make_form, send_mail, sign_up, stranger
from tests.smtp_server import SmtpServer

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(make_service: MakeService, smtp: SmtpServer) -> str:
    """In the message to Ada, who has signed up."""
    form: SignUpForm = make_form(make_service())
    sign_up(form, name=f"Ada, {ADA}")
    sign_up(form, email="bob@example.com")
    send_mail(form)
    return link_in(letters(smtp)[0])


def test_is_exported_with_the_wording_and_the_answers(link: str) -> None:
    stranger().post(link)
    (told,) = export.collect(ADA)["sign-ups"]
    assert (told["form"], told["wording"]) == ("Spring", "I want news by mail.")
    assert told["answers"]["name"] == f"Ada, {ADA}"
    assert (told["state"], told["network"]) == ("confirmed", "203.0.113.0")
    assert '"sign-ups"' in export.as_json(export.collect(ADA))


def test_is_announced_before_it_is_erased(link: str) -> None:
    assert ("Sign-ups to delete", "1") in plan.details(ADA)
    assert plan.details("eve@example.com") == [
        ("Contacts to delete", "0"),
        ("Messages to it", "0, 0 of them not sent yet"),
        ("Events", "0"),
    ]


def test_is_erased(link: str) -> None:
    stranger().post(link)
    done = erase(ADA)
    assert tables_that_name(ADA) == []
    assert done.others == {"sign-up": 1, "test address": 0}
    assert "sign-up: 1 deleted" in done.explain()
    assert [row.email for row in SignUp.objects.all()] == ["bob@example.com"]


def test_erased_it_cannot_be_confirmed_any_more(link: str) -> None:
    erase(ADA)
    assert stranger().post(link).status_code == 404
    assert not Contact.objects.exists()
