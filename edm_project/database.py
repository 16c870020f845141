"""DATABASES: the server named by DATABASE_URL, or the embedded PostgreSQL when it is not set."""

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from edm_project import environment
from embedded_postgres.address import Address

POSTGRESQL = "django.db.backends.postgresql"


def database(embedded_home: Path) -> dict[str, Any]:
    """One entry of DATABASES. The embedded server only starts with the first connection."""
    url = environment.text("DATABASE_URL", "")
    settings = _from_url(url) if url else _embedded(embedded_home)
    settings["TEST"] = {"NAME": environment.text("TEST_DATABASE_NAME", "test_edm")}
    settings["CONN_MAX_AGE"] = environment.integer("CONN_MAX_AGE_SECONDS", 60)
    settings["CONN_HEALTH_CHECKS"] = True
    if url and settings["ENGINE"] != POSTGRESQL:
        return settings  # these options would crash before the system check can name the mistake
    settings["OPTIONS"] = {**_connection_options(), **settings.get("OPTIONS", {})}
    settings["SESSION"] = _session_settings()
    return settings


def _from_url(url: str) -> dict[str, Any]:
    try:
        settings = environ.Env.db_url_config(url)
    except (ValueError, KeyError) as error:
        settings = {}
        reason = f" ({error})"
    else:
        reason = ""
    if not settings.get("ENGINE") or not settings.get("NAME"):
        raise ImproperlyConfigured(
            f"DATABASE_URL cannot be understood{reason}. "
            "Set it to postgres://user:password@host:5432/name."
        )
    return dict(settings)


def _embedded(home: Path) -> dict[str, Any]:
    server = Address(home)
    return {
        "ENGINE": "embedded_postgres.backend",
        "NAME": server.database,
        "USER": server.user,
        "HOST": str(server.socket_directory),
        "EMBEDDED_HOME": home,
    }


def _session_settings() -> dict[str, str]:
    """What the server sets for every session of ours: the time-outs that bound every statement,
    lock wait and idle transaction, and the keepalives by which it notices a dead host of ours
    within some ten seconds: what its sessions have locked would else stay so for hours.
    `edm_project.sessions` sets them after connecting, as PgBouncer refuses them before."""
    seconds = {
        "statement_timeout": environment.integer("STATEMENT_TIMEOUT_SECONDS", 30),
        "lock_timeout": environment.integer("LOCK_TIMEOUT_SECONDS", 5),
        "idle_in_transaction_session_timeout": environment.integer(
            "IDLE_IN_TRANSACTION_TIMEOUT_SECONDS", 10
        ),
    }
    return {
        **{name: f"{value}s" for name, value in seconds.items()},
        "tcp_keepalives_idle": "5s",
        "tcp_keepalives_interval": "2s",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": "10s",
    }


def _connection_options() -> dict[str, Any]:
    """How long connecting takes at most, and the keepalives by which we notice a dead server within
    half a minute."""
    return {
        "connect_timeout": environment.integer("CONNECT_TIMEOUT_SECONDS", 5, minimum=1),
        "keepalives": 1,
        "keepalives_idle": 10,
        "keepalives_interval": 5,
        "keepalives_count": 4,
        "tcp_user_timeout": 30_000,  # milliseconds
    }
