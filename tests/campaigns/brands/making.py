"""A brand with a logo."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns.images import keeping
from campaigns.models import Brand, Image
from tests.campaigns.images import pictures

ACCENT, GROUND = "#b4145a", "#fffaf5"


def picture_of(owner: User, width: int = 400, height: int = 100) -> Image:
    data = keeping.understand(pictures.drawing(width=width, height=height))
    return keeping.put(Image(owner=owner, name="Logo", alt="A rose"), data, pytest.fail)


def brand_of(owner: User, **values: Any) -> Brand:
    ordinary = {
        "name": "Garden & Co",
        "logo_url": picture_of(owner).file.url,
        "logo_alt": "The rose of Garden & Co",
        "website": "https://www.garden.example/",
        "privacy_url": "https://www.garden.example/privacy",
        "button_colour": ACCENT,
        "body_colour": GROUND,
    }
    return Brand.objects.create(owner=owner, **{**ordinary, **values})
