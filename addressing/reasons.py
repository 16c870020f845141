"""Why an address is not valid: what the library says, in words of the product."""

from __future__ import annotations

import re

from django.utils.translation import gettext, gettext_noop

from addressing import library

NOT_A_DOMAIN = gettext_noop("The part after the @-sign is not a valid domain.")
NO_NAME = gettext_noop("There must be no name and no angle brackets around an email address.")
NOT_A_NUMBER = gettext_noop("There must be a domain after the @-sign, not a number in brackets.")
SENTENCES = (
    gettext_noop("An email address must have an @-sign."),
    gettext_noop("There must be something before the @-sign."),
    gettext_noop("There must be something after the @-sign."),
    gettext_noop("An email address cannot have two periods in a row."),
    gettext_noop("An email address cannot start with a period."),
    gettext_noop("An email address cannot end with a period."),
    gettext_noop("An email address cannot end with a hyphen."),
    gettext_noop("An email address cannot have a period immediately before the @-sign."),
    gettext_noop("An email address cannot have a period immediately after the @-sign."),
    gettext_noop("An email address cannot have a hyphen immediately after the @-sign."),
    gettext_noop("An email address cannot have a period and a hyphen next to each other."),
    gettext_noop("The part after the @-sign is not valid. It should have a period."),
)
"""Said as the library says them."""
LONG = gettext_noop("The email address is too long.")
LONG_BEFORE = gettext_noop("The part before the @-sign is too long.")
LONG_AFTER = gettext_noop("The part after the @-sign is too long.")
LONG_LABEL = gettext_noop("A part between two periods after the @-sign is too long.")
NOT_AT = gettext_noop("The @-sign is another character that looks like one.")
ODD = gettext_noop("The email address has characters that email cannot carry.")
ODD_BEFORE = gettext_noop("The part before the @-sign has characters that email cannot carry.")
QUOTED = gettext_noop("There must be no quotation marks around the part before the @-sign.")
OTHERS = (
    (library.NO_AT, NOT_AT),
    (library.LONG_BEFORE, LONG_BEFORE),
    (library.LONG_AFTER, LONG_AFTER),
    (library.LONG, LONG),
    (library.ODD_BEFORE, ODD_BEFORE),
    (library.ODD, ODD),
    (library.QUOTED, QUOTED),
    (library.A_NUMBER, NOT_A_NUMBER),
    (library.NAMED, NO_NAME),
    (library.LABEL, LONG_LABEL),
    (library.NO_DOMAIN, NOT_A_DOMAIN),
)
"""How sentences of the library begin, and what is said for them; the first that fits."""
UNKNOWN = gettext_noop("This is not a valid email address.")
SEEN = {
    "SPACE": gettext_noop("a space"),
    "NO-BREAK SPACE": gettext_noop("a no-break space"),
    "IDEOGRAPHIC SPACE": gettext_noop("a wide space"),
    "ZERO WIDTH SPACE": gettext_noop("a space that is not seen"),
}
"""Characters that are called by a word."""


def in_plain_words(reason: str) -> str:
    """What the library gives as the reason, in the language of the reader. Characters are not
    called by their names in Unicode."""
    reason = reason.removeprefix(library.NORMALISED)
    found = library.of_characters(reason)
    if found is not None:
        return _of_characters(found)
    if reason in SENTENCES:
        return gettext(reason)
    return gettext(next((text for starts, text in OTHERS if reason.startswith(starts)), UNKNOWN))


def _of_characters(found: re.Match[str]) -> str:
    names = list(dict.fromkeys(map(_character, found["names"].split(", "))))
    if names == ["“@”"]:
        return gettext("An email address has one @ alone.")
    if found["after"]:
        text = gettext("An email address cannot have %(names)s after the @.")
    elif found["before"]:
        text = gettext("An email address cannot have %(names)s before the @.")
    else:
        text = gettext("An email address cannot have %(names)s in it.")
    return text % {"names": gettext(" or ").join(names)}


def _character(name: str) -> str:
    """Such as “(”, or a space, of what is not seen."""
    if name[0] in "\"'" and len(name) > 2:
        return f"“{name[1:-1]}”"
    if name in SEEN:
        return gettext(SEEN[name])
    return gettext("the character %(name)s") % {"name": name if name[:2] == "U+" else name.lower()}
