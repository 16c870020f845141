"""What the search of the help finds, in which order, and what it shows of it."""

from __future__ import annotations

from guide.markdown import render
from guide.reading import Page
from guide.searching import search


def page(name: str, source: str) -> Page:
    made = render(source, link=lambda address: None, picture=lambda address: None)
    return Page(name, "en", made.title, made.html, made.passages)


REST = page(
    "rest", "# How to rest\n\nLie down.\n\n## Beds\n\nA bed is soft.\n\n## Floors\n\nHard.\n"
)
WALK = page("walk", "# How to walk\n\nGo to bed after a rest.\n")


def found(words: str) -> list[tuple[str, str]]:
    return [(hit.page.name, hit.heading) for hit in search([WALK, REST], words)]


def test_a_title_counts_more_than_a_heading_and_a_heading_more_than_a_text() -> None:
    assert found("rest") == [("rest", ""), ("walk", "")]
    assert found("bed") == [("rest", "Beds"), ("walk", "")]


def test_each_of_the_words_must_be_there() -> None:
    assert found("SOFT rest") == [("rest", "Beds")]
    assert found("soft walk") == []


def test_without_words_there_is_nothing() -> None:
    assert found("  ") == []


def test_words_beyond_the_first_200_characters_are_not_looked_for() -> None:
    assert found("soft " * 40 + "nowhere") == [("rest", "Beds")]


def test_what_stands_around_the_word_is_shown_in_whole_words() -> None:
    long = page("long", f"# Long\n\n{'before ' * 20}needle {'after ' * 40}\n")
    assert search([long], "needle")[0].excerpt("needle") == (
        f"… {'before ' * 8}needle {'after ' * 26}…"
    )
