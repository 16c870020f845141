"""The catalogs: which texts each must have, and how they are written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from tests.translations.extract import ROOT, catalog

RECIPIENTS = (
    "privacy/readable/",
    "templates/privacy/",
    "templates/signup/",
    "templates/tracking/",
    "signup/answers.py",
    "tracking/links/footer.py",
    "tracking/preferences.py",
    "tracking/subscriptions.py",
    "tracking/views/",
)
"""Where the texts are that recipients read."""
EVERYTHING = ("",)
READ_IN: dict[str, tuple[str, ...]] = {"de": RECIPIENTS, "en": (), "zh_Hans": EVERYTHING}
"""What is translated into each language: staff read English or Chinese."""
LIBRARIES = ("django.contrib.admin", "django.contrib.auth", "django.conf", "unfold")
"""They translate what the templates and forms that replace theirs say as they do."""

GAPS = (
    "Add new item", "Add row", "All applications", "Apply Filters", "Bold", "Change History", "Choose file to upload",
    "Click to cancel", "Click to download", "Collapse", "Current file", "Date from", "Date to", "Default", "Expand row",
    "False", "Filters", "General", "Group", "Heading", "Image preview", "Italic", "Loading more results...",
    "More actions", "New", "No data", "No recent searches", "No results found", "No results matching your query",
    "Not enough data.", "Object", "Previous", "Recent searches", "Reset filters", "Reset to default", "Return to site",
    "Run", "Search apps and models...", "Select action", "Select action to run", "Select all rows", "Select record",
    "Select value", "Submit", "System", "This item will be deleted.", "To", "Toggle password visibility", "True",
    "Type to search", "Update", "Welcome back to", "Error:", "Forgotten your login credentials?",
    "You have been successfully logged out from the administration",
)  # fmt: skip
"""What libraries have staff read, and do not translate into Chinese."""

BETTER: frozenset[str | tuple[str, ...]] = frozenset({
    "Add", "Add %(name)s", "Add %s", "Add another %(model)s", "Change %s", "Save and add another", "Select %s", "View %s",
    "Save", " By %(filter_title)s ", "Are you sure you want to delete the %(object_name)s \"%(escaped_object)s\"? All of the "
    "following related items will be deleted:", "Enter the same password as before, for verification.",
    "First, enter a username and password. Then, you’ll be able to edit more user options.",
    "Please enter your old password, for security’s sake, and then enter your new password twice so we can verify you "
    "typed it in correctly.", "You don’t have permission to view or edit anything.", "Your password was changed.",
    "Your old password was entered incorrectly. Please enter it again.",
    "Your password can’t be a commonly used password.", "Your password can’t be entirely numeric.",
    "Your password can’t be too similar to your other personal information.",
    ("Your password must contain at least %(min_length)d character.",
     "Your password must contain at least %(min_length)d characters."),
    "log entries", "log entry", "group", "groups", "staff status",
    "Designates whether the user can log into this admin site.",
    "Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
    "The {name} “{obj}” was added successfully.", "The {name} “{obj}” was changed successfully.",
    "You may edit it again below.", "The %(name)s “%(obj)s” was deleted successfully.",
    "The {name} “{obj}” was added successfully. You may add another {name} below.",
    "The {name} “{obj}” was changed successfully. You may edit it again below.",
    "The {name} “{obj}” was changed successfully. You may add another {name} below.",
    "%(name)s with ID “%(key)s” doesn’t exist. Perhaps it was deleted?", "Password change",
})  # fmt: skip
"""What libraries translate otherwise than the rest of the product speaks: ours stands before theirs."""

IN_OUR_ENGLISH = (
    "group", "groups", "log entries", "log entry", "username", "Username", "Add Security Key", "Security Keys",
)  # fmt: skip
"""What libraries name otherwise than the rest of the product does, in English too."""

NOT_WRITTEN = (
    b'"Report-Msgid-Bugs-To:', b'"POT-Creation-Date:', b'"PO-Revision-Date:', b'"Last-Translator:',
    b'"Language-Team:', b'"Generated-By:',
)  # fmt: skip

NO_TIME = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
"""Else each catalog would differ each time that one is compiled."""


def path_of(locale: str) -> Path:
    return ROOT / "locale" / locale / "LC_MESSAGES" / "django.po"


def read(locale: str) -> Catalog:
    with path_of(locale).open("rb") as file:
        return read_po(file, locale=locale)


def wanted(locale: str) -> Catalog:
    found = catalog(READ_IN[locale])
    for message in [each for library in LIBRARIES for each in _of_library(library, locale)]:
        if message.id and message.string and _key(message.id) not in BETTER:
            found.delete(message.id, message.context)
    if locale == "en":
        for word in IN_OUR_ENGLISH:
            found.add(word)
    if READ_IN[locale] == EVERYTHING:
        for text in (*GAPS, *BETTER):
            found.add(text)
    return found


def _key(id: str | Sequence[str]) -> str | tuple[str, ...]:
    return id if isinstance(id, str) else tuple(id)


def _of_library(name: str, locale: str) -> Catalog:
    package = find_spec(name)
    assert package is not None and package.origin
    path = Path(package.origin).parent / "locale" / locale / "LC_MESSAGES" / "django.mo"
    if not path.exists():
        return Catalog()
    with path.open("rb") as file:
        return read_mo(file)


def bring_up_to_date(locale: str) -> list[str]:
    """Rewrites the catalog and its compiled form; what still has no translation."""
    known, needed = read(locale), wanted(locale)
    known.update(needed, no_fuzzy_matching=True)
    known.obsolete.clear()
    known.creation_date = known.revision_date = NO_TIME
    path_of(locale).write_bytes(_written(known))
    with path_of(locale).with_suffix(".mo").open("wb") as file:
        write_mo(file, known)
    return [str(message.id) for message in known if message.id and not all_of(message.string)]


def _written(catalog: Catalog) -> bytes:
    """Sorted, without places and times, so that two changes at once seldom meet."""
    file = BytesIO()
    write_po(file, catalog, width=0, no_location=True, sort_output=True)
    lines = file.getvalue().lstrip().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(NOT_WRITTEN))


def all_of(translated: str | Sequence[str] | None) -> bool:
    forms = [translated] if isinstance(translated, str) else translated
    return bool(forms) and all(forms or ())
