"""Read settings from the environment. A bad value raises ImproperlyConfigured naming the variable
and the fix, so that a traceback is not needed to correct it."""

import base64
import binascii
import contextlib
import ipaddress
import os
import re
import zoneinfo
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

env = environ.Env()


def text(name: str, default: str | None = None, *, hint: str = "") -> str:
    """The variable's value, as it is: `env.str` takes one that begins with a dollar sign, as a
    random key may, for the name of another variable. Without a default it is required, and `hint`
    says what to set.
    """
    value: str = env.ENVIRON.get(name, "").strip() or (default or "")
    if not value and default is None:
        raise ImproperlyConfigured(
            f"{name} is not set. {hint} Production needs it; on a development machine set "
            "DEBUG=True, in the environment or in .env."
        )
    return value


def boolean(name: str, default: bool) -> bool:
    value = text(name, "True" if default else "False").lower()
    if value in {"true", "1", "yes", "on"}:
        return True
    if value in {"false", "0", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}. Set it to True or False.")


def integer(name: str, default: int, *, minimum: int = 0) -> int:
    value = text(name, str(default))
    if not value.isascii() or not value.isdigit() or int(value) < minimum:
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Set it to a whole number, {minimum} or more."
        )
    return int(value)


def number(name: str, default: float) -> float:
    """A number with or without decimals, not below zero."""
    value = text(name, f"{default:g}")
    if not re.fullmatch(r"\d+(\.\d+)?", value, re.ASCII):
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to a number such as 0.3.")
    return float(value)


def choice(name: str, default: str, choices: tuple[str, ...]) -> str:
    value = text(name, default)
    if value not in choices:
        raise ImproperlyConfigured(f"{name} is {value!r}. Set it to one of: {', '.join(choices)}.")
    return value


def names(name: str, default: list[str] | None = None, *, hint: str = "") -> list[str]:
    """A comma-separated list without empty parts."""
    value = text(name, None if default is None else ",".join(default), hint=hint)
    return [part.strip() for part in value.split(",") if part.strip()]


def numbers(name: str, default: list[float]) -> list[float]:
    """A comma-separated list of numbers, none below zero."""
    parts = names(name, [f"{number:g}" for number in default])
    if not all(re.fullmatch(r"\d+(\.\d+)?", part, re.ASCII) for part in parts):
        raise ImproperlyConfigured(
            f"{name} is {','.join(parts)!r}. Set it to numbers separated by commas, such as 60,300."
        )
    return [float(part) for part in parts]


def ports(name: str, default: str) -> list[tuple[int, int]]:
    """Ports and ranges of ports, such as 25,8000-8010, as their first and last."""
    found = []
    for part in names(name, [default]):
        first, _, last = part.partition("-")
        if not all(re.fullmatch(r"\d{1,5}", each, re.ASCII) for each in (first, last or first)):
            raise ImproperlyConfigured(
                f"{name} has {part!r}. Set it to ports and ranges such as 25,465,8000-8010."
            )
        found.append((int(first), int(last or first)))
    return found


def networks(name: str, default: list[str]) -> list[str]:
    """IP networks in CIDR notation, separated by commas."""
    parts = names(name, default)
    for part in parts:
        try:
            ipaddress.ip_network(part)
        except ValueError:
            raise ImproperlyConfigured(
                f"{name} has {part!r}. Set it to networks such as 10.0.0.0/8 or fd00::/8."
            ) from None
    return parts


def http_url(name: str, default: str | None = None, *, hint: str = "") -> str:
    """An absolute http(s) URL without a trailing slash."""
    value = text(name, default, hint=hint)
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Set it to a URL such as https://edm.example.com."
        )
    return value.rstrip("/")


def optional_http_url(name: str) -> str:
    """As `http_url`, or nothing when it is not set."""
    return http_url(name) if text(name, "") else ""


