"""Finds what product code says past gettext: prose in Python that no gettext wraps."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.translations.extract import KEYWORDS, ROOT, product_files
from tests.translations.html_texts import LETTERS, READ, texts_of

NOT_SHOWN_IN = frozenset({"management", "migrations"})
"""Folders: commands are for operators, migrations say again what the models say."""
FOR_PROGRAMMERS = frozenset({
    "AssertionError", "CommandError", "ImproperlyConfigured", "KeyError", "LookupError",
    "NotAsLocked", "NotImplementedError", "RuntimeError", "TypeError",
})  # fmt: skip
"""Who raises these tells a mistake of the code, or the operator on a terminal."""
LOGS = frozenset({"log", "logger", "logging", "warnings"})
NOT_PROSE_TO = frozenset({"cast", "compile", "execute", "RunSQL", "RawSQL", "TypeVar", "getattr"})
SAID_BY = frozenset({
    "description", "empty_label", "empty_value_display", "heading", "help_text", "label", "search_help_text", "short_description",
    "title", "verbose_name", "verbose_name_plural", "violation_error_message",
})  # fmt: skip
"""Arguments, and attributes of classes, whose every text is shown."""
TITLED = frozenset({"button", "label"})
"""Decorators whose first argument is the title of a column or button."""
TELLERS = frozenset({"ValidationError", "add_error", "message_user"})
LEVELS = frozenset({"add_message", "debug", "error", "info", "success", "warning"})
"""Of Django's messages. Every text of these is shown."""

COUNTS = "counted"
"""Makes “2,000 recipients” of a number and a noun."""

SQL = re.compile(
    r"\s*\(?(SELECT|UPDATE|INSERT|DELETE|WITH|CREATE|ALTER|DROP|FROM|WHERE|AND|OR|SET|LOCK|ORDER|EXISTS|JOIN|LEFT"
    r"|CASE|COPY|VALUES|NOT|ON|UNION|LIMIT|RETURNING|count\(|SHOW|GRANT|REVOKE|BEGIN|EXPLAIN|ANALYZE|FOR|AS|TRUNCATE"
    r"|WHEN|LISTEN|NOTIFY|DECLARE|FETCH|SUM|MAX|MIN|COALESCE|GROUP|HAVING|LATERAL|DO|PERFORM|RAISE)\b"
)
MORE_SQL = re.compile(
    r"\b(SELECT|WHERE|FROM [a-z_]+|INTERVAL|ORDER BY|IS NOT NULL|IS NULL|IS TRUE|ON CONFLICT|LEFT JOIN|NOT IN|FILTER \(|RETURNS"
    r"|INTERSECT|EXCEPT|RETURN)\b| AS \{|\bIN \(|%s\b|\{0\}|max-age="
)
PATTERN = re.compile(r" [!=]= |\(\?|\\[AbBdDsSwWZ.({\[]|\.\*|\[\^|[^ ]\|[^ ]|\^\[")
STYLE = re.compile(r"[a-z-]+:[^;]*;|\.[a-z-]+ *\{")
TAGS = re.compile(r"<[^<>]*>?|\{%.*?%\}", re.DOTALL)
SENTENCE = re.compile(
    r"[^\W\d_]{2,}[,;:.!?)”’]* +[(“]?([a-z{]|[A-Z][a-zA-Z])|\{\}[^\W\d_]* +\(?[a-z]{2,}|[A-Z]/[A-Z] [a-z]"
)
COLON = re.compile(r"\{\}[”)]?: [“(]?\{\}|\{\}[?!]$")
"""A heading and what is below it, or a question, with the signs of English."""
UNIT = re.compile(r"\{\} (s|min|h|d)$|\{\}(min|h|d)$")
"""Of time, behind a number."""
HALF = re.compile(r"^ +\(?[a-z]{2,}\)?$|^[a-z]{2,} +$")
PLACE = re.compile(r"\{\w*\}|%\(\w+\)s|%[sd]")
WORD = re.compile(r"[A-Z][a-z]*(-[a-z]+|(?<=[a-z]))(…|\.+|:|!|\?)?$")
KEYS = frozenset(
    {
        "get",
        "pop",
        "setdefault",
        "headers",
        "cookies",
        "has_header",
        "add_header",
        "getheader",
        "get_all",
    }
)


class Literal(NamedTuple):
    path: str
    line: int
    text: str

    is_shown: bool = False
    """For sure: where it stands, a text is shown."""

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.text}"


