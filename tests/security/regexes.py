"""Every regular expression of the product, and texts that are made to be slow for each of them.

Where a pattern stands in the source is found by its syntax; what it is, by evaluating it where it
stands, or, for those of a table, by looking the table up. Attacks are made from the pattern: what
leads up to a part that repeats, that part again and again, and something that does not fit.
"""

from __future__ import annotations

import ast
import heapq
import importlib
import itertools
import re
import re._constants as sre  # type: ignore[import-not-found]  # the compiler's own, which says what a pattern is made of
import re._parser as parser  # type: ignore[import-not-found]
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver

from dispatch.providers import PROVIDERS, bounces
from dispatch.providers.classification import Rule
from dispatch.providers.http import refusals
from dispatch.providers.http.transport import ADVICE
from dispatch.providers.smtp import replies
from sandbox import Limits, bounded

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = (
    "access", "addressing", "admin_kit", "campaigns", "devmail", "dispatch", "edm_project",
    "embedded_postgres", "privacy", "sandbox", "signin", "signup", "tracking",
)  # fmt: skip
SCANNING = frozenset({"search", "sub", "subn", "split", "findall", "finditer"})
ANCHORED = frozenset({"match", "fullmatch"})
FIELDS = frozenset({"RegexField", "RegexValidator"})

SHORT, SHORTER = 8_000, 2_000
"""Characters; the latter of patterns that take long for any text, as those with many branches."""
TIMES = 4
SUSPICIOUS_SECONDS = 0.002
"""What is linear takes a tenth of it, what is not, many times as much."""
WORST = 16
"""Attacks: so many that take longest are tried with the longer text."""
GROWTH = 8.0
"""Between what is linear (4) and what is quadratic (16)."""

CHARACTERS = (
    "aA0 \n\t<>-_.,;:@=+/\\'\"(){}[]%&#!?*|~^$\x00éß中；\u2028sS" + "bcdefghijklmnopqrtuvwxyz"
)
SUFFIXES = ("", "\x00", "\n", "a")
MANY = 50
"""What may repeat more often than so counts as without end."""


class Site(NamedTuple):
    """A pattern, where it stands, and whether it is looked for anywhere or at the start only."""

    where: str
    pattern: str | bytes
    flags: int
    method: str


def sites() -> list[Site]:
    return [*itertools.chain.from_iterable(map(_in_file, _files())), *_urls(get_resolver())]


def _files() -> list[Path]:
    return [
        path
        for package in PACKAGES
        for path in sorted((ROOT / package).rglob("*.py"))
        if "migrations" not in path.parts
    ]


def _in_file(path: Path) -> Iterator[Site]:
    tree = ast.parse(path.read_text("utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    for call in calls:
        name, written = _called(call), _pattern_of(call)
        if name is None or written is None:
            continue
        where = f"{path.relative_to(ROOT)}:{call.lineno}"
        module = _module(path)
        flags = _flags(call, name, module)
        method = _method(name, call, tree)
        for pattern in _values(written, module, where):
            yield Site(where, pattern, flags, method)


def _called(call: ast.Call) -> str | None:
    """The function of `re`, or "field" for what makes a validator."""
    function = call.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    if name in FIELDS:
        return "field"
    is_of_re = isinstance(function, ast.Attribute) and getattr(function.value, "id", "") == "re"
    return name if is_of_re and name in SCANNING | ANCHORED | {"compile"} else None


def _pattern_of(call: ast.Call) -> ast.expr | None:
    named = [word.value for word in call.keywords if word.arg in ("regex", "pattern")]
    return named[0] if named else call.args[0] if call.args else None


def _module(path: Path) -> Any:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))


def _flags(call: ast.Call, name: str, module: Any) -> int:
    written = [word.value for word in call.keywords if word.arg == "flags"]
    place = {"compile": 1, "sub": 4, "subn": 4, "split": 3, "field": 99}.get(name, 2)
    written += call.args[place : place + 1]
    return int(_evaluated(written[0], module)) if written else 0


def _method(name: str, call: ast.Call, tree: ast.Module) -> str:
    """Of a compiled pattern: "search", unless all that is done with its name is anchored."""
    if name in SCANNING | ANCHORED:
        return "search" if name in SCANNING else name
    used = {
        node.attr
        for target in ast.walk(tree)
        if isinstance(target, ast.Assign | ast.AnnAssign) and target.value is call
        for variable in (target.targets if isinstance(target, ast.Assign) else [target.target])
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and getattr(node.value, "id", "") == getattr(variable, "id", None)
    } & (SCANNING | ANCHORED)
    return "match" if used == {"match"} else "fullmatch" if used == {"fullmatch"} else "search"


def _evaluated(expression: ast.expr, module: Any) -> Any:
    code = compile(ast.Expression(expression), module.__name__, "eval")
    return eval(code, vars(module))


