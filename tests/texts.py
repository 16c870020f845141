"""What a test looks for in a page, a header or a message, and must find."""

from __future__ import annotations

import re
from email.message import EmailMessage


def group(pattern: str, text: str, flags: re.RegexFlag = re.NOFLAG) -> str:
    """The first group of the first place in the text that the pattern fits."""
    found = re.search(pattern, text, flags)
    assert found is not None, f"nothing fits {pattern}"
    return found[1]


def part_of(message: EmailMessage, subtype: str) -> str:
    """The text of a message's part, `html` or `plain`."""
    part = message.get_body((subtype,))
    assert part is not None, f"there is no text/{subtype}"
    return str(part.get_content())
