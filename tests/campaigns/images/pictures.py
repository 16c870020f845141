"""Files with pictures, as people have them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

from PIL import Image

PLACE = "51 deg 30' N"


def saved(image: Image.Image, form: str, **how: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, form, **how)
    return file.getvalue()


def photograph(width: int = 400, height: int = 300, **how: Any) -> bytes:
    """A JPEG with many colours."""
    image = Image.linear_gradient("L").resize((width, height)).convert("RGB")
    return saved(image, "JPEG", quality=95, **how)


def from_a_camera(orientation: int = 1) -> bytes:
    """With the camera's name and the place in it, and how it was held."""
    exif = Image.Exif()
    exif[0x010F] = "Camera of Ada"
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[2] = (51.0, 30.0, 0.0)
    exif[0x010E] = PLACE
    return photograph(exif=exif)


def in_layers(number: int) -> bytes:
    """A progressive JPEG whose last layer is there again and again."""
    whole = photograph(progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * number + whole[-2:]


def drawing(mode: str = "RGB", width: int = 40, height: int = 30) -> bytes:
    return saved(Image.new(mode, (width, height)), "PNG")


def animation(frames: int = 3, **how: Any) -> bytes:
    images = [Image.new("RGB", (20, 10), (80 * n % 256, 0, n % 256)) for n in range(frames)]
    return saved(images[0], "GIF", save_all=True, append_images=images[1:], duration=120, **how)


def claiming(width: int, height: int) -> bytes:
    """A PNG of few bytes that says it has so many pixels."""
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"\0" * 1_000)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in parts
    )
