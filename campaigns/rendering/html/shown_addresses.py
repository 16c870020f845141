"""Links whose text is a web address. Their href is not rewritten: to readers and filters, a text
that shows one address on a link to another looks like phishing."""

from __future__ import annotations

import re
import unicodedata

MOST_CHARACTERS = 2_000
"""The most characters of a link's text that are checked; an address is recognised by its beginning,
or is not longer."""
_BLANK = re.compile(r"\s+")
_EDGES = re.compile(r"\A[\W_]+|[\W_]+\Z")
_WITH_BEGINNING = re.compile(r"(?:[a-z][a-z0-9+.-]*+:[/\\]{2}|www\d?\.)[\w\[]", re.IGNORECASE)
_LABEL = r"[^\W_](?:[\w-]{0,61}[^\W_])?"
_WITHOUT_BEGINNING = re.compile(
    rf"(?:{_LABEL}\.){{1,20}}(?:[^\W\d_]{{2,63}}|xn--[a-z0-9-]{{2,59}})(?::\d{{1,5}})?(?:[/\\?#]\S*)?",
    re.IGNORECASE,
)
_FULL_STOPS = str.maketrans("。｡．", "...")  # also between the labels of a host


def is_address(text: str) -> bool:
    """Whether a link's text, its character references decoded, is a web address: any text that
    begins with a scheme or "www."; else a host with or without a path.

    Blanks around it, punctuation around it and invisible characters in it do not count; neither do
    blanks in the beginning ("www. example.com"), as its parts may come from different elements.
    """
    text = unicodedata.normalize("NFKC", text[: MOST_CHARACTERS + 1])
    text = "".join(char for char in text if unicodedata.category(char) != "Cf")
    bare = _EDGES.sub("", _BLANK.sub(" ", text))
    if _WITH_BEGINNING.match(bare.replace(" ", "").translate(_FULL_STOPS)):
        return True
    return len(text) <= MOST_CHARACTERS and bool(_WITHOUT_BEGINNING.fullmatch(bare))
