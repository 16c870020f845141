"""The texts that product code and templates have translated, as makemessages finds them; by Babel,
so that xgettext need not be installed.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

import unfold
from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[2]
NOT_PRODUCT = frozenset({"tests", "bench", "var", "docs", "locale", "staticfiles", "node_modules"})
UNFOLD = Path(unfold.__file__).parent
"""Its pages are ours, and it comes without translations."""
NOT_INSTALLED = frozenset({"guardian", "import_export", "location_field", "simple_history"})
"""Parts of unfold around packages that we do not have."""
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}


class Message(NamedTuple):
    id: str | tuple[str, ...]
    context: str | None
    path: str


def product_files(*endings: str) -> Iterator[Path]:
    rooms = [each for each in ROOT.iterdir() if each.is_dir() and each.name[0] != "."]
    for room in sorted(each for each in rooms if each.name not in NOT_PRODUCT):
        yield from (path for path in sorted(room.rglob("*")) if path.suffix in endings)


def files_of_unfold(*endings: str) -> Iterator[Path]:
    found = (path for path in sorted(UNFOLD.rglob("*")) if path.suffix in endings)
    yield from (path for path in found if not NOT_INSTALLED & set(path.parts))


def messages() -> Iterator[Message]:
    for path in [*product_files(".py"), *files_of_unfold(".py")]:
        if b"gettext" in (source := path.read_bytes()):
            yield from _of(source, path)
    for path in [*product_files(".html", ".txt"), *files_of_unfold(".html")]:
        # What is not translated is blanked out; its indentation means nothing.
        lines = templatize(path.read_text("utf-8"), origin=str(path)).splitlines()
        yield from _of("\n".join(line.strip() for line in lines).encode(), path)


def _of(source: bytes, path: Path) -> Iterator[Message]:
    is_ours = path.is_relative_to(ROOT) and not path.is_relative_to(UNFOLD)
    where = path.relative_to(ROOT if is_ours else UNFOLD.parent).as_posix()
    for _line, id, _comments, context in extract("python", BytesIO(source), KEYWORDS):
        yield Message(id, context, where)


def catalog(only: tuple[str, ...] = ("",)) -> Catalog:
    """Of the files whose paths begin with one of `only`; sorted, without places, so that two
    changes at once seldom meet.
    """
    found = Catalog(charset="utf-8")
    for message in sorted(set(messages()), key=str):
        if message.path.startswith(only):
            found.add(message.id, context=message.context)
    return found
