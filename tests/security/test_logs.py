"""Keys, tokens and passwords reach no log and no report of an error, whoever writes it."""

from __future__ import annotations

import io
import json
import logging
import subprocess
import sys
import time
from collections.abc import Iterator
from logging.config import DictConfigurator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client, RequestFactory
from django.views.debug import get_exception_reporter_class
from gunicorn.config import Config
from pytest_django import Settings

from edm_project.logs.gunicorn import RedactingLogger
from edm_project.logs.redaction import redact
from tests.dispatch.providers.webhook_posts import send, service_of
from tests.tracking.making import sent
from tests.tracking.visiting import path
from tracking.events import inbox
from tracking.links.tokens import Purpose

ROOT = Path(__file__).resolve().parents[2]
KEY = "q3fD0hX-2_cN7pLk9sVbTzRwYeUiOaSdFgHjKlZxCvB"
TOKEN = "AAAAAAABjV9f2rTzQ-4_kLmN"


@pytest.fixture(params=["text", "json"])
def lines(request: pytest.FixtureRequest) -> Iterator[io.StringIO]:
    """What is logged meanwhile, as the settings have it formatted."""
    declared = settings.LOGGING["formatters"][request.param]
    handler = logging.StreamHandler(stream := io.StringIO())
    handler.setFormatter(DictConfigurator({}).configure_formatter(dict(declared)))
    logging.getLogger().addHandler(handler)
    yield stream
    logging.getLogger().removeHandler(handler)


@pytest.mark.parametrize("of", ["o", "c", "w", "u", "p"])
@pytest.mark.django_db
def test_a_token_that_is_refused_is_not_logged(lines: io.StringIO, of: str) -> None:
    for suffix in ("", "/", "?next=/x", "/more"):
        Client().get(f"/{of}/{TOKEN}{suffix}")
        Client().post(f"/{of}/{TOKEN}{suffix}")
    assert TOKEN not in lines.getvalue()


@pytest.mark.parametrize("provider", ["engagelab", "brevo", "smtp", "pigeon"])
@pytest.mark.django_db
def test_a_key_of_a_webhook_is_not_logged(lines: io.StringIO, provider: str) -> None:
    send(f"/hooks/{provider}/{KEY}/", b"{}")
    send(f"/hooks/{provider}/{KEY}", b"{}")
    Client().put(f"/hooks/{provider}/{KEY}/")
    Client().get(f"/hooks/{provider}/{KEY}/more/")
    assert lines.getvalue()
    assert KEY not in lines.getvalue()


