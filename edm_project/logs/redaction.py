"""Remove keys and tokens from text before it is logged or reported.

Every pattern is linear in the length of the text: repetitions are bounded, or cannot match what
comes next.
"""

from __future__ import annotations

import re
from functools import lru_cache

from django.conf import settings

HIDDEN = "[hidden]"
SHORTEST_SECRET = 8  # characters; a shorter one would be found in ordinary words
_SLASH = r"(?:/|%(?:25){0,3}2[Ff])"

SECRET_NAMES = (
    r"passw(?:or)?d|passphrase|secret|token|credential|signature|authorization|cookie|sessionid"
    r"|(?:api|app|access|private|signing|webhook|verification|secret|encryption)[_-]?keys?"
    r"|(?:credentials|tracking|erasure|message_id)_keys|verification_code|otp"
)
"""Parts of the names of variables, settings, headers and fields whose values are secret."""

_VALUE = (
    r"(?:(?:Basic|Bearer|Digest) {1,3})?"
    r"(?:[A-Za-z]{1,30}\()?(?:[bru]{1,2}(?=[\"']))?"  # SecretStr('…'), b'…'
    r"(?:\"(?:[^\"\\\n]|\\.){0,5000}+\"?|'(?:[^'\\\n]|\\.){0,5000}+'?"
    r"|\\{1,3}[\"'][^\"'\\\n]{0,5000}|[^\s,;&)}\]\"']{1,5000})"
)
# Each with texts, in lower case, of which one is there wherever the pattern matches: most lines
# have none, and a line is logged for each message.
_PATTERNS = (
    # Addresses of webhooks: the provider stays.
    (
        ("hooks",),
        re.compile(rf"(hooks{_SLASH}[\w-]{{1,50}}{_SLASH})[^\s/?#\"'<>,&]{{8,5000}}"),
        rf"\1{HIDDEN}",
    ),
    # Links in mail (`tracking.links.personalise.PATHS`).
    (
        ("/", "%"),
        re.compile(rf"({_SLASH}[ocwup]{_SLASH})[A-Za-z0-9_=%.~+-]{{20,5000}}"),
        rf"\1{HIDDEN}",
    ),
    # The password in an address.
    (("://",), re.compile(r"(://[^\s/@:]{0,300}:)[^\s/@]{1,500}@"), rf"\1{HIDDEN}@"),
    # A header with its value, which may have blanks.
    (
        ("authorization", "cookie", "-signature"),
        re.compile(
            r"\b((?:proxy-)?authorization|(?:set-)?cookie|x-[\w-]{1,60}-signature)(: ?)"
            r"[^\r\n]{1,5000}",
            re.IGNORECASE,
        ),
        rf"\1\2{HIDDEN}",
    ),
    # A header or setting without quotation marks, whose value is no word of a sentence.
    (
        ("passw", "passphrase", "secret", "token", "credential", "signature", "key", "otp", "code"),
        re.compile(
            rf"((?:{SECRET_NAMES})[\w-]{{0,40}} {{0,3}}: {{1,3}}['\"]?)"
            r"(?=[a-z]{0,40}[^\sa-z,;.:()'\"])[^\s,;'\"]{8,5000}",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
    # What is said to mail servers.
    (
        ("auth ", "login "),
        re.compile(r"\b(AUTH (?:PLAIN|LOGIN|XOAUTH2) |\bLOGIN [^\s]{1,300} )[^\s]{1,5000}"),
        rf"\1{HIDDEN}",
    ),
    # name=value, 'name': 'value', "name": "value", ('name', 'value').
    (
        ("=", "'", '"'),
        re.compile(
            rf"((?:{SECRET_NAMES})[\w-]{{0,40}}"
            r"(?:\\{0,3}['\"]? {0,3}=>? {0,3}|\\{0,3}['\"] {0,3}[:,] {0,3}))"
            rf"{_VALUE}",
            re.IGNORECASE,
        ),
        rf"\1{HIDDEN}",
    ),
)


def redact(text: str) -> str:
    """`text` without the secrets of this site, tokens of links, keys of webhooks, passwords."""
    lower = text.lower()
    for hints, pattern, replacement in _PATTERNS:
        if any(hint in lower for hint in hints):
            text = pattern.sub(replacement, text)
    for secret in _ordered(_own_secrets()):
        text = text.replace(secret, HIDDEN)
    return text


def _own_secrets() -> tuple[str, ...]:
    """The secrets among the settings; none while they are being read."""
    if not settings.configured:
        return ()
    keys = (
        settings.CREDENTIALS_KEYS,
        settings.TRACKING_KEYS,
        settings.ERASURE_KEYS,
        settings.MESSAGE_ID_KEYS,
    )
    database = str(settings.DATABASES["default"].get("PASSWORD") or "")
    return (
        settings.SECRET_KEY,
        settings.METRICS_TOKEN,
        database,
        *(key for each in keys for key in each),
    )


@lru_cache(maxsize=4)
def _ordered(secrets: tuple[str, ...]) -> tuple[str, ...]:
    """The longest first, so that no secret is left in part."""
    long = {secret for secret in secrets if len(secret) >= SHORTEST_SECRET}
    return tuple(sorted(long, key=lambda secret: (-len(secret), secret)))