def _values(written: ast.expr, module: Any, where: str) -> Sequence[str | bytes]:
    try:
        return [_evaluated(written, module)]
    except NameError:
        pass
    if isinstance(written, ast.Attribute):
        if made := MADE_ELSEWHERE.get((module.__name__, written.attr)):
            return sorted(set(made(module)))
        if found := sorted(set(_of_tables(vars(module).values(), written.attr))):
            return found
    elif (
        isinstance(written, ast.Name)
        and (made := MADE_ELSEWHERE.get((module.__name__, written.id)))
        or isinstance(written, ast.JoinedStr | ast.Call)
        and (made := MADE_ELSEWHERE.get((module.__name__, "")))
    ):
        return made(module)
    if found := sorted({pattern.pattern for pattern in _compiled(vars(module).values())}):
        return found
    raise AssertionError(f"{where}: say in MADE_ELSEWHERE what the pattern may be")


MADE_ELSEWHERE: dict[tuple[str, str], Callable[[Any], list[str]]] = {
    ("dispatch.providers.classification", "code"): lambda _: [rule.code for rule in _rules()],
    ("dispatch.providers.classification", "enhanced"): lambda _: [
        rule.enhanced for rule in _rules()
    ],
    ("dispatch.providers.classification", "text"): lambda _: [rule.text for rule in _rules()],
    ("campaigns.files.csv_reader", "alone"): lambda module: list(
        map(module.address_alone, ",;\t| ")
    ),
    ("campaigns.files.quoting", "whole"): lambda module: [module.patterns(d)[0] for d in ",;\t| "],
    ("campaigns.files.quoting", "rest"): lambda module: [module.patterns(d)[1] for d in ",;\t| "],
    ("campaigns.blocks.markup", ""): lambda _: [r"xoutput(\d+)z"],
    ("campaigns.rendering.mjml.compiling", ""): lambda module: [
        r"<!--(xq[0-9]++z)-->|(xq[0-9]++z)",
        module.IN_SOCIAL.format(token="xq[0-9]++z"),
    ],
    ("privacy.erasure", ""): lambda module: [
        rf"(?<![\w.+-]){re.escape('ada.b-c@aa.example')}(?![\w-]|\.\w)"
    ],
}
"""Patterns that are made of what only a function knows, by module and variable."""


def _rules() -> Iterator[Rule[Any]]:
    """Those that classify replies: of the tables for every provider, and of each provider's own."""
    tables: list[tuple[Rule[Any], ...]] = [replies.RULES, refusals.GENERAL, bounces.RULES, ADVICE]
    own = [getattr(provider, "refusals", ()) for provider in PROVIDERS]
    return itertools.chain.from_iterable([*tables, *own])


def _compiled(values: Iterable[Any], within: bool = False) -> Iterator[re.Pattern[str]]:
    """The patterns in all tables of a module, as those that are made one by one are."""
    for value in values:
        if isinstance(value, re.Pattern):
            if within:
                yield value
        elif isinstance(value, dict | tuple | list):
            yield from _compiled(value.values() if isinstance(value, dict) else value, True)


def _of_tables(values: Iterable[Any], name: str) -> Iterator[str]:
    """The attributes of this name of all rows in these tables."""
    for value in values:
        if isinstance(value, tuple | list) and not hasattr(value, name):
            yield from _of_tables(value, name)
        elif isinstance(value, dict):
            yield from _of_tables(value.values(), name)
        elif not isinstance(value, type) and isinstance(getattr(value, name, None), str):
            yield getattr(value, name)


NOT_OURS = frozenset({"r/<path:content_type_id>/<path:object_id>/"})
"""Django's own, of addresses that gunicorn cuts at 4,094 characters."""


def _urls(resolver: URLResolver) -> Iterator[Site]:
    for each in resolver.url_patterns:
        if str(each.pattern) in NOT_OURS:
            continue
        pattern = each.pattern.regex
        yield Site(f"URL {each.pattern}", pattern.pattern, pattern.flags, "search")
        if isinstance(each, URLResolver):
            yield from _urls(each)
        else:
            assert isinstance(each, URLPattern)


