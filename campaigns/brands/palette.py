"""The colours of a public page: those of a brand as far as they can be read, and what goes with
them, for light and dark screens."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from campaigns.brands.contrast import LEAST_OF_SHAPES, is_dark, shifted, text_on
from campaigns.models import Brand
from campaigns.models.brand import Font

SYSTEM_FONT = "system-ui, sans-serif"


@dataclass(frozen=True, slots=True)
class Palette:
    """Each is a property of the style sheet by the same name. `ground` is what texts stand on,
    `page` what lies around it, `plate` what lies behind the logo.
    """

    scheme: str
    page: str
    ground: str
    text: str
    muted: str
    link: str
    button: str
    button_text: str
    quiet: str
    done: str
    wrong: str
    border: str
    field: str
    on_field: str
    plate: str
    plate_room: str
    font: str = SYSTEM_FONT

    @property
    def css(self) -> str:
        """`on_field` is read on fields, on quiet buttons, and where something was done."""
        named = [(each.name.replace("_", "-"), getattr(self, each.name)) for each in fields(self)]
        return ";".join(
            [f"color-scheme:{self.scheme}", *(f"--{name}:{value}" for name, value in named[1:])]
        )

    @property
    def mail_font(self) -> str:
        """Mail programs do not know the font of the system."""
        return Font.ARIAL.value if self.font == SYSTEM_FONT else self.font


LIGHT = Palette(
    scheme="light", page="#f5f5f5", ground="#ffffff", text="#1c1c1c", muted="#595959",
    link="#0b57d0", button="#0b57d0", button_text="#ffffff", quiet="#e3e3e3", done="#e3f3e6",
    wrong="#b3261e", border="#767676", field="#ffffff", on_field="#1c1c1c", plate="transparent",
    plate_room="0",
)  # fmt: skip
DARK = Palette(
    scheme="dark", page="#161616", ground="#222222", text="#ededed", muted="#b5b5b5",
    link="#8ab4f8", button="#8ab4f8", button_text="#10213d", quiet="#444444", done="#24422b",
    wrong="#f2b8b5", border="#9a9a9a", field="#161616", on_field="#ededed", plate="#ffffff",
    plate_room=".5rem",
)  # fmt: skip


def of_brand(brand: Brand) -> tuple[Palette, Palette]:
    """For light and for dark screens. What is dark by itself is the same on both."""
    light = _own(brand)
    return (light, light) if is_dark(brand.body_colour) else (light, _on_dark(brand))


def _own(brand: Brand) -> Palette:
    """The colours as they are, but for those that could not be read. Beside the logo nothing is
    needed: the owner chose both."""
    ground = brand.body_colour
    around = DARK if is_dark(ground) else LIGHT
    return replace(
        around,
        page=brand.background_colour,
        ground=ground,
        text=text_on(ground, brand.text_colour),
        muted=shifted(around.muted, ground),
        link=shifted(brand.link_colour, ground),
        button=brand.button_colour,
        button_text=text_on(brand.button_colour, brand.button_text_colour),
        wrong=shifted(around.wrong, ground),
        border=shifted(around.border, ground, LEAST_OF_SHAPES),
        plate=LIGHT.plate,
        plate_room=LIGHT.plate_room,
        font=_font(brand),
    )


def _on_dark(brand: Brand) -> Palette:
    """On our dark ground; the logo keeps the ground that it was made for."""
    button = shifted(brand.button_colour, DARK.ground, LEAST_OF_SHAPES)
    return replace(
        DARK,
        link=shifted(brand.link_colour, DARK.ground),
        button=button,
        button_text=text_on(button, brand.button_text_colour),
        plate=brand.body_colour,
        font=_font(brand),
    )


def _font(brand: Brand) -> str:
    """One of ours: it goes into a style sheet."""
    return brand.font if brand.font in Font.values else SYSTEM_FONT
