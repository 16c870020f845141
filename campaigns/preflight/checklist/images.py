"""Checks of images."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from campaigns.preflight.checklist import addresses
from campaigns.preflight.checklist.document import Image
from campaigns.preflight.checklist.findings import Finding, Level
from campaigns.preflight.checklist.message import Message, Spot
from campaigns.rendering.liquid.environment import markup_in
from campaigns.wording import counted

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
        have = "has" if len(spots) == 1 else "have"
        text = f"{counted(len(spots), 'image')} {have} {what}."
        yield message.placed(Finding(check, level, text, means, mend), spots)


def _spot(image: Image) -> Spot:
    return Spot(image.start, image.src)


def alternative_texts(message: Message) -> Iterator[Finding]:
    yield from _all(
        message,
        "alternative_texts",
        Level.WARNING,
        lambda image: image.alt is None or (image.link and not image.link.text),
        "no alternative text",
        "Many readers see no images, at first or at all, and hear or read the file’s name instead.",
        'Say in alt="…" what the image says; alt="" for one that only decorates and is no link.',
    )


def image_sizes(message: Message) -> Iterator[Finding]:
    yield from _all(
        message,
        "image_sizes",
        Level.NOTE,
        lambda image: not _NUMBER.fullmatch(image.width) and not any(markup_in(image.width)),
        "no width",
        "Outlook for Windows shows it as large as its file is"
        ", and the text jumps when it is loaded.",
        'Write width="…" in pixels; height as well, where it is known.',
    )


_SAID = {
    "http": (
        "an address that is not encrypted (http:)",
        "Many programs show no image that is loaded without encryption.",
        "Use https://.",
    ),
    "form": (
        "no address that works",
        "It is not shown: there is a gap in the message.",
        "Upload the image here, or write its whole address with https://.",
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
        have = "has" if len(spots) == 1 else "have"
        said = f"{counted(len(spots), 'image')} {have} {what}{spots[0].example}."
        yield message.placed(Finding(f"images_{kind}", Level.WARNING, said, means, mend), spots)


def images_and_text(message: Message) -> Iterator[Finding]:
    images, text = _shown(message), message.document.text
    if images and len(text) < LEAST_TEXT:
        yield message.placed(
            Finding(
                "images_and_text",
                Level.WARNING,
                f"The message is images and hardly any text: {counted(len(text), 'character')}.",
                "Without images nothing is left to read, and filters take such messages for spam.",
                "Write the most important of it as text.",
            ),
            list(map(_spot, images)),
        )
    elif len(images) > MOST_IMAGES:
        yield Finding(
            "images_and_text",
            Level.NOTE,
            f"The message has {len(images):,} images.",
            "It takes long to load on a phone, and readers scroll past the end of it.",
            "Show fewer, and link to a page with the rest.",
        )


CHECKS = (alternative_texts, image_addresses, image_sizes, images_and_text)
