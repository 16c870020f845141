"""A template's fixed stretches and the gaps between them, filled here where that takes no Liquid.

What is fixed can be worked on once (encoded for the mail, say), and per recipient only the gaps are
filled. Two kinds are filled here: an output such as `{{ first_name | default: "friend" }}`, and a
section `{% if x != "" %}…{% endif %}` of such outputs, each where its values are texts or numbers.
All else (tags, other filters, other values) is rendered by python-liquid, in a worker
(`campaigns.rendering.renderer`). Both come to the same bytes.

Filling runs in the process that sends, so its cost has a bound of its own. There are at most
MAX_STEPS variables and parts of variables to follow, each in constant time; each value is read
once, has at most MAX_VALUE characters, and escaping makes it at most five times as long; and
filling ends when the values come to more than MAX_FILLED bytes. What is beyond any of these is left
to a worker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, NamedTuple

from liquid import escape as escape_html

from campaigns.rendering.liquid import environment

MAX_STEPS = 1_000  # variables, and parts of variables, in one template
MAX_VALUE = 50_000  # characters of one value
MAX_FILLED = 200_000  # bytes of all values


@dataclass(frozen=True, slots=True)
class Pieces:
    """A rendered text in UTF-8: fixed[0], values[0], fixed[1], … fixed[-1]."""

    fixed: tuple[bytes, ...]
    values: Sequence[bytes]

    @classmethod
    def of(cls, text: str) -> Pieces:
        """A text without known fixed parts."""
        return cls((b"", b""), [text.encode("utf-8")])

    def __bool__(self) -> bool:
        return any(self.fixed) or any(self.values)

    def __bytes__(self) -> bytes:
        return _interleaved(self.fixed, self.values)

    def __str__(self) -> str:
        return bytes(self).decode("utf-8")


class NotPlain(Exception):
    """Only python-liquid can render it, or report the error."""


class Lookup(NamedTuple):
    """An output that is a variable, or a part of one, or else a default."""

    name: str
    keys: tuple[str | int, ...]
    default: str

    @property
    def steps(self) -> int:
        return 1 + len(self.keys)

    def fill(self, variables: Mapping[str, Any], escape: Callable[[str], str]) -> bytes:
        """Raises NotPlain, or ValueError for what cannot be written."""
        value = variables.get(self.name)
        if self.keys:
            value = _follow(value, self.keys)
        if value is None or value == "":
            return self.default.encode("utf-8")
        kind = type(value)
        if kind is str and len(value) <= MAX_VALUE:
            return escape(value).encode("utf-8")
        if kind is int or kind is float:
            return str(value).encode("utf-8")
        raise NotPlain


class Section(NamedTuple):
    """`{% if name != "" %}…{% endif %}` with nothing but outputs in it."""

    name: str
    fixed: tuple[str, ...]
    lookups: tuple[Lookup, ...]

    @property
    def steps(self) -> int:
        return 1 + sum(lookup.steps for lookup in self.lookups)

    def fill(self, variables: Mapping[str, Any], escape: Callable[[str], str]) -> bytes:
        value = variables.get(self.name)
        if type(value) is not str:
            raise NotPlain
        if value == "":
            return b""
        fixed = [stretch.encode("utf-8") for stretch in self.fixed]
        return _interleaved(fixed, [lookup.fill(variables, escape) for lookup in self.lookups])


Gap = Lookup | Section


def gap_from_json(value: Sequence[Any]) -> Gap:
    """A gap as its tuple: of a Section's, the second is a list of texts and the third of tuples."""
    name, second, third = value
    if isinstance(third, str):
        return Lookup(name, tuple(second), third)
    return Section(name, tuple(second), tuple(Lookup(n, tuple(k), d) for n, k, d in third))


class Precompiled:
    """The parts of a template that are the same for every recipient."""

    def __init__(self, fixed: Iterable[str], gaps: Iterable[Gap] | None, *, escape: bool) -> None:
        """`gaps` is None unless all of them can be filled without Liquid; `escape` says that values
        are escaped for HTML.
        """
        self.fixed = tuple(stretch.encode("utf-8") for stretch in fixed)
        self._fixed_size = sum(map(len, self.fixed))
        self._gaps = None if gaps is None else tuple(gaps)
        self._escape: Callable[[str], str] = escape_html if escape else str
        self.trimmed = _trimmed(self.fixed)
        """What is fixed without the white space around it and with one line end; None if it depends
        on the values what there is to trim.
        """
        if self._gaps is not None and sum(gap.steps for gap in self._gaps) > MAX_STEPS:
            self._gaps = None

    @property
    def is_plain(self) -> bool:
        """Whether its gaps can be filled without Liquid, given values that are plain."""
        return self._gaps is not None

    def look_up(self, variables: Mapping[str, Any]) -> list[bytes] | None:
        """What goes in the gaps; None when it takes python-liquid to say so."""
        if self._gaps is None:
            return None
        values, room = [], min(MAX_FILLED, environment.MAX_OUTPUT - self._fixed_size)
        try:
            for gap in self._gaps:
                value = gap.fill(variables, self._escape)
                room -= len(value)
                if room < 0:
                    return None
                values.append(value)
        except (NotPlain, ValueError):  # ValueError: a number too long, half a surrogate pair
            return None
        return values


def _trimmed(fixed: Sequence[bytes]) -> tuple[bytes, ...] | None:
    stretches = [stretch.decode("utf-8") for stretch in fixed]
    if not (stretches[0].strip() and stretches[-1].strip()):
        return None
    stretches[0] = stretches[0].lstrip()
    stretches[-1] = stretches[-1].rstrip() + "\n"
    return tuple(stretch.encode("utf-8") for stretch in stretches)


def _follow(value: object, keys: Sequence[object]) -> object:
    try:
        for key in keys:
            value = environment.get_item(value, key)
    except (LookupError, TypeError):
        return None
    return value


def _interleaved(fixed: Sequence[bytes], values: Sequence[bytes]) -> bytes:
    pairs = zip_longest(fixed, values, fillvalue=b"")
    return b"".join(piece for pair in pairs for piece in pair)
