"""What public pages show of an owner."""

from __future__ import annotations

import pytest
from django.db import IntegrityError

from campaigns.brands import face
from campaigns.brands.face import Logo
from campaigns.models import Brand, Image
from campaigns.models.brand import COLOURS
from tests.campaigns.brands.making import brand_of, picture_of
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db


def test_the_logo_is_one_of_the_owners_pictures_from_this_site() -> None:
    brand = brand_of(UserFactory(), logo_width=160)
    name = Image.objects.get().file.name
    assert face.logo_of(brand) == Logo(
        f"/images/{name}",
        f"http://localhost:8000/images/{name}",
        "The rose of Garden & Co",
        160,
        40,
    )


def test_a_logo_without_words_has_those_of_the_picture() -> None:
    logo = face.logo_of(brand_of(UserFactory(), logo_alt=""))
    assert logo is not None and logo.alt == "A rose"


@pytest.mark.parametrize(("width", "height"), [(60, 600), (1, 1_000), (400, 400)])
def test_a_logo_is_never_so_tall_that_it_hides_what_is_asked(width: int, height: int) -> None:
    owner = UserFactory()
    image = picture_of(owner, width, height)
    logo = face.logo_of(brand_of(owner, logo_url=image.file.url, logo_width=1_000))
    assert logo is not None and logo.height <= max(128, height // width) and logo.width >= 1


def test_a_picture_of_another_owner_is_no_logo() -> None:
    foreign = picture_of(UserFactory(), 300, 50)
    assert face.logo_of(brand_of(UserFactory(), logo_url=foreign.file.url)) is None


@pytest.mark.parametrize("address", ["", "https://elsewhere.example/logo.png", "/images/x.png"])
def test_a_picture_that_is_not_kept_here_is_no_logo(address: str) -> None:
    assert face.logo_of(brand_of(UserFactory(), logo_url=address)) is None


def test_the_policy_names_where_the_operator_keeps_pictures() -> None:
    logo = Logo("https://cdn.example/images/a.png", "", "x", 1, 1)
    assert logo.source == "https://cdn.example"
    assert Logo("/images/a.png", "", "x", 1, 1).source == "'self'"


def test_the_name_is_the_senders_before_the_brands() -> None:
    brand = brand_of(UserFactory())
    assert face.of_owner(brand.owner_id, "Ada").name == "Ada"
    assert face.of_owner(brand.owner_id, "").name == "Garden & Co"


def test_an_owner_without_a_brand_has_a_name_alone() -> None:
    assert face.of_owner(UserFactory().pk, "Ada") == face.Face("Ada")


def test_links_lead_to_the_web_alone() -> None:
    brand = brand_of(UserFactory(), website="ftp://garden.example", privacy_url="javascript:x")
    shown = face.of_brand(brand, "")
    assert (shown.website, shown.privacy_url) == ("", "")


def test_an_address_that_cannot_be_read_is_left_out() -> None:
    shown = face.of_brand(brand_of(UserFactory(), website="https://[bad/"), "")
    assert (shown.website, shown.website_name) == ("", "")


def test_a_website_is_named_by_its_host_alone() -> None:
    website = "https://shop.example:secret@www.elsewhere.example/x"
    assert face.of_brand(brand_of(UserFactory(), website=website), "").website_name == (
        "elsewhere.example"
    )


@pytest.mark.parametrize("name", COLOURS)
@pytest.mark.parametrize("colour", ["red", "#12345", "#12345g", "}*{x:y"])
def test_the_database_refuses_what_is_no_colour(name: str, colour: str) -> None:
    brand = brand_of(UserFactory())
    with pytest.raises(IntegrityError, match="brand_colours_are_colours"):
        Brand.objects.filter(pk=brand.pk).update(**{name: colour})
