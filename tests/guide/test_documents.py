"""The documents that the help names are there, and each of them can be found."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from django.conf import settings

from guide import catalogue, reading
from guide.catalogue import DOCUMENTS, Document
from guide.reading import Page

DOCS = Path(__file__).parents[2] / "docs"
FOR_DEVELOPERS = {"translate"}
LANGUAGES = [code for code in settings.ADMIN_LANGUAGES if code != "en"]


def english_of(document: Document) -> Path:
    path = document.path_in("en")
    assert path is not None
    return path


def wrong_in(page: Page, by_operator: bool) -> list[str]:
    """The links and pictures of a page that lead nowhere."""
    links = re.findall(r'href="(/admin/help/[^"]*|#[^"]*)"', page.html)
    pictures = re.findall(r'src="/admin/help/pictures/([^"]*)"', page.html)
    return [
        *(link for link in links if not leads_somewhere(page, link, by_operator)),
        *(each for each in pictures if each not in catalogue.pictures()),
    ]


def leads_somewhere(page: Page, link: str, by_operator: bool) -> bool:
    found = re.fullmatch(r"(?:/admin/help/([\w-]+)/)?(?:\?language=([\w-]+))?(?:#(.*))?", link)
    assert found is not None
    name, language, anchor = found.groups()
    target = reading.page(name or page.name, language or page.language, by_operator=by_operator)
    anchors = [each.heading.anchor for each in target.passages] if target else []
    return target is not None and (not anchor or unquote(anchor) in anchors)


def is_translated(target: Path, language: str) -> bool:
    """Whether this is the English text of a document that the language has, too."""
    document, of = catalogue.documents_by_path().get(target, (None, ""))
    return document is not None and of == "en" and document.path_in(language) is not None


def test_names_of_no_document_fill_no_memory() -> None:
    before = reading._read.cache_info().currsize
    assert [reading.page(f"nonsense-{number}", "en") for number in range(3)] == [None] * 3
    assert reading._read.cache_info().currsize == before


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_is_there_in_english(document: Document) -> None:
    assert document.path_in("en") is not None


def test_every_how_to_for_staff_is_in_one_group() -> None:
    listed = [name for group in catalogue.GROUPS for name in group.names]
    how_tos = {path.stem for path in (DOCS / "how-to").glob("*.md")}
    assert how_tos - FOR_DEVELOPERS <= set(listed)
    assert len(listed) == len(set(listed))


def test_every_translation_is_of_a_document_that_is_listed() -> None:
    files = {path for code in LANGUAGES for path in (DOCS / "how-to" / code).glob("*.md")}
    assert files <= set(catalogue.documents_by_path())


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_for_staff_is_there_in_every_language(language: str) -> None:
    """A new how-to comes with its Chinese text."""
    for_staff = [each for each in DOCUMENTS.values() if not each.for_operators]
    assert [each.name for each in for_staff if each.path_in(language) is None] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_link_of_a_translation_leads_to_a_translation(language: str) -> None:
    paths = [path for each in DOCUMENTS.values() if (path := each.path_in(language))]
    links = {path: re.findall(r"\]\(([^)\s#:]+\.md)", path.read_text("utf-8")) for path in paths}
    assert [
        (path.name, link)
        for path, found in links.items()
        for link in found[1:]  # the first leads to the English text of the page
        if is_translated((path.parent / link).resolve(), language)
    ] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_translation_has_the_headings_of_the_original(language: str) -> None:
    differing: dict[str, object] = {}
    for name, document in DOCUMENTS.items():
        path = document.path_in(language)
        if path is not None:
            there = [each.level for each in reading.outline(path)]
            english = [each.level for each in reading.outline(english_of(document))]
            differing |= {name: (there, english)} if there != english else {}
    assert differing == {}


@pytest.mark.parametrize("language", settings.ADMIN_LANGUAGES)
@pytest.mark.parametrize("by_operator", [True, False])
def test_every_picture_and_anchor_of_a_page_is_there(language: str, by_operator: bool) -> None:
    pages = reading.pages(language, by_operator=by_operator)
    assert len(pages) > 38
    assert {page.name: wrong for page in pages if (wrong := wrong_in(page, by_operator))} == {}


@pytest.mark.parametrize("language", settings.ADMIN_LANGUAGES)
def test_no_mark_of_emphasis_is_left(language: str) -> None:
    """Such as of one that ends with a full stop, with no space behind it."""
    texts = {
        page.name: re.sub(r"(?s)<code.*?</code>", "", page.html) for page in reading.pages(language)
    }
    assert [name for name, text in texts.items() if "**" in text] == []
