"""On what an owner's look is seen before it is saved. The packages with such pages add them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from campaigns.brands.face import Face

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise

LIGHT, DARK = "light", "dark"


@dataclass(frozen=True, slots=True)
class Sample:
    """A page, or a message when it has one look for all screens, with made-up values."""

    name: str
    label: _StrOrPromise
    html: Callable[[Face], str]
    schemes: tuple[str, ...] = (LIGHT, DARK)


SAMPLES: list[Sample] = []


def named(name: str) -> Sample:
    """The first for a name that there is not."""
    return next((sample for sample in SAMPLES if sample.name == name), SAMPLES[0])
