"""Hard or soft? What the receiver's own reply says, for providers that pass it on."""

from __future__ import annotations

import re
from typing import Any

from tracking.incoming import EventKind

ENHANCED = re.compile(r"\b([245])\.(\d{1,3})\.(\d{1,3})\b")


def by_status_code(enhanced: Any, basic: Any = None) -> EventKind | None:
    """The kind of a failure with this enhanced code (RFC 3463), which may stand in a longer text;
    None when that cannot be told.
    """
    match = ENHANCED.search(str(enhanced or ""))
    if match is None:
        return EventKind.SOFT_BOUNCED if str(basic or "").startswith("4") else None
    severity, subject, detail = match.groups()
    if severity != "5":
        return EventKind.SOFT_BOUNCED
    if subject == "1" and detail not in ("7", "8"):  # those two are about the sender
        return EventKind.HARD_BOUNCED
    if subject in ("6", "7") or (subject, detail) in (("3", "4"), ("2", "3")):
        return EventKind.REJECTED  # content, policy, size
    return EventKind.SOFT_BOUNCED
