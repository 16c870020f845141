"""A template and a value that cost far more than their length."""

from __future__ import annotations

WORDS = " ".join(str(n) for n in range(60_000))
UNIQUE = "{% if words %}{% assign w = words | split: ' ' | uniq %}{{ w | size }}{% endif %}"
