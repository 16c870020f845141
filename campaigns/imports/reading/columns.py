"""The columns of a file by default, as their headings name them."""

from __future__ import annotations

from contextlib import nullcontext

from django.conf import settings
from django.utils.translation import gettext, gettext_noop, override

from campaigns.files.contact_columns import keys_of
from campaigns.files.formulas import unescaped_everywhere
from campaigns.imports.settings import ColumnSettings, Meaning

REJECTED_HEADINGS = (gettext_noop("Import line"), gettext_noop("Import reason"))
"""Of the first two columns of a file of rejected rows; ignored when it comes back."""
EXPORTED_HEADINGS = (
    "email",
    "name",
    "tags",
    "tracking_consent",
    "mail_consent",
    "mail_consent_at",
)
"""Of the first columns of a file of exported contacts, in this order: it comes back as it was."""
READ_ONLY_HEADINGS = ("mail_consent_source", "may_be_mailed", "paused_until", "created_at")
"""Of those that may follow there; ignored when it comes back."""
_BY_KEY = {
    "email": Meaning.ADDRESS,
    "name": Meaning.NAME,
    "first_name": Meaning.FIRST_NAME,
    "last_name": Meaning.LAST_NAME,
    "tags": Meaning.TAGS,
    "attributes": Meaning.ATTRIBUTES,
    "tracking_consent": Meaning.TRACKING_CONSENT,
    "": Meaning.IGNORED,
}
_OF_EXPORTED = {
    "mail_consent": Meaning.CONSENT,
    "mail_consent_at": Meaning.CONSENT_AT,
    **dict.fromkeys(READ_ONLY_HEADINGS, Meaning.IGNORED),
}


def is_rejected_file(header: list[str]) -> bool:
    """In any language of staff."""
    return any(
        tuple(header[:2]) == rejected_headings(language) for language in settings.ADMIN_LANGUAGES
    )


def rejected_headings(language: str | None = None) -> tuple[str, ...]:
    """In that language; in the one of the moment without one."""
    with override(language) if language else nullcontext():
        return tuple(map(gettext, REJECTED_HEADINGS))


def is_exported_file(header: list[str]) -> bool:
    return tuple(header[: len(EXPORTED_HEADINGS)]) == EXPORTED_HEADINGS


def is_own_file(header: list[str]) -> bool:
    """Whether it was made here: its cells are to be read by `own_cells`."""
    return is_rejected_file(header) or is_exported_file(header)


def own_cells(header: list[str], cells: list[str]) -> list[str]:
    """Without what was put before formulas, and without what only explains a rejection."""
    if is_rejected_file(header):
        return ["", "", *map(unescaped_everywhere, cells[2:])]
    return list(map(unescaped_everywhere, cells))


def judged_headings(header: list[str]) -> list[str]:
    """Those that may say who must not be mailed; the reason of a rejection does not."""
    return ["", "", *header[2:]] if is_rejected_file(header) else header


def by_headings(header: list[str]) -> tuple[ColumnSettings, ...]:
    """Each column with its meaning; columns of no known meaning are attributes, as text."""
    skipped = 2 if is_rejected_file(header) else 0
    keys = [""] * skipped + keys_of(header[skipped:])
    columns = []
    known = {**_BY_KEY, **_OF_EXPORTED} if is_exported_file(header) else _BY_KEY
    for heading, key in zip(header, keys, strict=True):
        meaning = known.get(key, Meaning.ATTRIBUTE)
        own = key if meaning is Meaning.ATTRIBUTE else ""
        columns.append(ColumnSettings(heading, meaning, own))
    return tuple(columns)
