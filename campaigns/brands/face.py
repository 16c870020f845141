"""What a public page shows of whom it is from."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from campaigns.brands import palette
from campaigns.brands.palette import Palette
from campaigns.images import showing
from campaigns.models import Brand, Image

RULES = (Path(settings.BASE_DIR) / "templates" / "public_page.css").read_text("utf-8")
"""The style sheet of public pages, without colours."""
_PICTURE = re.compile(r"/([0-9a-f]{40}\.(?:jpg|png|gif))\Z")
TALLEST_LOGO = 128
"""Pixels: what is asked stands below it."""


@dataclass(frozen=True, slots=True)
class Logo:
    """One of the owner's pictures: `address` from a page of this site, `in_mail` from anywhere."""

    address: str
    in_mail: str
    alt: str
    width: int
    height: int

    @property
    def source(self) -> str:
        """As a content security policy names where it comes from."""
        url = urlsplit(self.address)
        return f"{url.scheme}://{url.netloc}" if url.netloc else "'self'"


@dataclass(frozen=True, slots=True)
class Face:
    """Without values: that of no one known."""

    name: str = ""
    logo: Logo | None = None
    website: str = ""
    privacy_url: str = ""
    postal_address: str = ""
    light: Palette = palette.LIGHT
    dark: Palette = palette.DARK
    seen_in: str = ""
    """For a preview, which has the colours of one scheme as an attribute."""

    @property
    def css(self) -> str:
        """Goes into a page as it is: colours and font are checked where they are stored, and
        nothing else of an owner is in it."""
        if self.seen_in:
            return RULES
        dark = f"@media (prefers-color-scheme: dark){{:root{{{self.dark.css}}}}}"
        return f":root{{{self.light.css}}}{dark}\n{RULES}"

    @property
    def attribute(self) -> str:
        if not self.seen_in:
            return ""
        return (self.dark if self.seen_in == "dark" else self.light).css

    @property
    def website_name(self) -> str:
        """Without a user and a password, which some write before it."""
        return urlsplit(self.website).netloc.rpartition("@")[2].removeprefix("www.")

    def preview(self, scheme: str) -> Face:
        """As it is seen on a "light" or "dark" screen."""
        return replace(self, seen_in=scheme)


def hash_of(css: str) -> str:
    """How a policy names a style sheet within a page."""
    digest = hashlib.sha256(css.encode("utf-8")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


def of_owner(owner_id: int, name: str, postal_address: str = "") -> Face:
    """`name` is that of the sender, or ""; then it is the brand's."""
    return of_brand(Brand.objects.filter(owner=owner_id).first(), name, postal_address)


def of_brand(brand: Brand | None, name: str, postal_address: str = "") -> Face:
    """The brand need not be saved."""
    address = postal_address.strip()
    if brand is None:
        return Face(name, postal_address=address)
    light, dark = palette.of_brand(brand)
    return Face(
        name or brand.name,
        logo_of(brand, name),
        _on_the_web(brand.website),
        _on_the_web(brand.privacy_url),
        address,
        light,
        dark,
    )


def logo_of(brand: Brand, name: str = "") -> Logo | None:
    """None without a logo, and for one that is not kept here: the site that has it would learn who
    opens which page."""
    found = _PICTURE.search(brand.logo_url)
    image = found and Image.objects.filter(owner=brand.owner_id, file=found[1]).first()
    if not image:
        return None
    width = min(brand.logo_width, image.width, TALLEST_LOGO * image.width // image.height) or 1
    return Logo(
        showing.address_here(image),
        str(image.file.url),
        brand.logo_alt or image.alt or brand.name or name,
        width,
        max(1, round(width * image.height / image.width)),
    )


def _on_the_web(url: str) -> str:
    """The address, if a page may link it. One that is malformed hinders no page."""
    try:
        return url if urlsplit(url).scheme in ("https", "http") else ""
    except ValueError:
        return ""