def name_servers(name: str, default: list[str]) -> list[str]:
    """IP addresses, each with a port or without, separated by commas."""
    parts = names(name, default)
    for part in parts:
        if not _is_name_server(part):
            raise ImproperlyConfigured(
                f"{name} has {part!r}. "
                "Set it to IP addresses such as 192.0.2.53 or 192.0.2.53:5353."
            )
    return parts


def _is_name_server(text: str) -> bool:
    bracketed = re.fullmatch(r"\[([0-9a-fA-F:.]+)\](?::(\d{1,5}))?", text, re.ASCII)
    with_port = re.fullmatch(r"([0-9.]+):(\d{1,5})", text, re.ASCII)
    found = bracketed or with_port
    host, port = (found[1], found[2]) if found else (text, None)
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return port is None or 0 < int(port) < 65536


def address(name: str, default: str) -> str:
    """A plain email address, or nothing."""
    value = text(name, default)
    if value and not re.fullmatch(r"[\w.+-]+@[\w-]+(\.[\w-]+)+", value, re.ASCII):
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Set it to an address such as unsubscribe@example.com."
        )
    return value


def secret(name: str, made_once: Path | None) -> str:
    """A secret text; one that is not set is made once and kept in the file, if one is given."""
    if made_once is None:
        return text(name, hint="Set it to a long random text.")
    return text(name, "") or generated_once(made_once, get_random_secret_key)


def keys(name: str, made_once: Path | None) -> list[str]:
    """Fernet keys, the current one first; as with `secret`."""
    if made_once is None:
        return fernet_keys(name, hint=f"Make a key with: {MAKE_KEY_COMMAND}")
    return fernet_keys(name, []) or [generated_once(made_once, new_fernet_key)]


def fernet_keys(name: str, default: list[str] | None = None, *, hint: str = "") -> list[str]:
    keys = names(name, default, hint=hint)
    for position, key in enumerate(keys, start=1):
        if not _is_fernet_key(key):
            raise ImproperlyConfigured(
                f"Key {position} of {name} is not a Fernet key (32 bytes in URL-safe base64). "
                f"Make one with: {MAKE_KEY_COMMAND}"
            )
    return keys


MAKE_KEY_COMMAND = (
    'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'
)


def _is_fernet_key(key: str) -> bool:
    try:
        return len(base64.urlsafe_b64decode(key)) == 32
    except (binascii.Error, ValueError):
        return False


def new_fernet_key() -> str:
    return base64.urlsafe_b64encode(os.urandom(32)).decode()


def generated_once(path: Path, make: Callable[[], str]) -> str:
    """The secret kept in `path`, made on first use. Processes that start at the same moment get the
    same one: the file appears complete, by a hard link, and the first link wins."""
    if not path.exists():
        make_private(path.parent)
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(make())
        try:
            os.link(draft, path)
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    tighten(path)
    return path.read_text().strip()


def make_private(directory: Path) -> None:
    """Make a directory that no other account may enter, and its missing parents likewise."""
    missing = [path for path in (directory, *directory.parents) if not path.exists()]
    for path in reversed(missing):
        path.mkdir(mode=0o700, exist_ok=True)
    tighten(directory)


def tighten(path: Path) -> None:
    """Remove other accounts' permissions from our files that were created with more."""
    with contextlib.suppress(FileNotFoundError):
        status = path.stat()
        if status.st_mode & 0o077 and status.st_uid == os.geteuid():
            path.chmod(status.st_mode & 0o700)


def identifier(name: str, default: str) -> str:
    """A PostgreSQL name that needs no quoting."""
    value = text(name, default)
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", value):
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Set it to lower-case letters, digits and underscores."
        )
    return value


def time_zone(name: str, default: str) -> str:
    value = text(name, default)
    try:
        zoneinfo.ZoneInfo(value)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise ImproperlyConfigured(
            f"{name} is {value!r}. Set it to a name such as Europe/Berlin."
        ) from None
    return value
