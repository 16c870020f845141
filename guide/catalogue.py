"""Which documents of the repository staff can read in the admin, and where they stand.

A document has one file for each language that it is written in. The others read it in English.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

FOLDER = settings.BASE_DIR / "docs"
PICTURES = FOLDER / "images"
ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Group:
    title: _StrPromise
    names: tuple[str, ...]
    for_operators: bool = False


GROUPS = (
    Group(_("Start here"), ("staff",)),
    Group(
        _("Campaigns"),
        (
            "launch-a-campaign",
            "test-two-versions",
            "have-campaigns-approved",
            "read-a-campaigns-page",
            "decide-what-is-in-doubt",
            "what-is-tracked",
            "export-contacts-and-results",
        ),
    ),
    Group(
        _("Audience"),
        (
            "import-contacts",
            "keep-contacts",
            "choose-whom-to-mail",
            "let-people-sign-up",
            "give-public-pages-your-look",
            "keep-the-suppression-list",
            "unsubscribes-and-bounces",
            "export-or-erase-an-address",
        ),
    ),
    Group(
        _("Content"),
        (
            "write-with-blocks",
            "write-a-template",
            "write-styles",
            "put-pictures-into-messages",
            "write-in-several-languages",
            "attach-files",
            "see-a-message-first",
            "mend-what-the-checklist-finds",
        ),
    ),
    Group(
        _("Email services"),
        (
            "set-up-an-smtp-service",
            "set-up-amazon-ses",
            "set-up-brevo",
            "set-up-engagelab",
            "set-up-mailgun",
            "set-up-mailjet",
            "set-up-postmark",
            "set-up-resend",
            "set-up-sendgrid",
            "set-up-sparkpost",
            "make-a-domain-ready",
        ),
    ),
    Group(
        _("Staff"),
        (
            "set-your-profile",
            "sign-in-safely",
            "be-told-what-happens",
            "share-with-a-team",
            "add-users",
            "see-who-did-what",
        ),
    ),
    Group(
        _("For operators"),
        ("operations", "install-on-debian", "guarantees", "security"),
        for_operators=True,
    ),
)


@dataclass(frozen=True, slots=True)
class Document:
    name: str
    for_operators: bool

    def path_in(self, language: str) -> Path | None:
        """The file in exactly this language, if there is one."""
        return next((path for path in self._paths(language) if path.is_file()), None)

    def _paths(self, language: str) -> Iterator[Path]:
        if language == ENGLISH:
            yield FOLDER / f"{self.name}.md"
            yield FOLDER / "how-to" / f"{self.name}.md"
        else:
            yield FOLDER / f"{self.name}.{language}.md"
            yield FOLDER / "how-to" / language / f"{self.name}.md"


DOCUMENTS = {name: Document(name, group.for_operators) for group in GROUPS for name in group.names}


def readable(name: str, *, by_operator: bool) -> Document | None:
    """The document, if this reader may read it."""
    found = DOCUMENTS.get(name)
    return found if found and (by_operator or not found.for_operators) else None


@cache
def documents_by_path() -> dict[Path, tuple[Document, str]]:
    """Of each file that is there, the document and the language."""
    return {
        path: (document, language)
        for document in DOCUMENTS.values()
        for language in settings.ADMIN_LANGUAGES
        if (path := document.path_in(language)) is not None
    }


@cache
def pictures() -> dict[str, Path]:
    """By their path within the folder of pictures."""
    return {path.relative_to(PICTURES).as_posix(): path for path in PICTURES.rglob("*.png")}
