"""Settings as an operator meets them: a process with an environment, and what it says."""

import json
import logging
import re
import secrets
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import connection

from edm_project import environment, sessions
from edm_project.checks.always import encoding_errors, version_errors
from edm_project.logs.lines import JsonFormatter

PROJECT = Path(__file__).resolve().parents[2]
EXAMPLE = (PROJECT / ".env.example").read_text()


def production() -> dict[str, str]:
    """The production block of .env.example."""
    block = EXAMPLE.split("# --- Production", 1)[1]
    return dict(re.findall(r"^#([A-Z_]+)=(.*)$", block, re.MULTILINE))


@lru_cache(maxsize=1)
def filled() -> dict[str, str]:
    """The production block, filled in as it says."""
    keys = [name for name in production() if name.endswith("_KEYS")]
    return {
        **production(),
        **{name: environment.new_fernet_key() for name in keys},
        "SECRET_KEY": secrets.token_urlsafe(50),
        "DATABASE_URL": f"postgres://edm:{secrets.token_urlsafe(20)}@db.ourshop.de:5432/edm",
        "ALLOWED_HOSTS": "edm.ourshop.de",
        "PUBLIC_URL": "https://edm.ourshop.de",
    }


def manage(*arguments: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """Run manage.py with exactly these variables."""
    return subprocess.run(
        [sys.executable, "manage.py", *arguments],
        cwd=PROJECT,
        env=variables,
        capture_output=True,
        text=True,
    )


def error_of(**variables: str) -> str:
    """The last line a command prints when settings do not load."""
    result = manage("check", **variables)
    assert result.returncode != 0
    return result.stderr.strip().splitlines()[-1]


def test_the_production_example_passes_the_deployment_check_when_it_is_filled_in() -> None:
    result = manage("check", "--deploy", "--fail-level", "WARNING", **filled())
    assert result.returncode == 0, result.stderr


def test_production_answers_probes_in_plain_http() -> None:
    """Not sent to https: a probe takes a redirect for an answer, or follows it to nowhere."""
    variables = production()
    host = variables["ALLOWED_HOSTS"].split(",")[0]
    ask = f"Client().get('/healthz', headers={{'Host': '{host}'}}).status_code"
    result = manage(
        "shell", "--command", f"from django.test import Client; print({ask})", **variables
    )
    assert result.stdout.splitlines()[-1:] == ["200"], result.stderr


@pytest.mark.parametrize(
    "name",
    [
        "SECRET_KEY",
        "CREDENTIALS_KEYS",
        "TRACKING_KEYS",
        "ERASURE_KEYS",
        "MESSAGE_ID_KEYS",
        "DATABASE_URL",
        "ALLOWED_HOSTS",
        "PUBLIC_URL",
    ],
)
def test_production_names_the_variable_that_is_missing(name: str) -> None:
    assert f"{name} is not set. " in error_of(**{**production(), name: ""})


def test_every_variable_is_documented() -> None:
    sources = [*(PROJECT / "edm_project").rglob("*.py")]
    pattern = r"(?:environment|environment\.env)\.\w+\(\s*\"([A-Z_]+)\""
    read = {name for path in sources for name in re.findall(pattern, path.read_text())}
    documented = set(re.findall(r"^#([A-Z_]+)=", EXAMPLE, re.MULTILINE))
    assert read
    assert read == documented


def test_another_database_is_refused_by_the_system_check() -> None:
    result = manage("check", DEBUG="True", DATABASE_URL="sqlite:///:memory:")
    assert "(edm.E002) The database 'default' is SQLite, not PostgreSQL." in result.stderr


def test_a_database_url_that_makes_no_sense_is_explained() -> None:
    assert "Set it to postgres://" in error_of(DEBUG="True", DATABASE_URL="nonsense")


def test_an_older_server_is_refused() -> None:
    (error,) = version_errors("default", (14, 9))
    assert error.id == "edm.E001"
    assert "PostgreSQL 14.9" in error.msg


def test_the_oldest_supported_server_is_accepted() -> None:
    assert version_errors("default", (15, 0)) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("statement_timeout", "30s"),
        ("lock_timeout", "5s"),
        ("idle_in_transaction_session_timeout", "10s"),
    ],
)
def test_every_connection_has_time_outs(setting: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting(%s)", [setting])
        assert cursor.fetchone() == (value,)


def test_a_word_is_no_boolean(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEBUG", "maybe")
    with pytest.raises(ImproperlyConfigured, match="DEBUG is 'maybe'. Set it to True or False."):
        environment.boolean("DEBUG", True)


@pytest.mark.parametrize("value", ["0", "-1", "two", "1.5"])
def test_a_number_below_its_minimum_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DISPATCHERS", value)
    with pytest.raises(ImproperlyConfigured, match="DISPATCHERS is .* whole number, 1 or more"):
        environment.integer("DISPATCHERS", 1, minimum=1)


def test_a_list_of_numbers_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRY_DELAYS_SECONDS", "0.5, 60")
    assert environment.numbers("RETRY_DELAYS_SECONDS", []) == [0.5, 60.0]


def test_a_list_with_a_word_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRY_DELAYS_SECONDS", "60,soon")
    with pytest.raises(ImproperlyConfigured, match="RETRY_DELAYS_SECONDS is '60,soon'"):
        environment.numbers("RETRY_DELAYS_SECONDS", [])


def test_an_unknown_time_zone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TIME_ZONE", "Mars/Olympus")
    with pytest.raises(ImproperlyConfigured, match="TIME_ZONE is 'Mars/Olympus'"):
        environment.time_zone("TIME_ZONE", "UTC")


def test_a_type_name_that_needs_quoting_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUBTASK_STATUS_TYPE", 'status"; DROP')
    with pytest.raises(ImproperlyConfigured, match="SUBTASK_STATUS_TYPE is"):
        environment.identifier("SUBTASK_STATUS_TYPE", "subtask_status")


def test_a_bad_credentials_key_is_named_by_position_and_not_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CREDENTIALS_KEYS", f"{environment.new_fernet_key()},hunter2")
    with pytest.raises(ImproperlyConfigured, match="Key 2 of CREDENTIALS_KEYS") as raised:
        environment.fernet_keys("CREDENTIALS_KEYS")
    assert "hunter2" not in str(raised.value)


def test_a_url_without_a_host_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PUBLIC_URL", "edm.example.com")
    with pytest.raises(ImproperlyConfigured, match="PUBLIC_URL is 'edm.example.com'"):
        environment.http_url("PUBLIC_URL")


@pytest.mark.parametrize("value", ["leave", "a b@example.com", "leave@example", "<a@b.com>"])
def test_what_is_no_mail_address_is_refused(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UNSUBSCRIBE_MAILBOX", value)
    with pytest.raises(ImproperlyConfigured, match="UNSUBSCRIBE_MAILBOX is"):
        environment.address("UNSUBSCRIBE_MAILBOX", "")


def test_a_key_may_begin_with_a_dollar_sign(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "$6h&*")
    assert environment.text("SECRET_KEY") == "$6h&*"


def test_a_generated_secret_stays_and_is_private(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret"
    first = environment.generated_once(path, lambda: "first")
    assert environment.generated_once(path, lambda: "second") == first
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_secret_and_a_directory_that_were_open_to_others_are_closed(tmp_path: Path) -> None:
    path = tmp_path / "var" / "secret"
    path.parent.mkdir(mode=0o755)
    path.write_text("kept")
    path.chmod(0o644)
    environment.make_private(path.parent)
    assert environment.generated_once(path, lambda: "made anew") == "kept"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_json_log_line_holds_the_message_and_the_traceback() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.LogRecord(
            "edm", logging.ERROR, "", 0, "Sorry, %s", ("no",), sys.exc_info()
        )
    line = json.loads(JsonFormatter().format(record))
    assert (line["level"], line["message"]) == ("ERROR", "Sorry, no")
    assert "ValueError: broken" in line["traceback"]


def test_nothing_but_what_pgbouncer_takes_is_said_before_a_session_begins() -> None:
    assert "options" not in settings.DATABASES["default"]["OPTIONS"]


@pytest.mark.django_db
def test_a_direct_connection_is_a_session_of_its_own() -> None:
    assert not sessions.is_shared(connection)


def test_an_unreachable_database_is_explained_in_a_sentence() -> None:
    url = "postgres://u:secret-of-the-test@127.0.0.1:1/x"
    done = manage("check", "--database", "default", **{**filled(), "DATABASE_URL": url})
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
    assert "Traceback" not in done.stderr
    assert "secret-of-the-test" not in done.stderr


@pytest.mark.parametrize("encoding", ["LATIN1", "SQL_ASCII", "EUC_CN"])
def test_a_database_that_cannot_store_every_language_is_named(encoding: str) -> None:
    (error,) = encoding_errors("default", encoding)
    assert error.id == "edm.E012"
    assert encoding in error.msg


def test_a_database_in_utf8_is_fine() -> None:
    assert encoding_errors("default", "UTF8") == []
