"""A template ready to render: plain gaps are filled here, all others in a worker.

No template is parsed in this process. A worker takes it apart, for a launched template at the
launch; from then on a message with plain gaps needs no worker, and another one sends its variables
to a worker, which keeps the templates that it has parsed.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Collection, Mapping, Sequence
from typing import Any, NamedTuple, cast

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.rendering import template_work
from campaigns.rendering.budget import RenderBudget
from campaigns.rendering.precompiled import Precompiled, gap_from_json
from campaigns.rendering.template_work import (
    PARTS,
    RENDERING,
    RENDERING_FIRST,
    PartProblem,
    Sources,
)
from sandbox import Failed, LimitReached, Stalled

SEATS = 2
"""The most workers that one template uses at a time, so that others find a free one."""
SIMPLIFY = _("Make it smaller or simpler")


class CannotRender(Exception):
    """The error in one part, and the processor time in seconds spent on finding it."""

    def __init__(self, problem: PartProblem, cpu_seconds: float = 0.0) -> None:
        super().__init__(str(problem))
        self.problem = problem
        self.cpu_seconds = cpu_seconds


class CostsTooMuch(Exception):
    """Not tried, or ended before anything was known about a recipient: the template as a whole
    costs too much.
    """

    def __init__(self, part: str, message: str) -> None:
        super().__init__(part, message)
        self.part, self.message = part, message


class Filled(NamedTuple):
    """The texts for the gaps of each part, and the seconds spent in a worker."""

    values: Mapping[str, Sequence[bytes]]
    cpu_seconds: float = 0.0


class _Apart(NamedTuple):
    """A template split into fixed stretches and gaps."""

    digest: bytes
    sources: Sources
    form: list[Any]


def precompiled(form: list[Any]) -> dict[str, Precompiled]:
    """The parts of a template by the form in which a worker gives them and Content keeps them."""
    return {
        part: Precompiled(
            fixed,
            None if gaps is None else [gap_from_json(gap) for gap in gaps],
            escape=part == "html",
        )
        for part, (fixed, gaps) in zip(PARTS, form, strict=True)
    }


class Renderer:
    """One template; thread-safe."""

    def __init__(self, subject: str, preview_text: str, html: str, text: str) -> None:
        self._template = (subject, preview_text, html, text)
        self._parts: dict[str, Precompiled] | None = None
        self._lock = threading.Lock()  # guards the two below
        self._apart: _Apart | None = None
        self._wrong: CannotRender | CostsTooMuch | None = None
        self._seats = threading.BoundedSemaphore(SEATS)
        self._budget = RenderBudget()

    @property
    def is_known(self) -> bool:
        """Whether the template's fixed stretches are known."""
        return self._parts is not None

    def know(self, form: list[Any]) -> None:
        """Use the precompiled form that a worker made before."""
        self._parts = precompiled(form)

    def form(self) -> list[Any]:
        """The form to store for `know`. Raises as `parts` does."""
        return self._taken_apart().form

    def parts(self) -> dict[str, Precompiled]:
        """Raises CannotRender, CostsTooMuch, or Failed when it may be tried again."""
        if self._parts is None:
            self._parts = precompiled(self._taken_apart().form)
        return self._parts

    def prepare(self) -> None:
        """Have ready what its messages need. Raises as `parts` does."""
        if not all(part.is_plain for part in self.parts().values()):
            self._taken_apart()

    def renew(self) -> None:
        """Reset the budget of its messages."""
        self._budget.renew()
        with self._lock:
            self._wrong = None

    def fill(self, variables: Mapping[str, Any]) -> Filled:
        """For one recipient. Raises CannotRender, CostsTooMuch, or Failed when it may be tried
        again.
        """
        looked_up = {part: form.look_up(variables) for part, form in self.parts().items()}
        if None not in looked_up.values():
            return Filled(cast("dict[str, Sequence[bytes]]", looked_up))
        rich = [part for part, values in looked_up.items() if values is None]
        plain = {part: values for part, values in looked_up.items() if values is not None}
        with self._seats:
            filled = self._within_budget(self._taken_apart(), rich, dict(variables))
        return Filled({**plain, **filled.values}, filled.cpu_seconds)

    def _within_budget(self, apart: _Apart, parts: list[str], variables: dict[str, Any]) -> Filled:
        if why := self._budget.spent():
            raise CostsTooMuch(_to_blame(parts), why)
        try:
            filled = _filled(apart, parts, variables)
        except CannotRender as error:
            self._budget.charge(error.cpu_seconds)
            raise
        self._budget.charge(filled.cpu_seconds)
        return filled

    def _taken_apart(self) -> _Apart:
        """Split once, also when that fails."""
        return self._apart or self._take_apart()

    def _take_apart(self) -> _Apart:
        with self._lock:
            if self._wrong is not None:
                raise self._wrong.with_traceback(None)
            try:  # another thread may have done it while this one waited
                self._apart = self._apart or _take_apart(*self._template)
            except (CannotRender, CostsTooMuch) as wrong:
                self._wrong = wrong
                raise
            return self._apart


def _take_apart(subject: str, preview_text: str, html: str, text: str) -> _Apart:
    try:
        sources, form = template_work.take_apart(subject, preview_text, html, text)
    except PartProblem as problem:
        raise CannotRender(problem) from problem
    except Stalled as error:
        raise Failed(str(error)) from error
    except LimitReached as error:
        raise CostsTooMuch(_to_blame(PARTS), str(error)) from error
    digest = hashlib.sha256(json.dumps(sources).encode("ascii")).digest()
    return _Apart(digest, tuple(sources), form)


def _to_blame(parts: Collection[str]) -> str:
    """The part that most likely costs too much when it is not known which."""
    return next(part for part in ("html", "text", "subject") if part in parts)


def _filled(apart: _Apart, parts: list[str], variables: dict[str, Any]) -> Filled:
    """Raises CannotRender or Failed."""
    try:
        values, wrong, seconds = _rendered(apart, parts, variables)
    except PartProblem as problem:
        raise CannotRender(problem) from problem
    except Stalled as error:
        raise Failed(str(error)) from error
    except LimitReached as error:
        raise _too_costly(parts, str(error)) from error
    if seconds > RENDERING.cpu_seconds:
        raise _too_costly(parts, RENDERING.too_much_time)
    if wrong:
        raise CannotRender(PartProblem(*wrong), seconds)
    encoded = {part: [value.encode("utf-8") for value in found] for part, found in values.items()}
    return Filled(encoded, seconds)


def _rendered(apart: _Apart, parts: list[str], variables: dict[str, Any]) -> list[Any]:
    try:
        return template_work.fill(apart.digest, parts, variables)
    except template_work.UnknownTemplate:
        pass
    try:
        return template_work.fill_first(apart.digest, apart.sources, parts, variables)
    except Stalled:
        raise
    except LimitReached as error:
        raise LimitReached(_of_rendering(str(error))) from error


def _of_rendering(limit: str) -> str:
    """The limit of rendering, where that of the first message was met."""
    match limit:
        case RENDERING_FIRST.too_much_time:
            return RENDERING.too_much_time
        case RENDERING_FIRST.too_much_memory:
            return RENDERING.too_much_memory
    return limit


def _too_costly(parts: list[str], limit: str) -> CannotRender:
    part = _to_blame(parts)
    problem = PartProblem(
        part,
        gettext("for this recipient it %(limit)s. %(simplify)s")
        % {"limit": limit, "simplify": SIMPLIFY},
    )
    return CannotRender(problem, RENDERING.cpu_seconds)
