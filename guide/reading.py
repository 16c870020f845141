"""A document as a reader gets it: in the reader's language, and its links lead to the help."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.urls import reverse
from django.utils.http import urlencode

from guide.catalogue import (
    DOCUMENTS,
    ENGLISH,
    PICTURES,
    Document,
    documents_by_path,
    readable,
)
from guide.markdown import Heading, Passage, render


@dataclass(frozen=True, slots=True)
class Page:
    name: str
    language: str
    """That the text is in, which may not be the reader's."""
    title: str
    html: str
    passages: tuple[Passage, ...]

    @property
    def url(self) -> str:
        return reverse("help_document", args=[self.name])

    @property
    def contents(self) -> list[Heading]:
        """The headings of its parts."""
        return [passage.heading for passage in self.passages if passage.heading.level == 2]

    @property
    def summary(self) -> str:
        """What stands below the title."""
        return self.passages[0].text


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the links of a text are read from."""

    path: Path
    name: str
    language: str
    by_operator: bool

    def link(self, address: str) -> str | None:
        if address.startswith(("https:", "mailto:", "#")):
            return address
        path, _, anchor = address.partition("#")
        target = self._target(path)
        if target is None:
            return None
        document, language = target
        asked = "" if document.name != self.name else f"?{urlencode({'language': language})}"
        fragment = f"#{anchor_in(document, anchor, language, self.language)}" if anchor else ""
        return reverse("help_document", args=[document.name]) + asked + fragment

    def _target(self, path: str) -> tuple[Document, str] | None:
        found = documents_by_path().get((self.path.parent / path).resolve())
        return found if found and readable(found[0].name, by_operator=self.by_operator) else None

    def picture(self, address: str) -> str | None:
        path = (self.path.parent / address).resolve()
        if not path.is_relative_to(PICTURES):
            return None
        return reverse("help_picture", args=[path.relative_to(PICTURES).as_posix()])


def page(name: str, language: str, *, by_operator: bool = False) -> Page | None:
    """The document in this language, else in English. None if this reader may not read it, or it is
    not in this installation."""
    document = readable(name, by_operator=by_operator)
    return _read(document, language, by_operator=by_operator) if document else None


@cache
def _read(document: Document, language: str, *, by_operator: bool) -> Page | None:
    """Kept for documents alone: of names that are none there is no end."""
    for known in (language, ENGLISH):
        if path := document.path_in(known):
            place = _Place(path, document.name, known, by_operator)
            found = render(_source(path), link=place.link, picture=place.picture)
            return Page(document.name, known, found.title, found.html, found.passages)
    return None


def pages(language: str, *, by_operator: bool = False) -> list[Page]:
    """All that this reader may read, in the order of the catalogue."""
    found = (page(name, language, by_operator=by_operator) for name in DOCUMENTS)
    return [each for each in found if each]


def anchor_in(document: Document, anchor: str, of: str, to: str) -> str:
    """The anchor, in another language, of what this one is at in one: translations have the same
    headings in the same order."""
    here = _headings(document.path_in(of))
    there = _headings(document.path_in(to)) or here
    place = next((place for place, each in enumerate(here) if each.anchor == anchor), -1)
    return there[place].anchor if 0 <= place < len(there) else ""


def _headings(path: Path | None) -> list[Heading]:
    return outline(path) if path else []


@cache
def outline(path: Path) -> list[Heading]:
    """The headings of a file, its title first."""
    return render(_source(path), link=lambda address: None, picture=lambda address: None).headings


def _source(path: Path) -> str:
    return path.read_text(encoding="utf-8")
