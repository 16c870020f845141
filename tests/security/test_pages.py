"""What every page allows the browser: nothing that was not written for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib import admin
from django.test import Client
from django.urls import NoReverseMatch, reverse

from campaigns.models import Contact, Tag, Task, Template
from dispatch.models import EmailService
from tests.campaigns.admin.staff import NOBODY, SUPERUSER, member, signed_in
from tests.campaigns.admin.test_every_page import make_a_row_of_each
from tests.factories import TagFactory
from tests.guide.telling import is_explained
from tests.responses import ClientResponse

pytestmark = pytest.mark.django_db
WRITTEN_BY_A_USER = "no-code-of-ours"
OF_ADMIN = {
    "default-src": "'none'",
    "script-src": "'self' 'unsafe-eval'",
    "style-src-attr": "'unsafe-inline'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "frame-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
OF_AN_ACCOUNT = (
    "account_reauthenticate",
    "sign_in_sessions",
    "own_notices",
    "mfa_index",
    "mfa_activate_totp",
    "mfa_add_webauthn",
)
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}


class Markup(HTMLParser):
    """Whatever in a page runs or loads something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.inline: list[str] = []
        self.sources: list[str] = []
        self.styles: list[str] = []
        self.evaluated: list[str] = []
        self._within = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self._within = "" if "src" in values or values.get("type") == "application/json" else tag
        for name, value in values.items():
            if re.match(r"on\w", name) or value.strip().lower().startswith("javascript:"):
                self.inline.append(f"{name}={value}")
            if name.startswith(("x-", "hx-", ":", "@")):
                self.evaluated.append(f"{name}={value}")
        if tag in ("script", "link", "img", "iframe", "source", "object", "embed"):
            self.sources += [values[name] for name in ("src", "href", "data") if values.get(name)]

    def handle_endtag(self, tag: str) -> None:
        self._within = ""

    def handle_data(self, data: str) -> None:
        if self._within == "script":
            self.inline.append(data)
        if self._within == "style":
            self.styles.append(data)


def policy_of(response: ClientResponse) -> dict[str, str]:
    directives = response["Content-Security-Policy"].split(";")
    return {name: rest for name, _, rest in (each.strip().partition(" ") for each in directives)}


def pages_of_admin() -> Iterator[str]:
    """The list, the form to add one, and of the first row every page there is."""
    yield from ("/admin/", "/admin/password_change/", "/admin/jsi18n/")
    yield from (reverse("monitor"), reverse("privacy"))
    yield from (reverse(name) for name in OF_AN_ACCOUNT)
    for model, of_model in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for page in ("changelist", "add"):
            yield reverse(f"{name}_{page}")
        row = model._default_manager.first()
        if row is not None:
            yield from (
                reverse(f"{name}_{p}", args=[row.pk]) for p in ("change", "delete", "history")
            )
        for pattern in of_model.get_urls():
            args = [row.pk] if row is not None and "object_id" in str(pattern.pattern) else []
            try:
                yield reverse(f"admin:{pattern.name}", args=args)
            except NoReverseMatch:
                continue


@pytest.fixture
def visitor() -> Client:
    user = member(SUPERUSER)
    make_a_row_of_each(user)
    for model in (Contact, Tag, Task, Template, EmailService):
        model.objects.update(name=WRITTEN_BY_A_USER)
    return signed_in(user)


def test_no_page_of_the_admin_has_anything_that_its_policy_blocks_or_lacks_its_purpose(
    visitor: Client,
) -> None:
    looked_at = 0
    for path in pages_of_admin():
        response = visitor.get(path)
        assert "'unsafe-inline'" not in policy_of(response)["script-src"], path
        if not response["Content-Type"].startswith("text/html"):
            continue
        looked_at += 1
        markup = Markup(response.text)
        assert markup.inline == [], path
        assert [each for each in markup.evaluated if WRITTEN_BY_A_USER in each] == [], path
        assert [
            src for src in markup.sources if not re.match(r"/(?!/)|data:|about:blank$", src)
        ] == [], path
        assert markup.styles == [] or response.status_code != 200, path
        assert is_explained(response.text), path
    assert looked_at > 60


def test_the_pages_of_the_admin_have_its_policy(visitor: Client) -> None:
    response = visitor.get("/admin/")
    policy = policy_of(response)
    styles = policy.pop("style-src")
    assert policy == OF_ADMIN
    assert re.fullmatch(r"'self' 'sha256-[\w+/=]{44}'", styles)
    assert {name: response[name] for name in HEADERS} == HEADERS
    assert response["Referrer-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]


@pytest.mark.parametrize(
    "path",
    [
        "/admin/login/",
        "/healthz",
        "/readyz",
        "/metrics",
        "/nothing",
        "/u/x",
        "/p/x",
        "/o/x",
        "/hooks/x/y/",
    ],
)
def test_every_answer_has_a_policy_without_inline_scripts(path: str) -> None:
    response = Client().get(path)
    policy = policy_of(response)
    scripts = policy.get("script-src", policy["default-src"])
    assert "'unsafe-inline'" not in scripts
    assert policy["default-src"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert policy["frame-ancestors"] == "'none'"
    assert ("'unsafe-eval'" in scripts) == path.startswith("/admin/")


def test_an_error_page_may_show_its_own_style_and_nothing_else() -> None:
    response = signed_in(member(NOBODY)).get(reverse("admin:campaigns_task_changelist"))
    (style,) = Markup(response.text).styles
    assert response.status_code == 403
    assert style == (Path(settings.BASE_DIR) / "templates" / "plain_page.css").read_text()
    assert "'unsafe-eval'" not in policy_of(response)["script-src"]


def test_a_preview_shows_what_a_message_loads_and_runs_nothing_of_it(visitor: Client) -> None:
    template = Template.objects.earliest("pk")
    response = visitor.get(reverse("admin:campaigns_template_preview", args=[template.pk]))
    policy = policy_of(response)
    assert policy["img-src"] == "'self' data: https: http:"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert policy["script-src"] == "'self' 'unsafe-eval'"
    assert 'sandbox=""' in response.text


def test_what_is_said_to_staff_is_in_no_cookie(visitor: Client) -> None:
    tag = TagFactory()
    url = reverse("admin:campaigns_tag_change", args=[tag.pk])
    visitor.post(url, {"owner": tag.owner_id, "name": "spring"})
    assert "messages" not in visitor.cookies
    assert "was changed successfully" in visitor.get("/admin/").text
