"""What an installation is refused for before it goes on the internet."""

from __future__ import annotations

import base64
import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.checks import ERROR, Tags, run_checks
from django.test import override_settings

from edm_project.environment import new_fernet_key
from edm_project.settings import BASE_DIR
from tests.edm_project.test_settings import filled, manage, production

HEX = "0123456789abcdef"
RANDOM = "kH7_qPz0vWm3Xr9-BtYc5LdNs8GfJe2UoAiQyT4wMZ6V"


KEY_LISTS = ("CREDENTIALS_KEYS", "TRACKING_KEYS", "ERASURE_KEYS", "MESSAGE_ID_KEYS")
SITE = {
    "DEBUG": False,
    "SECRET_KEY": secrets.token_urlsafe(50),
    **{name: [new_fernet_key()] for name in KEY_LISTS},
    "METRICS_TOKEN": "",
    "ALLOWED_HOSTS": ["edm.ourshop.de"],
    "PUBLIC_URL": "https://edm.ourshop.de",
}


def errors(**changed: Any) -> list[str]:
    """The ids and texts of what `check --deploy` fails for, in a site that is set up properly but
    for what is changed.
    """
    with override_settings(**{**SITE, **changed}):
        found = run_checks(tags=[Tags.security], include_deployment_checks=True)
    return [f"{each.id} {each.msg}" for each in found if each.level >= ERROR]


def test_an_installation_that_is_set_up_properly_is_let_pass() -> None:
    assert errors() == []


def test_every_line_of_the_example_that_was_left_as_it_is_is_named() -> None:
    result = manage("check", "--deploy", **production())
    assert result.returncode == 1
    for name in (
        "SECRET_KEY",
        "CREDENTIALS_KEYS",
        "TRACKING_KEYS",
        "ERASURE_KEYS",
        "MESSAGE_ID_KEYS",
        "DATABASE_URL",
        "ALLOWED_HOSTS",
        "PUBLIC_URL",
    ):
        assert re.search(rf"\(edm\.E\d+\) .*{name}", result.stderr), name


@pytest.mark.parametrize(
    ("wrong", "key"),
    [
        ("can be read in this repository", f"replace-me-{RANDOM}"),
        ("can be read in this repository", f"django-insecure-{RANDOM}"),
        ("is shorter than 50 characters", "qX7!" * 5),
        ("is not random", "k" * 60),
        ("is not random", "kV" * 30),
        ("is not random", "xK3$mQ9p" * 8),
        ("is not random", "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRST"),
        ("is not random", HEX * 4),
    ],
)
def test_a_secret_key_that_is_none_is_refused(wrong: str, key: str) -> None:
    assert errors(SECRET_KEY=key) == [f"edm.E003 SECRET_KEY {wrong}."]


@pytest.mark.parametrize(
    "raw",
    [b"\0" * 32, b"kV" * 16, bytes(range(32)), b"this is the key of our own shop!"],
    ids=["zeros", "repeated", "counted", "a sentence"],
)
@pytest.mark.parametrize("name", ["CREDENTIALS_KEYS", "MESSAGE_ID_KEYS"])
def test_a_key_that_is_not_random_is_refused(name: str, raw: bytes) -> None:
    (error,) = errors(**{name: [base64.urlsafe_b64encode(raw).decode()]})
    assert error.startswith(f"edm.E003 {name} ")


def test_an_older_key_is_named_by_its_number() -> None:
    older = base64.urlsafe_b64encode(b"\7" * 32).decode()
    (error,) = errors(TRACKING_KEYS=[new_fernet_key(), older])
    assert error == "edm.E003 Key 2 of TRACKING_KEYS is not random."


def test_a_short_token_for_the_metrics_is_refused() -> None:
    assert errors(METRICS_TOKEN="k3Vq9Zr2") == [
        "edm.E003 METRICS_TOKEN is shorter than 32 characters."
    ]


@pytest.mark.parametrize("name", ["CREDENTIALS_KEYS", "ERASURE_KEYS", "MESSAGE_ID_KEYS"])
def test_a_key_for_two_purposes_is_refused(name: str) -> None:
    (error,) = errors(**{name: SITE["TRACKING_KEYS"]})
    assert error.startswith("edm.E004 ")
    assert name in error and "TRACKING_KEYS" in error


def test_a_secret_key_that_is_the_token_of_the_metrics_too_is_refused() -> None:
    (error,) = errors(METRICS_TOKEN=SITE["SECRET_KEY"])
    assert error.startswith("edm.E004 SECRET_KEY and METRICS_TOKEN are the same")


