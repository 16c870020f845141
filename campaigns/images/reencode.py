"""Make a picture anew from its pixels, in a worker with limits: what else the file holds (where it
was taken, programs, a thumbnail) is gone, and it is as wide as a message needs."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from PIL import Image, ImageCms, ImageOps, ImageSequence, UnidentifiedImageError

from sandbox import Limits, bounded

MAX_MEGABYTES = 15
"""Of a file that is taken in."""
MAX_PIXELS = 50_000_000
"""Of a picture, or of all frames of an animation together."""
MAX_FRAMES = 300
MAX_WIDTH = 1_600
"""Pixels: twice the width of usual messages, for sharp screens."""
MAX_HEIGHT = 6_000
MAX_OCTETS = 5_000_000
"""Of the picture that is made."""
FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
MAX_SCANS = 100
"""Of a JPEG that is read in passes, each over the whole picture. Programs save about ten; a small
file may hold thousands, and each costs as much as the picture.
"""
LIMITS = Limits(cpu_seconds=20, memory_megabytes=1_000, wall_seconds=120)

EXTENSIONS = {"JPEG": "jpg", "PNG": "png", "GIF": "gif"}


class Refused(Exception):
    """The picture is not taken; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Picture:
    data: bytes
    extension: str
    width: int
    height: int


def _to_json(picture: Picture) -> list[Any]:
    encoded = base64.b85encode(picture.data).decode()
    return [encoded, picture.extension, picture.width, picture.height]


def _of_json(answer: list[Any]) -> Picture:
    data, extension, width, height = answer
    return Picture(base64.b85decode(data), extension, width, height)


@bounded(LIMITS, raises=(Refused,), encode=_to_json, decode=_of_json)
def reencode(data: bytes) -> Picture:
    """Raises Refused, LimitReached or Failed."""
    Image.MAX_IMAGE_PIXELS = None  # sizes are compared below, before anything is decoded
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            _check_size(image)
            _check_scans(image, data)
            made = _animation(image) if _is_animated(image) else _still(image)
    except UnidentifiedImageError:
        raise Refused(
            gettext("This is no picture that mail programs show. Save it as JPEG, PNG or GIF.")
        ) from None
    except (OSError, SyntaxError, ValueError, EOFError, IndexError, KeyError) as error:
        raise Refused(
            gettext(
                "The picture is damaged, and cannot be read to its end. Save it anew in the "
                "program that it comes from."
            )
        ) from error
    if len(made.data) > MAX_OCTETS:
        raise Refused(
            gettext(
                "The picture would have %(size)s MB in each message that shows it; "
                "%(most)s MB are the most. Make it smaller, or save a photograph as JPEG."
            )
            % {"size": f"{len(made.data) / 1e6:.1f}", "most": f"{MAX_OCTETS / 1e6:g}"}
        )
    return made


def _check_size(image: Image.Image) -> None:
    if image.width * image.height > MAX_PIXELS:
        raise Refused(
            gettext(
                "The picture has %(width)s × %(height)s pixels; %(most)s million are the "
                "most. Make it smaller."
            )
            % {
                "width": f"{image.width:,}",
                "height": f"{image.height:,}",
                "most": MAX_PIXELS // 1_000_000,
            }
        )


def _check_scans(image: Image.Image, data: bytes) -> None:
    """Within a scan no byte FF stands before DA."""
    if image.format == "JPEG" and (scans := data.count(b"\xff\xda")) > MAX_SCANS:
        raise Refused(
            gettext(
                "The picture is stored in %(layers)s layers; %(most)s are the most. Save it "
                "anew in the program that it comes from."
            )
            % {"layers": f"{scans:,}", "most": MAX_SCANS}
        )


def _is_animated(image: Image.Image) -> bool:
    return bool(image.format in ("GIF", "WEBP") and getattr(image, "is_animated", False))


def _still(image: Image.Image) -> Picture:
    source = image.format
    image.draft("RGB", (MAX_WIDTH, MAX_HEIGHT))  # decodes a large JPEG at a part of its size
    upright = _as_rgb(ImageOps.exif_transpose(image))
    small = _scaled(upright)
    if source == "JPEG" or (source == "WEBP" and small.mode == "RGB"):
        return _saved(small, "JPEG", quality=85, optimize=True, progressive=True)
    return _saved(small, "PNG", optimize=True)


def _as_rgb(image: Image.Image) -> Image.Image:
    """In sRGB, the colours that mail programs take a picture's to be in."""
    profile = image.info.get("icc_profile")
    if profile and image.mode in ("RGB", "CMYK"):
        image = _in_srgb(image, profile)
    sees_through = image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info
    if image.mode == "L" and not sees_through:
        return _bare(image)
    return _bare(image.convert("RGBA" if sees_through else "RGB"))


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    """As it is when the profile cannot be used."""
    try:
        made = ImageCms.profileToProfile(
            image,
            ImageCms.ImageCmsProfile(io.BytesIO(profile)),
            ImageCms.createProfile("sRGB"),
            outputMode="RGB",
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return image
    return made or image


def _bare(image: Image.Image) -> Image.Image:
    """Without what the file said beside the pixels."""
    image.info = {}
    return image


def _scaled(image: Image.Image) -> Image.Image:
    scale = min(1.0, MAX_WIDTH / image.width, MAX_HEIGHT / image.height)
    if scale == 1.0:
        return image
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return image.resize(size, Image.Resampling.LANCZOS)


def _saved(image: Image.Image, form: str, **how: Any) -> Picture:
    file = io.BytesIO()
    image.save(file, form, **how)
    return Picture(file.getvalue(), EXTENSIONS[form], image.width, image.height)


def _animation(image: Image.Image) -> Picture:
    """As a GIF: no other animation is shown by most mail programs."""
    frames = getattr(image, "n_frames", 1)
    if frames > MAX_FRAMES or frames * image.width * image.height > MAX_PIXELS:
        raise Refused(
            gettext(
                "The animation has %(frames)s frames of %(width)s × %(height)s pixels. "
                "%(most_frames)s frames, and %(most)s million pixels in all, are the most."
            )
            % {
                "frames": f"{frames:,}",
                "width": f"{image.width:,}",
                "height": f"{image.height:,}",
                "most_frames": MAX_FRAMES,
                "most": MAX_PIXELS // 1_000_000,
            }
        )
    loop = image.info.get("loop", 0)
    made, durations = [], []
    for frame in ImageSequence.Iterator(image):
        durations.append(int(frame.info.get("duration", 100)))
        made.append(_bare(_scaled(frame.convert("RGBA"))))
    return _saved(
        made[0],
        "GIF",
        save_all=True,
        append_images=made[1:],
        duration=durations,
        loop=loop,
        disposal=2,
        optimize=True,
    )
