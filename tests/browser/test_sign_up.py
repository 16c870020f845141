"""A stranger signs up from a page of another site, confirms, changes what to get, pauses, leaves."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.contrib.auth.models import User
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from campaigns.models import Contact, Suppression
from signup.admin.form_pages import embed_code
from signup.models import SignUpForm
from signup.views import page_tokens
from tests.browser.chromium import DESKTOP, PHONE, Browser
from tests.dispatching import MakeService
from tests.factories import SenderFactory, TagFactory
from tests.signup.making import ADA, letters, link_in, make_form, send_mail
from tests.smtp_server import SmtpServer
from tests.tracking.making import sent
from tests.tracking.visiting import path
from tracking.links.tokens import Purpose

Show = Callable[[str], None]


@pytest.fixture
def site(live_server: LiveServer, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Links lead to the server of the test, and a browser may be faster than people."""
    settings.PUBLIC_URL = live_server.url
    monkeypatch.setattr(page_tokens, "SOONEST_SECONDS", 0)


@pytest.fixture
def form(site: None, user: User, make_service: MakeService) -> SignUpForm:
    topics = [TagFactory(owner=user, name=name, is_public=True) for name in ("Art", "Law")]
    return make_form(
        make_service(domain="mail.example.com"),
        sender=SenderFactory(owner=user),
        text="Once a month, what is new.\n\nYou can leave at any time.",
        topics=topics,
    )


@pytest.fixture
def elsewhere(browser: Browser) -> Iterator[Show]:
    """Opens a page with this body, on a site that is not ours."""
    pages = {"/": b""}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(pages["/"])

        def log_message(self, format: str, *args: object) -> None:
            """Tests are quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_address[1]}"

    def show(body: str) -> None:
        head = '<!doctype html><meta charset="utf-8"><link rel="icon" href="data:,">'
        pages["/"] = (head + body.replace("{here}", address)).encode()
        browser.driver.get(address + "/")

    yield show
    foreign = browser.foreign_requests()
    server.shutdown()
    server.server_close()
    assert [url for url in foreign if not url.startswith(address)] == []


@pytest.fixture
def link(form: SignUpForm, elsewhere: Show, browser: Browser, smtp: SmtpServer) -> str:
    """In the message to Ada, who has entered her address on another site."""
    elsewhere(embed_code(form))
    browser.fill("email", ADA)
    browser.fill("name", "Ada <Lovelace>")
    browser.click("Law")
    browser.press(browser.find("button"))
    browser.wait_for_path(form.path)
    browser.wait_for_text("Is this right?")
    assert browser.find("[name=name]").get_attribute("value") == "Ada <Lovelace>"
    browser.click(form.wording().text)  # type: ignore[union-attr]
    browser.press(browser.find("button"))
    browser.wait_for_text("Please look into your mailbox")
    send_mail(form)
    return link_in(letters(smtp)[0], site=browser.site)


def test_a_stranger_signs_up_from_another_site(
    browser: Browser, form: SignUpForm, link: str
) -> None:
    browser.open(link)
    browser.wait_for_text("Shall messages be sent to a…@example.com?")
    assert not Contact.objects.exists()
    browser.click("Yes, sign me up")
    browser.wait_for_text("You are signed up")
    contact = Contact.objects.get()
    assert (contact.email, contact.name) == (ADA, "Ada <Lovelace>")
    assert (contact.mail_consent, [t.name for t in contact.tags.all()]) == ("given", ["Law"])


def test_then_changes_what_to_get_pauses_and_leaves(
    browser: Browser, form: SignUpForm, link: str
) -> None:
    browser.open(link)
    browser.click("Yes, sign me up")
    browser.wait_for_text("You are signed up")
    message = sent(recipient_email=ADA, task__owner=form.owner, content__sender_name="Example News")
    browser.open(path(Purpose.PREFERENCES, message.pk))
    for choice in ("Art", "Law", "At most one a month", "For three months"):
        browser.click(choice)
    browser.click("Save")
    browser.wait_for_text("Your choice is saved.")
    contact = Contact.objects.get()
    assert ([t.name for t in contact.tags.all()], contact.days_between) == (["Art"], 30)
    assert contact.paused_until is not None
    browser.click("Unsubscribe")
    browser.wait_for_text("You get no messages")
    assert Suppression.objects.get().email == ADA


def test_its_pages_fit_a_telephone_by_day_and_by_night(browser: Browser, form: SignUpForm) -> None:
    browser.open(form.path)
    browser.wait_for_text("Once a month")
    widths = []
    for size in (DESKTOP, PHONE):
        browser.resize(size)
        for dark in (False, True):
            browser.dark(dark)
            widths.append(browser.is_wider_than_its_window())
    browser.dark(False)
    assert widths == [False] * 4


def test_a_field_that_people_do_not_see_is_not_seen(browser: Browser, form: SignUpForm) -> None:
    browser.open(form.path)
    field = browser.driver.find_element("name", "homepage")
    assert field.rect["x"] < 0
    assert field.get_attribute("tabindex") == "-1"


def test_a_frame_is_shown_by_the_site_that_was_named_alone(
    browser: Browser, form: SignUpForm, elsewhere: Show
) -> None:
    frame = f'<iframe src="{form.url}" width="400" height="600"></iframe>'
    elsewhere(frame + "<p id=here>{here}</p>")
    browser.wait(lambda: any("frame-ancestors" in c for c in browser.complaints()), "no complaint")
    SignUpForm.objects.update(framed_by=browser.find("#here").text)
    elsewhere(frame)
    browser.driver.switch_to.frame(browser.find("iframe"))
    browser.wait_for_text("Once a month")
    browser.driver.switch_to.default_content()


def test_staff_see_the_page_while_they_write(admin: Browser, form: SignUpForm) -> None:
    admin.open(f"/admin/signup/signupform/{form.pk}/change/")
    admin.fill("title", "News of the spring")

    def shown() -> bool:
        return "<h1>News of the spring</h1>" in (
            admin.driver.find_element("css selector", "#sign-up-preview iframe").get_attribute(
                "srcdoc"
            )
            or ""
        )

    admin.wait(shown, "the preview does not follow")
    form.refresh_from_db()
    assert form.title == "Our news"
