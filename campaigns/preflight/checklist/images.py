"""Checks of images."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from campaigns.preflight.checklist import addresses
from campaigns.preflight.checklist.document import Image
from campaigns.preflight.checklist.findings import Finding, Level
from campaigns.preflight.checklist.message import Message, Spot
from campaigns.rendering.liquid.environment import markup_in
from campaigns.wording import filled

MOST_IMAGES = 30
LEAST_TEXT = 80
"""Characters. Messages of images with less text than a line or two are what filters look for."""
_NUMBER = re.compile(r"\s*+(?:\d++(?:\.\d++)?\s*+(?:px|%|em|rem|vw)?|auto)\s*+", re.IGNORECASE)


def _shown(message: Message) -> list[Image]:
    return [image for image in message.document.images if not image.is_pixel]


def _all(
    message: Message,
    check: str,
    level: Level,
    is_wrong: Callable[[Image], object],
    what: str,
    means: str,
    mend: str,
) -> Iterator[Finding]:
    """`what` follows "3 images have"."""
    spots = [_spot(image) for image in _shown(message) if is_wrong(image)]
    if spots:
        yield message.placed(Finding(check, level, _have(what, len(spots)), means, mend), spots)


def _have(what: str, images: int) -> str:
    text = ngettext("%(count)s image has %(what)s.", "%(count)s images have %(what)s.", images)
    return text % {"count": f"{images:,}", "what": what}


def _spot(image: Image) -> Spot:
    return Spot(image.start, image.src)


def alternative_texts(message: Message) -> Iterator[Finding]:
    yield from _all(
        message,
        "alternative_texts",
        Level.WARNING,
        lambda image: image.alt is None or (image.link and not image.link.text),
        gettext("no alternative text"),
        gettext(
            "Many readers see no images, at first or at all, and hear or read the file’s name "
            "instead."
        ),
        gettext(
            'Say in alt="…" what the image says; alt="" for one that only decorates and is no link.'
        ),
    )


def image_sizes(message: Message) -> Iterator[Finding]:
    yield from _all(
        message,
        "image_sizes",
        Level.NOTE,
        lambda image: not _NUMBER.fullmatch(image.width) and not any(markup_in(image.width)),
        gettext("no width"),
        gettext(
            "Outlook for Windows shows it as large as its file is, "
            "and the text jumps when it is loaded."
        ),
        gettext('Write width="…" in pixels; height as well, where it is known.'),
    )


_SAID = {
    "http": (
        _("an address that is not encrypted (http:)"),
        _("Many programs show no image that is loaded without encryption."),
        _("Use https://."),
    ),
    "form": (
        _("no address that works"),
        _("It is not shown: there is a gap in the message."),
        _("Upload the image here, or write its whole address with https://."),
    ),
}


def image_addresses(message: Message) -> Iterator[Finding]:
    found: dict[str, list[Spot]] = {}
    for image in message.document.images:
        for kind, why in addresses.wrong_with(image.src, of_image=True):
            spots = found.setdefault("http" if kind == "http" else "form", [])
            spots.append(Spot(image.start, image.src, why))
    for kind, spots in found.items():
        what, means, mend = _SAID[kind]
        said = _have(f"{what}{spots[0].example}", len(spots))
        finding = Finding(f"images_{kind}", Level.WARNING, said, str(means), str(mend))
        yield message.placed(finding, spots)


def _hardly_any_text(characters: int) -> str:
    text = ngettext(
        "The message is images and hardly any text: %(count)s character.",
        "The message is images and hardly any text: %(count)s characters.",
        characters,
    )
    return filled(text, characters)


def images_and_text(message: Message) -> Iterator[Finding]:
    images, text = _shown(message), message.document.text
    if images and len(text) < LEAST_TEXT:
        yield message.placed(
            Finding(
                "images_and_text",
                Level.WARNING,
                _hardly_any_text(len(text)),
                gettext(
                    "Without images nothing is left to read, and filters take such messages for "
                    "spam."
                ),
                gettext("Write the most important of it as text."),
            ),
            list(map(_spot, images)),
        )
    elif len(images) > MOST_IMAGES:
        yield Finding(
            "images_and_text",
            Level.NOTE,
            gettext("The message has %(images)s images.") % {"images": f"{len(images):,}"},
            gettext("It takes long to load on a phone, and readers scroll past the end of it."),
            gettext("Show fewer, and link to a page with the rest."),
        )


CHECKS = (alternative_texts, image_addresses, image_sizes, images_and_text)