@bounded(Limits(cpu_seconds=10, memory_megabytes=512, wall_seconds=300))
def slowest(pattern: str | bytes, flags: int, method: str) -> tuple[float, str]:
    """By how much the time grows when the worst text becomes four times as long, and its start."""
    look = getattr(re.compile(pattern, flags), method)
    size = SHORT if _seconds(look, "a b" * (SHORT // 3), pattern) < 0.0005 else SHORTER
    tried = [
        (_seconds(look, attack.text(size), pattern), attack) for attack in attacks(pattern, flags)
    ]
    suspicious = [each for each in tried if each[0] >= SUSPICIOUS_SECONDS]
    worst = (0.0, "")
    for short, attack in heapq.nlargest(WORST, suspicious):
        long = _seconds(look, attack.text(size * TIMES), pattern)
        if long / short > GROWTH:
            short = _least(look, attack.text(size), pattern)
            long = _least(look, attack.text(size * TIMES), pattern)
        worst = max(worst, (long / short, repr(attack)))
        if worst[0] > GROWTH:
            break
    return worst


def _least(look: Any, text: str, pattern: str | bytes) -> float:
    return min(_seconds(look, text, pattern) for _ in range(3))


def _seconds(look: Any, text: str, pattern: str | bytes) -> float:
    subject = text.encode("utf-8", "replace") if isinstance(pattern, bytes) else text
    began = time.thread_time()  # that of the process is not exact while its limit is watched
    look(subject)
    return time.thread_time() - began


class Attack(NamedTuple):
    before: str
    again: str
    after: str

    def text(self, size: int) -> str:
        return self.before + self.again * (size // max(len(self.again), 1)) + self.after


def attacks(pattern: str | bytes, flags: int) -> set[Attack]:
    text = pattern.decode("latin-1") if isinstance(pattern, bytes) else pattern
    tree = list(parser.parse(text, flags & ~re.LOCALE & ~re.UNICODE))
    whole = _example(tree)
    made = {(whole, ""), ("", whole), ("", whole[:-1])}
    for before, bodies in _repeats(tree, ""):
        for body, other in zip(bodies, bodies[1:] + bodies[:1], strict=True):
            made |= {(before, body), ("", before + body), ("", before), ("", body)}
            made |= {(before, body + other), ("", before + body + other)}
    return {
        Attack(before, again, after)
        for before, again in made
        if again
        for after in SUFFIXES
    }  # fmt: skip


def _repeats(items: list[Any], before: str) -> Iterator[tuple[str, list[str]]]:
    """What leads up to each part that repeats without end, and what that part may be."""
    for operation, argument in items:
        if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            _, most, body = argument
            if most > MANY:
                yield before, _examples(list(body))
        for within in _within(operation, argument):
            yield from _repeats(list(within), before)
        before += _example([(operation, argument)])


def _within(operation: Any, argument: Any) -> list[Any]:
    if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        return [argument[2]]
    if operation is sre.SUBPATTERN:
        return [argument[3]]
    if operation is sre.BRANCH:
        return list(argument[1])
    if operation in (sre.ASSERT, sre.ASSERT_NOT):
        return [argument[1]]
    return [argument] if operation is sre.ATOMIC_GROUP else []


def _examples(items: list[Any]) -> list[str]:
    """Some texts that fit: of a single class, several of its characters; of alternatives, each."""
    if len(items) == 1:
        operation, argument = items[0]
        if operation is sre.BRANCH:
            return [_example(list(each)) for each in argument[1]][:6]
        if operation in (sre.SUBPATTERN, sre.ATOMIC_GROUP):
            return _examples(list(_within(operation, argument)[0]))
        return _characters(operation, argument)[:6] or [_example(items)]
    return [_example(items)]


def _example(items: list[Any]) -> str:
    """A text that fits, or nearly: look-arounds and references are left out."""
    text = ""
    for operation, argument in items:
        if operation in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            least, most, body = argument
            text += _example(list(body)) * max(least, min(1, most))
        elif operation in (sre.SUBPATTERN, sre.BRANCH, sre.ATOMIC_GROUP):
            text += _example(list(_within(operation, argument)[0]))
        else:
            text += "".join(_characters(operation, argument)[:1])
    return text


def _characters(operation: Any, argument: Any) -> list[str]:
    if operation is sre.LITERAL:
        return [chr(argument)]
    if operation not in (sre.IN, sre.ANY, sre.NOT_LITERAL):
        return []
    one = re.compile(_as_pattern(operation, argument))
    spread = CHARACTERS[0] + CHARACTERS[3:7] + CHARACTERS
    return list(dict.fromkeys(character for character in spread if one.fullmatch(character)))


def _as_pattern(operation: Any, argument: Any) -> str:
    if operation is sre.ANY:
        return r"[\s\S]"
    if operation is sre.NOT_LITERAL:
        return f"[^{re.escape(chr(argument))}]"
    classes = {
        sre.CATEGORY_DIGIT: r"\d", sre.CATEGORY_NOT_DIGIT: r"\D", sre.CATEGORY_SPACE: r"\s",
        sre.CATEGORY_NOT_SPACE: r"\S", sre.CATEGORY_WORD: r"\w", sre.CATEGORY_NOT_WORD: r"\W",
    }  # fmt: skip
    written = ""
    for kind, value in argument:
        if kind is sre.NEGATE:
            written += "^"
        elif kind is sre.LITERAL:
            written += re.escape(chr(value))
        elif kind is sre.RANGE:
            written += f"{re.escape(chr(value[0]))}-{re.escape(chr(value[1]))}"
        elif kind is sre.CATEGORY:
            written += classes[value]
    return f"[{written}]"
