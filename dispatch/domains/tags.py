"""Records that are lists of tags, as DKIM and DMARC write them."""

from __future__ import annotations


def tags_of(record: str) -> dict[str, str]:
    """`v=DMARC1; p=none` as names and values; the first of a name counts."""
    tags: dict[str, str] = {}
    for part in record.split(";"):
        name, separator, value = part.partition("=")
        if separator:
            tags.setdefault(name.strip().lower(), value.strip())
    return tags
