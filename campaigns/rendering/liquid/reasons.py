"""What is wrong with a template: what python-liquid says, in words of the product."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

from admin_kit.words.listing import headed
from campaigns.rendering.liquid import library

SENTENCES = {
    "missing expression": gettext_noop("the tag is not complete: what it is about is missing"),
    "missing tag name or closing delimiter": gettext_noop("the tag has no name, or does not end"),
    "missing or unexpected path segment": gettext_noop(
        "a name in quotation marks or a position is missing between '[' and ']'"
    ),
    "invalid identifier": gettext_noop("this cannot be a name"),
    "unbalanced parentheses": gettext_noop("a parenthesis has no counterpart"),
    "unexpected expression": gettext_noop("nothing may stand behind the tag's name here"),
    "unexpected liquid parsing error": gettext_noop("this cannot be read as Liquid"),
    "loop iteration limit reached": gettext_noop("loops go round too often"),
    "output stream limit reached": gettext_noop("what comes out is too long"),
    "local namespace limit reached": gettext_noop("what is kept in variables is too long"),
    "block nesting limit reached": gettext_noop("tags stand too deep within one another"),
    "range literal length limit reached": gettext_noop("the range of numbers is too long"),
    "found an 'else' tag expression, did you mean 'elsif'?": gettext_noop(
        "'else' takes no condition: did you mean 'elsif'?"
    ),
    "every line of an inline comment must start with a '#' character": gettext_noop(
        "each line of a comment begins with '#'"
    ),
    "nested doc tags are not allowed": gettext_noop("'doc' cannot stand within 'doc'"),
    "doc tag wad never closed": gettext_noop("'doc' is not closed: 'enddoc' is missing"),
    "comment tag was never closed": gettext_noop(
        "'comment' is not closed: 'endcomment' is missing"
    ),
    "disallowed not operator in logical expression": gettext_noop("'not' cannot be used"),
    "disallowed ternary expression": gettext_noop("'if' cannot be used in a value"),
    "disallowed parentheses in logical expression": gettext_noop("parentheses cannot be used"),
    "invalid base64-encoded string": gettext_noop("this is no text in Base64"),
    "can't map sequence": gettext_noop("map: the list cannot be read by this name"),
    "can't sort sequence": gettext_noop("sort: the values of the list cannot be compared"),
}
NAMES = {
    "end of expression": gettext_noop("the end"),
    "word": gettext_noop("a name"),
    "an identifier": gettext_noop("a name"),
    "a name": gettext_noop("a name"),
    "an argument name": gettext_noop("a name"),
    "a string or identifier": gettext_noop("a name or a text in quotation marks"),
    "an string or variable": gettext_noop("a name or a text in quotation marks"),
    "a path": gettext_noop("a name with a dot"),
    "a path with multiple segments": gettext_noop("a name with a dot"),
    "a primitive expression": gettext_noop("a value"),
    "an infix expression": gettext_noop("a comparison"),
    "expression": gettext_noop("a value"),
    "at least one argument": gettext_noop("a value"),
    "a comma separated list of arguments": gettext_noop("values with commas between them"),
    "a parameter list": gettext_noop("values with commas between them"),
    "a dot or bracket notation": gettext_noop("'.' or '['"),
    "'reversed', 'offset' or 'limit'": gettext_noop("'reversed', 'offset' or 'limit'"),
    "newline delimited tag expressions": gettext_noop("a tag on each line"),
    "string": gettext_noop("a text"),
    "a string argument": gettext_noop("a text"),
    "str": gettext_noop("a text"),
    "Markup": gettext_noop("a text"),
    "integer": gettext_noop("a number"),
    "float": gettext_noop("a number"),
    "int": gettext_noop("a number"),
    "Decimal": gettext_noop("a number"),
    "an integer": gettext_noop("a whole number"),
    "an integer start": gettext_noop("a whole number"),
    "an int or string": gettext_noop("a number or a text"),
    "an int, float or string": gettext_noop("a number or a text"),
    "bool": gettext_noop("yes or no"),
    "an array": gettext_noop("a list"),
    "list": gettext_noop("a list"),
    "dict": gettext_noop("a value with parts"),
    "datetime.datetime": gettext_noop("a time"),
    "Undefined": gettext_noop("nothing"),
    "NoneType": gettext_noop("nothing"),
    "rangeexpression": gettext_noop("a range of numbers"),
    "identindex": gettext_noop("a position in brackets"),
    "identstring": gettext_noop("a name in brackets"),
}
"""What the library calls values, and the signs and words of Liquid that have no sign of their own.
Others are said as they are written."""


def in_plain_words(said: str) -> str:
    """What the library says, in the language of the reader. A sentence that is not known stays as
    it is."""
    if said in SENTENCES:
        return gettext(SENTENCES[said])
    return _of_filter(said) or _of_values(said) or _of_mismatch(said) or said


def _of_filter(said: str) -> str:
    """About how a filter is called."""
    if all(part in said for part in library.TOO_FEW):
        return gettext("a filter lacks a value: it is written after a colon")
    if all(part in said for part in library.TOO_MANY):
        return gettext("a filter has more values than it takes")
    if library.NO_OPTION in said:
        name = said.rpartition(library.NO_OPTION)[2]
        return gettext("a filter has no option %(name)s") % {"name": library.sign(name)}
    return ""


def _of_values(said: str) -> str:
    before, after = library.NO_NUMBER
    if said.startswith(before):
        text = said.removeprefix(before).removesuffix(after)
        return gettext("“%(text)s” is no number") % {"text": text}
    if said.startswith(library.NOT_COMPARED):
        return gettext("values of these two kinds cannot be compared")
    if said.startswith(library.NO_PROPERTY):
        name = said.removeprefix(library.NO_PROPERTY).partition("'")[0]
        return gettext("there is no “%(name)s” in a value of the list") % {"name": name}
    if said.endswith(library.NOT_HERE):
        name = said.removesuffix(library.NOT_HERE)
        return gettext("'%(name)s' cannot be used here") % {"name": name}
    return ""


def _of_mismatch(said: str) -> str:
    if stray := library.stray_in(said):
        return gettext("unexpected %(found)s") % {"found": _name(stray)}
    found = library.mismatch_in(said)
    if found is None:
        return ""
    if not found.found:
        text = gettext("expected %(wanted)s") % {"wanted": _name(found.wanted)}
    else:
        text = gettext("expected %(wanted)s, found %(found)s") % {
            "wanted": _name(found.wanted),
            "found": _name(found.found),
        }
    return headed(found.name, text) if found.name else text


def _name(kind: str) -> str:
    return gettext(NAMES[kind]) if kind in NAMES else library.sign(kind)
