"""What public pages look like while a brand is filled in, and what is wrong with it there."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from copy import copy
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from campaigns.brands import contrast, face, samples
from campaigns.brands.samples import DARK, LIGHT, Sample
from campaigns.models import Brand, Sender

SHOWN = "_shown"
"""The control that says which page is previewed."""
SCREENS = {LIGHT: _("On a light screen"), DARK: _("On a dark screen")}
CORRECTED = _("Public pages show such texts in a colour that can be read.")
NO_LOGO = _(
    "Public pages do not show the logo, because it is not one of the owner’s pictures: the site "
    "that has it would learn who opens them. Bring it here with “Choose a picture”."
)


@dataclass(frozen=True, slots=True)
class Preview:
    shown: Sample
    samples: list[Sample]
    frames: list[tuple[Any, str]]
    """The name of each and its page."""
    warnings: list[str]


def as_far_as_right(brand: Brand, wrong: Collection[str]) -> Brand:
    """A copy, with what a new brand has in place of what is wrong: it goes into style sheets."""
    right, new = copy(brand), Brand()
    for field in Brand._meta.fields:
        if field.name in wrong and field.has_default():
            setattr(right, field.name, getattr(new, field.name))
    return right


def of_brand(brand: Brand, asked: str) -> Preview:
    """The brand need not be saved."""
    shown = samples.named(asked)
    looks = face.of_brand(brand, "", _postal_address(brand))
    frames = [(SCREENS[scheme], shown.html(looks.preview(scheme))) for scheme in shown.schemes]
    return Preview(shown, samples.SAMPLES, frames, list(warnings(brand)))


def _postal_address(brand: Brand) -> str:
    senders = Sender.objects.filter(owner=brand.owner_id).exclude(postal_address="")
    return senders.order_by("pk").values_list("postal_address", flat=True).first() or ""


def warnings(brand: Brand) -> Iterator[str]:
    if illegible := list(contrast.warnings(brand)):
        yield from illegible
        yield str(CORRECTED)
    if brand.logo_url and face.logo_of(brand) is None:
        yield str(NO_LOGO)