def literals() -> Iterator[Literal]:
    """Of every Python file of the product, each by its path from the root of the repository."""
    for path in product_files(".py"):
        where = path.relative_to(ROOT)
        if not NOT_SHOWN_IN & set(where.parts):
            yield from found_in(path.read_text("utf-8"), where)


def found_in(source: str, where: Path) -> Iterator[Literal]:
    finder = _Finder(is_page="admin" in where.parts)
    finder.visit(ast.parse(source))
    for line, text in dict.fromkeys(finder.found):
        yield Literal(where.as_posix(), line, text, (line, text) in finder.shown)


def is_prose(text: str) -> bool:
    """Two words in a row, with none of the signs of SQL, patterns, styles and lists of names."""
    if SQL.match(text) or MORE_SQL.search(text) or PATTERN.search(text):
        return False
    plain = TAGS.sub(" ", text)
    words = plain.split()
    if (
        plain.isupper()
        or STYLE.search(plain)
        or all(re.search(r"[^\W_][-.:_/=][^\W_]", word) for word in words)
    ):
        return False
    if plain.islower() and "{}" not in plain and any(_is_a_class(word) for word in words):
        return False
    return bool(SENTENCE.search(plain))


def _is_a_class(word: str) -> bool:
    """Of the style sheet, such as text-sm or dark:bg-white/5."""
    return bool(re.fullmatch(r"[a-z]+(-[a-z0-9./]+)*-(\d+(/\d+)?|px|sm|xs|lg|xl|full|auto|none|semibold|bold|medium|col|"
                             r"center|start|end|between|wrap|nowrap|hidden|light|dark|transparent|link)|[a-z]+:[\w/-]+",
                             word))  # fmt: skip


