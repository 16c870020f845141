"""The decorator for functions that run in a worker, and how their results and errors travel.

Arguments go to the worker as a pickle made by the caller. Results come back as JSON: the worker has
seen untrusted input, so its answer must be plain data.
"""

from __future__ import annotations

import functools
import importlib
import json
import pickle
import traceback
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.utils import translation
from django.utils.translation import gettext_noop

from sandbox import pool
from sandbox.limits import NESTED, Failed, LimitReached, Limits

P = ParamSpec("P")
R = TypeVar("R")


def same(value: Any) -> Any:
    """The identity, for results that are JSON already."""
    return value


def bounded(
    limits: Limits,
    *,
    raises: tuple[type[Exception], ...] = (),
    encode: Callable[[Any], Any] = same,
    decode: Callable[[Any], Any] = same,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run a module's function in a worker whenever it is called, at once within a worker.

    `raises` are the errors that reach the caller, made anew from their `args`, which must be JSON.
    `encode` makes JSON of the result in the worker, `decode` the result of it in the caller. The
    function raises LimitReached or Failed besides; any other error of its own is a Failed.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            if pool.is_worker:
                return function(*args, **kwargs)
            language = translation.get_language()
            job = (language, function.__module__, function.__qualname__, args, kwargs)
            # Of what the caller made itself; the worker answers in JSON.
            answer = json.loads(pool.run(pickle.dumps(job, pickle.HIGHEST_PROTOCOL), limits))
            if "error" in answer:
                raise {error.__qualname__: error for error in raises}[answer["error"]](
                    *answer["args"]
                )
            if "bug" in answer:
                text = gettext_noop("%(call)s failed in its worker: %(reason)s")
                raise Failed(text % {"call": function.__qualname__, "reason": answer["bug"]})
            if "limit" in answer:
                raise LimitReached(answer["limit"])
            result: R = decode(answer["result"])
            return result

        call.__sandbox__ = (raises, encode, limits)  # type: ignore[attr-defined]
        return call

    return decorate


def carry_out(job: bytes) -> bytes:
    """In the worker: make the call in the caller's language, and encode its result or its error."""
    language, module, name, args, kwargs = pickle.loads(job)
    function: Any = importlib.import_module(module)
    for part in name.split("."):
        function = getattr(function, part)
    with translation.override(language):
        return json.dumps(_answer(function, args, kwargs)).encode("ascii")


def _answer(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    raises, encode, limits = function.__sandbox__
    try:
        return {"result": encode(function(*args, **kwargs))}
    except raises as error:
        return {"error": type(error).__qualname__, "args": error.args}
    except MemoryError:
        return {"limit": limits.too_much_memory}
    except RecursionError:
        return {"limit": str(NESTED)}
    # The boundary of the worker: the caller raises the bug, with this traceback.
    except Exception:  # noqa: BLE001
        return {"bug": traceback.format_exc()[-2_000:]}
