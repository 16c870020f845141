"""Judge a secret: long enough, random, and not published."""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections import Counter
from functools import lru_cache
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PUBLISHED_IN = (".env.example", "*.md", "docs/**/*.md", "bench/**/*.py")
"""Files of this repository: a key in one of them is public."""
WORDS = re.compile(
    r"replace|change|placeholder|example|insecure|secret|password|passwort|passphrase|default"
    r"|dummy|sample|random|character|benchmark|django|dispatch|letmein|welcome|admin"
    r"|qwert|newest|older",
    re.IGNORECASE,
)
FEWEST_BITS = 96
"""By its characters alone: 32 random hexadecimal digits seem to have about 115."""
MOST_NEIGHBOURS = 0.5
"""The part of characters that follow the one before in the alphabet, or repeat it: 0.17 of random
hexadecimal digits, 0.05 of random letters and digits, all of abcdef.
"""


def flaw(secret: str, shortest: int) -> str:
    """The flaw of a secret, as text that follows its name; empty if there is none."""
    if len(secret) < shortest:
        return f"is shorter than {shortest} characters"
    if _is_published(secret):
        return "can be read in this repository"
    if _is_not_random(secret):
        return "is not random"
    return ""


def _is_published(secret: str) -> bool:
    return bool(WORDS.search(secret)) or secret in _published()


@lru_cache(maxsize=1)
def _published() -> str:
    files = [path for pattern in PUBLISHED_IN for path in PROJECT.glob(pattern)]
    return "\n".join(path.read_text("utf-8", errors="replace") for path in files)


def _is_not_random(secret: str) -> bool:
    decoded = _decoded(secret)
    return _is_text(decoded) or any(
        _bits(text) < FEWEST_BITS or _neighbours(text) > MOST_NEIGHBOURS or _repeats(text)
        for text in (secret, decoded)
        if text
    )


def _decoded(secret: str) -> str:
    """The bytes of a Fernet key, one character each; nothing for another secret."""
    try:
        raw = base64.urlsafe_b64decode(secret)
    except (binascii.Error, ValueError):
        return ""
    return raw.decode("latin-1") if len(raw) == 32 else ""


def _is_text(decoded: str) -> bool:
    """Of random bytes a third or so are letters, digits and signs; of 32 never nine in ten."""
    return bool(decoded) and sum(" " <= character <= "~" for character in decoded) > 0.9 * 32


def _bits(text: str) -> float:
    """The most entropy that the frequencies of its characters allow."""
    counts = Counter(text).values()
    return -sum(count * math.log2(count / len(text)) for count in counts)


def _repeats(text: str) -> bool:
    """Whether many groups of four characters occur twice, as in a repeated word."""
    groups = [text[start : start + 4] for start in range(len(text) - 3)]
    return len(set(groups)) < 0.8 * len(groups)


def _neighbours(text: str) -> float:
    steps = [ord(after) - ord(before) for before, after in zip(text, text[1:], strict=False)]
    return sum(step in (-1, 0, 1) for step in steps) / max(len(steps), 1)