class _Finder(ast.NodeVisitor):
    def __init__(self, *, is_page: bool) -> None:
        self.is_page = is_page
        self.found: list[tuple[int, str]] = []
        self.shown: set[tuple[int, str]] = set()

    def visit_Expr(self, node: ast.Expr) -> None:
        if not isinstance(node.value, ast.Constant):  # a docstring
            self.generic_visit(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        """The values of a StrEnum are codes; Django's choices have labels beside theirs."""
        has_labels = any("Choices" in ast.unparse(each) for each in node.bases)
        for each in node.body:
            if has_labels and isinstance(each, ast.Assign) and isinstance(each.value, ast.Tuple):
                self._keep_if_said(each.value.elts[-1])
            if isinstance(each, ast.Assign) and _is_named(each.targets[0], SAID_BY):
                self._keep_if_said(each.value)
        if "StrEnum" not in map(ast.unparse, node.bases):
            self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> None:
        name, of = _called(node.func)
        if _are_listed(node.func):
            return
        if of in LOGS or of == "re" or name in NOT_PROSE_TO | FOR_PROGRAMMERS:
            return
        if name in KEYWORDS:
            self.found += [(each.lineno, _text(each)) for each in node.args if _is_glued(each)]
            return
        if name == COUNTS and not _is_wrapped(node.args[1:]):
            self.found.append((node.lineno, ast.unparse(node)))
            return
        self.visit(node.func)
        if name in TELLERS or (of == "messages" and name in LEVELS):
            for told in node.args[1:] if name == "add_error" else node.args:
                self._keep_what_is_told(told)
            return
        if name in TITLED and node.args:
            self._keep_if_said(node.args[0])
        patterns = [each for each in node.keywords if name == "Rule" and each.arg == "text"]
        for each in [*node.args, *node.keywords]:
            if each not in patterns and not (
                name in KEYS and each in node.args[:1] and _is_word(each)
            ):
                self.visit(each)

    def visit_keyword(self, node: ast.keyword) -> None:
        if not (node.arg in SAID_BY and self._keep_if_said(node.value)):
            self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        if isinstance(node.value, str):
            self._keep_if(is_prose(node.value) or _is_word(node), node)
            self._keep_html(node)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> None:
        text = _text(node)
        is_joined = self.is_page and COLON.search(text)
        self._keep_if(is_prose(text) or bool(UNIT.search(text) or is_joined), node)
        self._keep_html(node)
        for value in node.values:
            if isinstance(value, ast.FormattedValue):
                self.found += [(node.lineno, each) for each in _translated_inside(value)]
                self.visit(value.value)

    def visit_Assign(self, node: ast.Assign) -> None:
        said = [
            each
            for each in node.targets
            if isinstance(each, ast.Attribute) and each.attr in SAID_BY
        ]
        if said and self._keep_if_said(node.value):
            return
        if not any(isinstance(each, ast.Name) and each.id == "__all__" for each in node.targets):
            self.visit(node.value)

    def visit_BinOp(self, node: ast.BinOp) -> None:
        """Half a sentence that is glued to something."""
        for each in (node.left, node.right):
            text = _text(each) if isinstance(each, ast.Constant) else ""
            if isinstance(node.op, ast.Add) and HALF.search(text) and not is_prose(text):
                self._keep_if(True, each)
            self.visit(each)

    def visit_Dict(self, node: ast.Dict) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            if key is not None and not _is_word(key):
                self.visit(key)
            is_read = isinstance(key, ast.Constant) and key.value in READ
            if not (is_read and self._keep_if_said(value)):
                self.visit(value)

    def visit_Subscript(self, node: ast.Subscript) -> None:
        self.visit(node.value)
        if not _is_word(node.slice):
            self.visit(node.slice)

    def visit_Compare(self, node: ast.Compare) -> None:
        """With what came from elsewhere; a sentence is found here, too."""
        for each in [node.left, *node.comparators]:
            if not (_is_word(each) or isinstance(each, (ast.Tuple, ast.Set, ast.List))):
                self.visit(each)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> None:
        if node.value is not None:
            self.visit(node.value)

    def visit_arg(self, node: ast.arg) -> None:
        """An annotation is no text."""

    def _keep_if_said(self, node: ast.expr) -> bool:
        """Whether it is a text as it stands."""
        said = node.value if isinstance(node, ast.Constant) else None
        if not isinstance(said, str):
            return False
        if re.search(r"[^\W\d_]{2}", said):
            self._keep_if(True, node)
            self.shown.add(self.found[-1])
        return True

    def _keep_what_is_told(self, node: ast.expr) -> None:
        """Its every text, also a small word, and those in a list or put together."""
        if isinstance(node, (ast.Constant, ast.JoinedStr)):
            text = PLACE.sub("", TAGS.sub(" ", _text(node)))
            if isinstance(getattr(node, "value", ""), str) and LETTERS.search(text):
                self._keep_if(True, node)
                self.shown.add(self.found[-1])
            return
        for each in _parts(node):
            self._keep_what_is_told(each)
        if not _parts(node):
            self.visit(node)

    def _keep_html(self, node: ast.expr) -> None:
        """What stands in tags, if it is not prose as a whole."""
        if not is_prose(_text(node)):
            self.found += [(node.lineno, each) for each in texts_of(_text(node))]

    def _keep_if(self, said: bool, node: ast.expr) -> None:
        if said:
            self.found.append((node.lineno, _text(node)))


def _parts(node: ast.expr) -> list[ast.expr]:
    """Of what is listed, chosen or put together."""
    match node:
        case ast.List() | ast.Tuple():
            return node.elts
        case ast.Dict():
            return node.values
        case ast.BinOp():
            return [node.left, node.right]
        case ast.IfExp():
            return [node.body, node.orelse]
    return []


def _is_named(node: ast.expr, names: frozenset[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _are_listed(function: ast.expr) -> bool:
    """The words of a text that is split at once."""
    return (
        isinstance(function, ast.Attribute)
        and function.attr in ("split", "splitlines")
        and isinstance(function.value, ast.Constant)
    )


def _called(function: ast.expr) -> tuple[str, str]:
    if isinstance(function, ast.Attribute):
        of = function.value
        return function.attr, of.id if isinstance(of, ast.Name) else ""
    return (function.id, "") if isinstance(function, ast.Name) else ("", "")


def _translated_inside(node: ast.AST) -> list[str]:
    """Babel finds nothing inside an f-string."""
    calls = [each for each in ast.walk(node) if isinstance(each, ast.Call)]
    return [ast.unparse(each) for each in calls if _called(each.func)[0] in KEYWORDS]


def _is_word(node: ast.AST) -> bool:
    """A single one with a capital, such as the heading of a column."""
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and bool(WORD.match(node.value))
    )


def _is_wrapped(nouns: list[ast.expr]) -> bool:
    """What counts in one language only is a noun with an s behind it."""
    return not any(isinstance(each, (ast.Constant, ast.JoinedStr)) for each in nouns)


def _is_glued(node: ast.expr) -> bool:
    """gettext finds no translation of what is put together first."""
    return isinstance(node, (ast.JoinedStr, ast.BinOp))


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.JoinedStr):
        return "".join(
            str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values
        )
    return str(node.value) if isinstance(node, ast.Constant) else ast.unparse(node)
