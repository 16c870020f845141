"""Pictures made anew, read back with Pillow."""

from __future__ import annotations

import io

import pytest
from PIL import Image, ImageCms

from campaigns.images.reencode import MAX_FRAMES, Refused, reencode
from sandbox import LimitReached
from tests.campaigns.images import pictures


def opened(data: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(data))
    image.load()
    return image


def test_what_a_camera_wrote_is_gone() -> None:
    data = pictures.from_a_camera()
    assert b"Camera of Ada" in data
    made = reencode(data)
    assert (made.extension, made.width, made.height) == ("jpg", 400, 300)
    assert b"Camera of Ada" not in made.data
    assert pictures.PLACE.encode() not in made.data
    assert dict(opened(made.data).getexif()) == {}


def test_a_picture_taken_sideways_stands_upright() -> None:
    made = reencode(pictures.from_a_camera(orientation=6))
    assert opened(made.data).size == (300, 400) == (made.width, made.height)


def test_a_wide_picture_is_made_as_wide_as_a_message_needs() -> None:
    made = reencode(pictures.photograph(4_000, 1_000))
    assert opened(made.data).size == (1_600, 400)


def test_a_small_picture_keeps_its_size() -> None:
    assert opened(reencode(pictures.drawing()).data).size == (40, 30)


def test_what_is_seen_through_stays_so() -> None:
    image = Image.new("RGBA", (10, 10), (255, 0, 0, 128))
    made = opened(reencode(pictures.saved(image, "PNG")).data)
    assert made.format == "PNG"
    assert made.convert("RGBA").getpixel((5, 5)) == (255, 0, 0, 128)


@pytest.mark.parametrize(("mode", "form"), [("RGB", "JPEG"), ("RGBA", "PNG")])
def test_webp_becomes_what_mail_programs_show(mode: str, form: str) -> None:
    made = reencode(pictures.saved(Image.new(mode, (30, 20)), "WEBP"))
    assert opened(made.data).format == form


def test_colours_for_printing_become_those_of_screens() -> None:
    image = Image.new("CMYK", (20, 20), (0, 255, 255, 0))
    made = opened(reencode(pictures.saved(image, "JPEG")).data)
    red, green, blue = made.convert("RGB").getpixel((10, 10))  # type: ignore[misc]
    assert made.mode == "RGB"
    assert red > 200
    assert green < 60
    assert blue < 60


def test_a_colour_profile_is_used_and_left_out() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    made = opened(reencode(pictures.photograph(icc_profile=profile)).data)
    assert "icc_profile" not in made.info


def test_an_animation_keeps_its_frames_and_their_time() -> None:
    made = opened(reencode(pictures.animation(frames=3, loop=0)).data)
    assert getattr(made, "n_frames", 1) == 3
    assert made.info["duration"] == 120
    assert made.info["loop"] == 0


def test_what_is_hidden_behind_a_picture_is_gone() -> None:
    made = reencode(pictures.drawing() + b"<script>alert(1)</script>")
    assert b"script" not in made.data


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no picture that mail programs show"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no picture that mail programs show"),
        (b"%PDF-1.7", "no picture that mail programs show"),
        (b"BM" + b"\0" * 100, "no picture that mail programs show"),
        (pictures.photograph()[:900], "damaged"),
        (pictures.drawing()[:50], "damaged"),
        (pictures.claiming(60_000, 60_000), "60,000 × 60,000 pixels"),
        (pictures.claiming(300, 300), "damaged"),
        (pictures.animation(frames=MAX_FRAMES + 1), "301 frames"),
        (pictures.in_layers(2_000), "stored in 2,0"),
    ],
    ids=[
        "empty",
        "svg",
        "pdf",
        "bmp",
        "cut jpeg",
        "cut png",
        "bomb",
        "too little",
        "film",
        "layers",
    ],
)
def test_refuses(data: bytes, reason: str) -> None:
    with pytest.raises(Refused, match=reason):
        reencode(data)


def test_the_largest_picture_that_is_allowed_stays_within_the_limits() -> None:
    data = pictures.saved(Image.new("RGB", (10_000, 5_000), (1, 2, 3)), "PNG")
    try:
        made = reencode(data)
    except LimitReached as error:
        pytest.fail(f"it {error}")
    assert (made.width, made.height) == (1_600, 800)
