"""The catalogs are complete and compiled: no msgfmt is needed to run the product."""

from __future__ import annotations

import gettext
import re
from pathlib import Path, PosixPath

import pytest
from django.conf import settings

LOCALE = Path(settings.BASE_DIR) / "locale"
CATALOGS = sorted(LOCALE.glob("*/LC_MESSAGES/django.po"))
TEMPLATES = Path(settings.BASE_DIR) / "templates"
PAGES = sorted([*(TEMPLATES / "tracking").glob("*.html"), *(TEMPLATES / "signup").glob("*.*")])


def entries(catalog: Path) -> dict[str, str]:
    found = re.findall(r'^msgid "(.+)"\nmsgstr "(.*)"$', catalog.read_text("utf-8"), re.MULTILINE)
    return dict(found)


def texts() -> set[str]:
    """What the public pages say, as it stands in the catalogs."""
    found = set()
    for page in PAGES:
        source = page.read_text("utf-8")
        found |= set(re.findall(r'{% translate "([^"]+)" %}', source))
        blocks = re.findall(r"{% blocktranslate[^%]*%}(.*?){% endblocktranslate %}", source)
        found |= {re.sub(r"{{ (\w+) }}", r"%(\1)s", block) for block in blocks}
    return found


def test_there_are_german_and_chinese() -> None:
    assert {catalog.parts[-3] for catalog in CATALOGS} >= {"de", "zh_Hans"}


@pytest.mark.parametrize("catalog", CATALOGS, ids=lambda path: path.parts[-3])
def test_everything_that_recipients_read_is_translated(catalog: PosixPath) -> None:
    known = entries(catalog)
    assert texts() - set(known) == set()
    assert [text for text, translated in known.items() if not translated] == []


@pytest.mark.parametrize("catalog", CATALOGS, ids=lambda path: path.parts[-3])
def test_the_compiled_catalog_says_what_the_source_says(catalog: PosixPath) -> None:
    with catalog.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    assert {text: compiled.gettext(text) for text in entries(catalog)} == entries(catalog)
