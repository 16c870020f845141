"""The catalogs are complete and compiled: no msgfmt is needed to run the product."""

from __future__ import annotations

import gettext
import re
from functools import cache

import pytest
from babel.messages.catalog import Catalog, Message

from tests.translations.catalogs import READ_IN, all_of, path_of, read, wanted

LOCALES = pytest.mark.parametrize("locale", sorted(READ_IN))
PLACE = re.compile(r"%\(\w+\)[sd]|{\w+[^}]*}")
NAMED = re.compile(r"%\((\w+)\)")
needed = cache(wanted)
known = cache(read)


def texts(catalog: Catalog) -> list[Message]:
    return [message for message in catalog if message.id]


def keys(catalog: Catalog) -> set[object]:
    return {(message.id, message.context) for message in texts(catalog)}


def test_recipients_read_german_and_chinese_and_staff_chinese() -> None:
    assert set(READ_IN) == {"de", "en", "zh_Hans"}
    assert keys(needed("zh_Hans")) >= keys(needed("de"))


@LOCALES
def test_the_catalog_has_what_the_code_says_and_no_more(locale: str) -> None:
    assert keys(known(locale)) == keys(needed(locale))


@LOCALES
def test_everything_is_translated_and_nothing_guessed(locale: str) -> None:
    assert [each.id for each in texts(known(locale)) if not all_of(each.string)] == []
    assert [each.id for each in texts(known(locale)) if each.fuzzy] == []


@LOCALES
def test_a_translation_has_the_places_of_its_text(locale: str) -> None:
    assert [each.id for each in texts(known(locale)) if not has_its_places(each)] == []


def has_its_places(message: Message) -> bool:
    longest = message.id if isinstance(message.id, str) else message.id[-1]
    told = message.string
    forms = [told] if isinstance(told, str) else list(told or ())
    return all(set(PLACE.findall(form)) == set(PLACE.findall(longest)) for form in forms)


def test_a_translation_that_lost_a_place_is_noticed() -> None:
    assert not has_its_places(Message("Sent to %(name)s", "已发送"))
    assert has_its_places(Message("Sent to %(name)s", "已发送给 %(name)s"))


@LOCALES
def test_a_translation_can_be_filled_in(locale: str) -> None:
    assert [each.id for each in texts(known(locale)) if not can_be_filled_in(each)] == []


def can_be_filled_in(message: Message) -> bool:
    """A percent sign beside a place is written twice."""
    ids, told = message.id, message.string or ""
    texts_of = [ids] if isinstance(ids, str) else list(ids)
    texts_of += [told] if isinstance(told, str) else list(told)
    values = {name: 1 for text in texts_of for name in NAMED.findall(text)}
    if not values:
        return True
    try:
        return all(text % values for text in texts_of)
    except (TypeError, ValueError):
        return False


def test_a_translation_that_breaks_its_page_is_noticed() -> None:
    assert not can_be_filled_in(Message("Up to %(time)s in 99 of 100", "99% 的耗时不超过 %(time)s"))
    assert can_be_filled_in(Message("Up to %(time)s in 99 of 100", "99%% 的耗时不超过 %(time)s"))


@LOCALES
def test_the_compiled_catalog_says_what_the_source_says(locale: str) -> None:
    with path_of(locale).with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    plain = [each for each in texts(known(locale)) if isinstance(each.id, str) and not each.context]
    assert [compiled.gettext(str(each.id)) for each in plain] == [each.string for each in plain]
