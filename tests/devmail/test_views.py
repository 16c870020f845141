from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client
from pytest_django import Settings

from devmail.mailbox import Mailbox

RAW = b"""Subject: Hello
From: news@example.com
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain; charset=utf-8

Plain <words>
--b
Content-Type: text/html; charset=utf-8

<p>Rich <script>alert(1)</script></p>
--b--
"""
PAGES = ["/mail/", "/mail/1/", "/mail/1/html/", "/mail/1/source/"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client, mailbox: Mailbox) -> Client:
    mailbox.add("news@example.com", "ada@example.org", RAW)
    client.force_login(User.objects.create(username="staff", is_staff=True))
    return client


@pytest.mark.parametrize("page", PAGES)
def test_staff_read_the_mail(staff: Client, page: str) -> None:
    assert staff.get(page).status_code == 200


@pytest.mark.parametrize("page", PAGES)
def test_nobody_reads_the_mail_in_production(staff: Client, page: str, settings: Settings) -> None:
    settings.DEBUG = False
    assert staff.get(page).status_code == 404


@pytest.mark.parametrize("page", PAGES)
def test_who_is_not_staff_is_sent_to_the_login(staff: Client, page: str) -> None:
    staff.force_login(User.objects.create(username="guest"))
    response = staff.get(page)
    assert (response.status_code, response["Location"]) == (302, f"/admin/login/?next={page}")


def test_the_list_is_searched_by_recipient(staff: Client, mailbox: Mailbox) -> None:
    mailbox.add("news@example.com", "bob@example.org", RAW)
    page = staff.get("/mail/", {"recipient": "bob"}).content.decode()
    assert "bob@example.org" in page
    assert "ada@example.org" not in page


def test_the_list_goes_on_on_the_next_page(staff: Client, mailbox: Mailbox) -> None:
    for n in range(60):
        mailbox.add("news@example.com", f"r{n}@example.org", RAW)
    assert "before=12" in staff.get("/mail/").content.decode()
    assert "ada@example.org" in staff.get("/mail/", {"before": "12"}).content.decode()


def test_a_message_shows_its_text_escaped_and_its_headers(staff: Client) -> None:
    page = staff.get("/mail/1/").content.decode()
    assert "Plain &lt;words&gt;" in page
    assert "multipart/alternative" in page


def test_the_html_of_a_message_runs_nothing_and_loads_nothing(staff: Client) -> None:
    assert (
        '<iframe sandbox="allow-popups allow-popups-to-escape-sandbox"'
        in staff.get("/mail/1/").content.decode()
    )
    policy = staff.get("/mail/1/html/")["Content-Security-Policy"]
    assert policy.startswith("sandbox allow-popups allow-popups-to-escape-sandbox; ")
    assert "allow-scripts" not in policy


def test_a_message_that_is_not_there_is_not_found(staff: Client) -> None:
    assert staff.get("/mail/7/").status_code == 404


def test_links_of_a_message_open_in_windows_of_their_own(staff: Client) -> None:
    page = staff.get("/mail/1/html/").content.decode()
    assert page.index('<base target="_blank">') < page.index("<p>Rich")


def test_a_message_keeps_its_doctype_first(staff: Client, mailbox: Mailbox) -> None:
    mailbox.add("a@example.com", "b@example.org", RAW.replace(b"<p>", b"<!DOCTYPE html>\n<p>"))
    page = staff.get("/mail/2/html/").content.decode()
    assert page.startswith('<!DOCTYPE html><base target="_blank">')
