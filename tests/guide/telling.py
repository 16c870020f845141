"""Reading off a page what it says of itself."""

from __future__ import annotations

import re


def told_on(page: str) -> str:
    """The sentence and the link on top of a page, as HTML."""
    found = re.search(r'<p id="purpose"[^>]*>(.*?)</p>', page)
    return found[1] if found else ""


def is_explained(page: str) -> bool:
    """Whether a screen has both; what has no sidebar is no screen."""
    link = re.search(r'\w[.。] <a [^>]*href="/admin/help/', told_on(page))
    return 'id="nav-sidebar"' not in page or link is not None
