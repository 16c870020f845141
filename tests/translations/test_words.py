"""The table of words in docs/how-to/translate.md, against the Chinese catalog."""

from __future__ import annotations

import re

from tests.translations.catalogs import read
from tests.translations.extract import ROOT

ROW = re.compile(r"^\| (?P<english>[^|]+) \| (?P<chinese>[^|]+) \|$", re.MULTILINE)


def words() -> dict[str, str]:
    table = (ROOT / "docs/how-to/translate.md").read_text("utf-8").partition("## The words")[2]
    rows = {row["english"]: row["chinese"] for row in ROW.finditer(table)}
    return {english: chinese for english, chinese in rows.items() if english != "English"}


def test_a_word_alone_is_translated_as_the_table_says() -> None:
    said = words()
    wrong = []
    for message in read("zh_Hans"):
        if isinstance(message.id, str) and isinstance(message.string, str):
            chinese = said.get(
                message.id.lower().removesuffix("s"), said.get(message.id.lower(), "")
            )
            if chinese not in message.string:
                wrong.append((message.id, message.string, chinese))
    assert wrong == []