@pytest.mark.django_db
def test_a_key_is_not_logged_when_the_database_fails(
    lines: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> int:
        raise OperationalError(f"could not insert /u/{TOKEN}")

    monkeypatch.setattr(inbox, "accept", fail)
    key = service_of("brevo").webhook_key
    token = path(Purpose.OPEN, sent().pk)
    send(f"/hooks/brevo/{key}/", b"{}", {"Authorization": "Basic d2ViaG9vazpob29rLXBhc3N3b3Jk"})
    Client().get(token)
    assert TOKEN not in lines.getvalue()
    assert key not in lines.getvalue()
    assert token.rpartition("/")[2] not in lines.getvalue()


@pytest.mark.parametrize(
    "text",
    [
        f"Not Found: /u/{TOKEN}",
        f"https://edm.example.com/c/{TOKEN}{TOKEN}/?a=b",
        f"/admin/login/?next=%2Fu%2F{TOKEN}",
        f"/admin/login/?next=%252Fw%252F{TOKEN}",
        f"'path': '/hooks/ses/{KEY}/'",
        f"POST /hooks/ses/{KEY} HTTP/1.1",
        f"https://webhook:{KEY}@edm.example.com/",
        f"postgres://edm:{KEY}@db/edm",
        f"Authorization: Bearer {KEY}",
        f"authorization: basic {KEY}==",
        f"Cookie: sessionid={KEY}; csrftoken={KEY}",
        f"{{'HTTP_AUTHORIZATION': 'Bearer {KEY}', 'a': 1}}",
        f'{{"api_key": "{KEY}"}}',
        f"login(password='{KEY}')",
        f"webhook_key={KEY}",
        f"/metrics?token={KEY}&x=1",
        f"secret_access_key = {KEY}",
        f"password=b'{KEY}'",
        f"{{'api_key': b'{KEY}'}}",
        f"password=SecretStr('{KEY}')",
        f"password='a\\'{KEY}'",
        f'{{\\"api_key\\": \\"{KEY}\\"}}',
        f"[('api-key', '{KEY}')]",
        f"(b'authorization', b'Bearer {KEY}')",
        f"X-Api-Key: {KEY}",
        f"X-Postmark-Server-Token: {KEY}",
        f"password: '{KEY}'",
        f"AUTH PLAIN {KEY}",
        f'a1 LOGIN "user" "{KEY}"',
    ],
)
def test_a_secret_is_taken_out_wherever_it_stands(text: str) -> None:
    assert KEY not in redact(text)
    assert TOKEN not in redact(text)


@pytest.mark.parametrize(
    "text",
    [
        "webhook engagelab: refused, wrong signature",
        "wrong password: somebody should try again",
        "535 invalid token: authentication failed.",
        "the login page was asked for",
        "Not Found: /admin/dispatch/emailservice/7/change/",
        "the credentials cannot be read with the keys in CREDENTIALS_KEYS",
        'File "/srv/p/edm/dispatch/providers/webhooks.py", line 5',
        "message <1.abc@example.com> of SubTask 5 was accepted: 250 2.0.0 Ok: queued as 4F2A",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_the_secrets_of_the_site_are_taken_out_wherever_they_stand() -> None:
    for secret in (settings.SECRET_KEY, *settings.CREDENTIALS_KEYS, *settings.TRACKING_KEYS):
        assert secret not in redact(f"x{secret}y")


@pytest.mark.parametrize(
    "part",
    [
        "password=",
        "password: ",
        "token=a(b'",
        "secret='\\\\",
        "AUTH LOGIN ",
        "://a:",
        "/u/",
        "/hooks/a/",
        "token='",
        "Cookie: ",
        "%25",
        "authorization",
    ],
)
def test_redacting_takes_time_in_proportion_to_the_length(part: str) -> None:
    def seconds(repetitions: int) -> float:
        text = part * repetitions
        best = 1e9
        for _ in range(3):
            began = time.process_time()
            redact(text)
            best = min(best, time.process_time() - began)
        return best

    seconds(10)
    assert seconds(80_000) < 6 * max(seconds(20_000), 0.002)


@pytest.mark.django_db
def test_a_stranger_cannot_forge_a_line(lines: io.StringIO) -> None:
    logging.getLogger("dispatch").warning("asked for %s", "/x\n2030-01-01 ERROR forged\r\x1b[2J")
    assert lines.getvalue().count("\n") == 1
    assert "\x1b" not in lines.getvalue()


def test_a_line_is_of_bounded_length(lines: io.StringIO) -> None:
    logging.getLogger("dispatch").warning("asked with %s", "A" * 1_000_000)
    assert len(lines.getvalue()) < 11_000


def test_nothing_is_logged_but_by_the_handlers_of_the_settings() -> None:
    assert logging.getLogger("django").handlers == []
    handlers = settings.LOGGING["handlers"]
    assert {handler["formatter"] for handler in handlers.values()} <= {"text", "json"}


def test_json_lines_hide_tokens_in_tracebacks() -> None:
    formatter = DictConfigurator({}).configure_formatter(
        dict(settings.LOGGING["formatters"]["json"])
    )
    try:
        raise ValueError(f"/hooks/ses/{KEY}/ is no address")
    except ValueError:
        record = logging.LogRecord("x", 40, "x.py", 1, "failed", (), sys.exc_info())
    line = json.loads(formatter.format(record))
    assert KEY not in line["traceback"]
    assert "ValueError: /hooks/ses/[hidden]/ is no address" in line["traceback"]


# Reports of errors


def report_of(request: Any, html: bool) -> str:
    """What Django would show or mail of an error in a view that has secrets at hand."""
    webhook_key = credentials = KEY  # noqa: F841  (shown by the report)
    told = {"settings": {"api_key": KEY}, "url": f"/u/{TOKEN}"}  # noqa: F841
    try:
        raise ValueError(f"no such thing: /u/{TOKEN}")
    except ValueError:
        reporter_class = get_exception_reporter_class(request)
        reporter = reporter_class(request, *sys.exc_info())  # type: ignore[operator]  # the stubs say an instance
    report: str = reporter.get_traceback_html() if html else reporter.get_traceback_text()
    return report


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("html", [True, False])
def test_a_report_of_an_error_shows_no_secrets(html: bool, debug: bool, settings: Settings) -> None:
    settings.DEBUG = debug
    request = RequestFactory().post(
        f"/hooks/ses/{KEY}/?next=/u/{TOKEN}",
        {"password": KEY, "next": f"/u/{TOKEN}"},
        headers={"Authorization": f"Bearer {KEY}", "Referer": f"https://x.example/c/{TOKEN}"},
    )
    request.COOKIES["sessionid"] = KEY
    report = report_of(request, html)
    assert "no such thing" in report
    for secret in (KEY, TOKEN, settings.SECRET_KEY, *settings.TRACKING_KEYS):
        assert secret not in report


# Gunicorn


def test_gunicorn_logs_no_tokens(tmp_path: Path) -> None:
    config = Config()
    config.set("accesslog", str(tmp_path / "access"))
    config.set("errorlog", str(tmp_path / "error"))
    logger = RedactingLogger(config)
    environ = {
        "REQUEST_METHOD": "GET",
        "RAW_URI": f"/u/{TOKEN}",
        "PATH_INFO": f"/u/{TOKEN}",
        "QUERY_STRING": "",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_REFERER": f"https://edm.example.com/hooks/ses/{KEY}/",
    }
    response = SimpleNamespace(status="404 Not Found", status_code=404, sent=5, headers=[])
    request = SimpleNamespace(headers=[])
    logger.access(response, request, environ, SimpleNamespace(seconds=0, microseconds=5))
    logger.error("Error handling request %s", f"/u/{TOKEN}")
    written = (tmp_path / "access").read_text() + (tmp_path / "error").read_text()
    for handler in [*logger.error_log.handlers, *logger.access_log.handlers]:
        handler.close()
    assert "/u/[hidden]" in written and "/hooks/ses/[hidden]" in written
    assert TOKEN not in written and KEY not in written


def test_gunicorn_uses_that_logger_where_the_site_is_started() -> None:
    shown = subprocess.run(
        [sys.executable, "-m", "gunicorn", "--print-config", "edm_project.wsgi"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert "RedactingLogger" in shown.stdout
