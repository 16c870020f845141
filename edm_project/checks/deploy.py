"""The refusals of `manage.py check --deploy`: weak secrets, and a site that is too open.

They are errors, so that the command fails without further options; Django's own are warnings.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.http.request import split_domain_port, validate_host

from edm_project.checks.secrets_quality import flaw
from edm_project.environment import MAKE_KEY_COMMAND

KEY_LISTS = ("CREDENTIALS_KEYS", "TRACKING_KEYS", "ERASURE_KEYS", "MESSAGE_ID_KEYS")
ENVIRONMENT_FILE = Path(settings.BASE_DIR) / ".env"
SHORTEST_SECRET_KEY, SHORTEST_KEY, SHORTEST_TOKEN, SHORTEST_PASSWORD = 50, 44, 32, 12
MAKE_TEXT_COMMAND = 'python -c "import secrets; print(secrets.token_urlsafe(50))"'
REGISTRIES = {
    "ac", "asn", "biz", "co", "com", "ed", "edu", "go", "gob", "gouv", "gov", "gub", "gv", "id",
    "info", "ltd", "me", "mil", "ne", "net", "nhs", "nom", "or", "org", "plc", "sch",
}  # fmt: skip
"""Second-level names below a country's domain that are public suffixes, as in .co.uk."""
RESERVED = ("example", "example.com", "example.net", "example.org", "invalid", "localhost", "test")
"""Names that no real site has (RFC 2606)."""


def _secrets() -> Iterator[tuple[str, str, int, str]]:
    """Each secret with its name, its least length, and how one is made."""
    yield "SECRET_KEY", settings.SECRET_KEY, SHORTEST_SECRET_KEY, MAKE_TEXT_COMMAND
    for number, key in enumerate(settings.SECRET_KEY_FALLBACKS, start=1):
        yield (
            f"Key {number} of SECRET_KEY_FALLBACKS",
            *(key, SHORTEST_SECRET_KEY, "take it out instead"),
        )
    for name in KEY_LISTS:
        keys = getattr(settings, name)
        for number, key in enumerate(keys, start=1):
            known_as = f"Key {number} of {name}" if len(keys) > 1 else name
            yield known_as, key, SHORTEST_KEY, MAKE_KEY_COMMAND
    if settings.METRICS_TOKEN:
        yield "METRICS_TOKEN", settings.METRICS_TOKEN, SHORTEST_TOKEN, MAKE_TEXT_COMMAND


@register(Tags.security, deploy=True)
def check_secrets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(f"{name} {wrong}.", hint=f"Make one with: {how}", id="edm.E003")
        for name, secret, shortest, how in _secrets()
        if (wrong := flaw(secret, shortest))
    ]


@register(Tags.security, deploy=True)
def check_one_purpose_each(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    names = defaultdict(list)
    for name, secret, *_ in _secrets():
        names[secret.rstrip("=")].append(name)
    names[_password()].append("The password in DATABASE_URL")
    return [
        Error(
            f"{', '.join(same[:-1])} and {same[-1]} are the same: what leaks in one place "
            "opens the other.",
            hint="Make a secret of its own for each.",
            id="edm.E004",
        )
        for secret, same in names.items()
        if secret and len(same) > 1
    ]


@register(Tags.security, deploy=True)
def check_database_password(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    """A URL without a password is allowed: the server may identify users by their local account or
    a certificate."""
    password = _password()
    is_known = password == settings.DATABASES["default"].get("USER")
    wrong = flaw(password, SHORTEST_PASSWORD) if password else ""
    if not password or not (is_known or wrong and wrong != "is not random"):
        return []
    wrong = "is the name of the user" if is_known else wrong
    return [
        Error(
            f"The password in DATABASE_URL {wrong}.",
            hint=f"Make one with: {MAKE_TEXT_COMMAND}",
            id="edm.E005",
        )
    ]


def _password() -> str:
    return str(settings.DATABASES["default"].get("PASSWORD") or "")


@register(Tags.database, deploy=True)
def check_database_role(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Runs with `check --deploy --database default` only: it needs a connection."""
    errors: list[CheckMessage] = []
    for alias in databases or ():
        with connections[alias].cursor() as cursor:
            cursor.execute(
                "SELECT current_user, rolsuper FROM pg_roles WHERE rolname = current_user"
            )
            name, is_superuser = cursor.fetchone()
        if is_superuser:
            errors.append(
                Error(
                    f"The site uses the database {alias!r} as {name}, a superuser: who takes over "
                    "a web process has the server.",
                    hint="Make a role for it: manage.py grant_database_role, docs/operations.md.",
                    id="edm.E009",
                )
            )
    return errors


@register(Tags.security, deploy=True)
def check_debug(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    if not settings.DEBUG:
        return []
    return [
        Error(
            "DEBUG is on: pages that fail show source and settings to everybody.",
            hint="Take DEBUG out of .env and of the environment, or set it to False.",
            id="edm.E006",
        )
    ]


@register(Tags.security, deploy=True)
def check_environment_file(
    app_configs: Sequence[AppConfig] | None, **kwargs: Any
) -> list[CheckMessage]:
    if not ENVIRONMENT_FILE.exists() or not ENVIRONMENT_FILE.stat().st_mode & 0o007:
        return []
    return [
        Error(
            ".env can be read by every account of this machine, with all keys in it.",
            hint="chmod 600 .env, or 640 and the group of the service.",
            id="edm.E011",
        )
    ]


@register(Tags.security, deploy=True)
def check_hosts(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    return [
        Error(f"ALLOWED_HOSTS has {host!r}, {wrong}.", hint="Name each host.", id="edm.E007")
        for host in settings.ALLOWED_HOSTS
        if (wrong := _too_wide(host))
    ]


def _too_wide(host: str) -> str:
    labels = host.lower().strip(".").split(".")
    if "*" in host:
        return "which is any host"
    if host.startswith(".") and (
        len(labels) == 1 or len(labels) == 2 and labels[0] in REGISTRIES and len(labels[1]) == 2
    ):
        return "which is a host of anybody"
    return "which is an example" if _is_reserved(host) and labels[-1] != "localhost" else ""


def _is_reserved(host: str) -> bool:
    name = host.lower().strip(".")
    return any(name == reserved or name.endswith(f".{reserved}") for reserved in RESERVED)


@register(Tags.security, deploy=True)
def check_public_url(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    parts = urlsplit(settings.PUBLIC_URL)
    host = split_domain_port(parts.netloc)[0] or str(parts.hostname)
    errors = []
    if parts.scheme != "https":
        errors.append(
            "is not https: links in mail can be read and changed on their way, and mail programs "
            "offer one-click unsubscribing, which the large mailbox providers ask for, only for "
            "https (RFC 8058)"
        )
    if _is_reserved(host) or host.startswith("127.") or host == "[::1]":
        errors.append("is an example, or this machine: no recipient reaches it")
    elif not validate_host(host, settings.ALLOWED_HOSTS):
        errors.append("leads to a host that is not in ALLOWED_HOSTS, and is answered with an error")
    return [
        Error(
            f"PUBLIC_URL is {settings.PUBLIC_URL}, which {wrong}.",
            hint="Set it to the https address by which recipients reach this site.",
            id="edm.E008",
        )
        for wrong in errors
    ]