def test_the_same_key_twice_in_a_list_is_refused() -> None:
    key = new_fernet_key()
    assert errors(CREDENTIALS_KEYS=[key, key]) == [
        "edm.E004 Key 1 of CREDENTIALS_KEYS and Key 2 of CREDENTIALS_KEYS are the same: "
        "what leaks in one place opens the other."
    ]


@pytest.mark.parametrize("password", ["postgres", "edm", "k3Vq9Z", "changeme-changeme"])
def test_a_password_of_the_database_that_is_none_is_refused(
    password: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"USER": "edm", "PASSWORD": password}.items():
        monkeypatch.setitem(settings.DATABASES["default"], name, value)
    (error,) = errors()
    assert error.startswith("edm.E005 The password in DATABASE_URL ")


@pytest.mark.parametrize(
    "host", ["*", ".com", ".co.uk", ".org.au", ".gv.at", "*.ourshop.de", "edm.example.com"]
)
def test_a_host_that_is_any_is_refused(host: str) -> None:
    (error,) = errors(ALLOWED_HOSTS=["edm.ourshop.de", host])
    assert error.startswith(f"edm.E007 ALLOWED_HOSTS has {host!r}")


def test_a_domain_of_ones_own_is_let_pass() -> None:
    assert errors(ALLOWED_HOSTS=[".ourshop.de", ".shop.co.uk", "localhost"]) == []


@pytest.mark.parametrize(
    ("url", "wrong"),
    [
        ("http://edm.ourshop.de", "is not https"),
        ("https://edm.example.com", "is an example"),
        ("https://localhost", "is an example, or this machine"),
        ("https://mail.ourshop.de", "is not in ALLOWED_HOSTS"),
    ],
)
def test_an_address_that_recipients_do_not_reach_safely_is_refused(url: str, wrong: str) -> None:
    (error,) = errors(PUBLIC_URL=url)
    assert error.startswith(f"edm.E008 PUBLIC_URL is {url}, which ")
    assert wrong in error


@pytest.mark.parametrize(("mode", "found"), [(0o600, 0), (0o640, 0), (0o644, 1)])
def test_an_environment_file_that_everybody_can_read_is_refused(
    mode: int, found: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / ".env"
    path.touch()
    path.chmod(mode)
    monkeypatch.setattr("edm_project.checks.deploy.ENVIRONMENT_FILE", path)
    assert [error.split()[0] for error in errors()] == ["edm.E011"] * found


def test_an_older_secret_key_that_is_none_is_refused() -> None:
    assert errors(SECRET_KEY_FALLBACKS=["k" * 60]) == [
        "edm.E003 Key 1 of SECRET_KEY_FALLBACKS is not random."
    ]


def test_debug_is_refused() -> None:
    assert errors(DEBUG=True) == [
        "edm.E006 DEBUG is on: pages that fail show source and settings to everybody."
    ]


def test_debug_is_off_unless_it_is_switched_on() -> None:
    show = "from django.conf import settings; print(settings.DEBUG)"
    variables = {name: value for name, value in filled().items() if name != "DEBUG"}
    result = manage("shell", "--verbosity=0", "--command", show, **variables)
    assert result.stdout.strip() == "False", result.stderr


def test_cookies_of_production_belong_to_this_host_alone() -> None:
    """A name that begins with __Host- is taken with Secure, without Domain, for the whole site."""
    kinds, parts = ("SESSION", "CSRF", "LANGUAGE"), "NAME SECURE HTTPONLY SAMESITE DOMAIN PATH"
    show = (
        "from django.conf import settings as s; "
        f"[print(*(getattr(s, f'{{k}}_COOKIE_{{p}}') for p in '{parts}'.split())) for k in {kinds}]"
    )
    variables = {name: value for name, value in filled().items() if name != "DEBUG"}
    result = manage("shell", "--verbosity=0", "--command", show, **variables)
    assert result.stdout.split("\n")[:3] == [
        f"__Host-{name} True True Lax None /" for name in ("sessionid", "csrftoken", "language")
    ]


def test_a_fresh_clone_is_told_what_to_set_in_one_line() -> None:
    result = manage("migrate")
    (line,) = result.stderr.splitlines()
    assert result.returncode == 1
    assert "on a development machine set DEBUG=True" in line


def test_every_test_that_the_threat_model_names_is_there() -> None:
    named = re.findall(r"`(tests/[\w/]+\.py)`", (BASE_DIR / "docs" / "security.md").read_text())
    assert len(named) > 10
    assert [name for name in named if not (BASE_DIR / name).exists()] == []
