"""How public pages look, beside the form of a brand, before it is saved."""

from __future__ import annotations

import base64
import hashlib
import re
from html import unescape

import pytest
from django.contrib.auth.models import User
from django.test import Client

from campaigns.models import Brand, Image
from tests.campaigns.admin.blocks.test_brands import posted
from tests.campaigns.admin.staff import MANAGER, VIEWER, address, member, page_of, signed_in, texts
from tests.campaigns.brands.making import ACCENT, brand_of, picture_of
from tests.responses import ClientResponse
from tests.texts import group

pytestmark = pytest.mark.django_db
ADD = address("campaigns.brand", "add")


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture
def client(user: User) -> Client:
    return signed_in(user)


def frames(response: ClientResponse) -> list[str]:
    return [unescape(each) for each in re.findall(r'srcdoc="([^"]*)"', response.text)]


def test_a_page_is_seen_on_a_light_and_on_a_dark_screen(client: Client, user: User) -> None:
    brand = brand_of(user)
    light, dark = frames(client.get(address("campaigns.brand", "change", brand.pk)))
    assert "color-scheme:light" in light and "color-scheme:dark" in dark
    for page in (light, dark):
        assert "Do you want to unsubscribe?" in page
        assert "The rose of Garden &amp; Co" in page
    assert f"--button:{ACCENT}" in light


def test_the_page_of_the_form_lets_the_preview_have_its_style_sheet(client: Client) -> None:
    response = client.get(ADD)
    style = group(r"<style>([^<]*)</style>", frames(response)[0])
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert digest in response["Content-Security-Policy"]


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("preferences", "What do you want to read about?"),
        ("sign_up", "I want news by mail, and can leave at any time."),
        ("confirm", "Please confirm that you want to sign up:"),
        ("not_found", "This link does not work"),
        ("no such page", "Do you want to unsubscribe?"),
    ],
)
def test_other_pages_and_the_message_are_seen(client: Client, asked: str, shown: str) -> None:
    response = client.post(ADD, posted(_preview="1", _shown=asked))
    assert shown in frames(response)[0]


def test_what_is_not_saved_yet_is_seen_and_saves_nothing(client: Client) -> None:
    response = client.post(ADD, posted(_preview="1", button_colour="#b4145a", name="New & Co"))
    assert "--button:#b4145a" in frames(response)[0]
    assert "New &amp; Co" in frames(response)[0]
    assert not Brand.objects.exists()


@pytest.mark.parametrize("colour", ["red", "", "#fff", "red;}</style><script>x</script>"])
def test_what_is_no_colour_is_in_no_page(client: Client, colour: str) -> None:
    response = client.post(ADD, posted(_preview="1", button_colour=colour))
    assert response.status_code == 200
    assert "--button:#1a5fb4" in frames(response)[0]


def test_what_cannot_be_read_is_told_and_corrected(client: Client) -> None:
    response = client.post(
        ADD, posted(_preview="1", button_colour="#ffe000", button_text_colour="#ffffff")
    )
    assert "Text on buttons: the contrast is 1.3 to 1." in response.text
    assert "Public pages show such texts in a colour that can be read." in response.text
    assert "--button:#ffe000;--button-text:#000000" in frames(response)[0]


@pytest.mark.parametrize("is_foreign", [False, True])
def test_a_logo_that_public_pages_do_not_show_is_told_of(
    client: Client, *, is_foreign: bool
) -> None:
    elsewhere = picture_of(member(MANAGER)).file.url
    logo = elsewhere if is_foreign else "https://elsewhere.example/logo.png"
    told = texts(client.post(ADD, posted(logo_url=logo), follow=True))
    assert "Public pages do not show the logo" in told
    assert Brand.objects.get().logo_url == logo


def test_a_picture_that_is_a_logo_stays(client: Client, user: User) -> None:
    brand_of(user)
    url = address("campaigns.image", "delete", Image.objects.get().pk)
    assert (
        "The brand “Garden &amp; Co” has it as its logo." in client.post(url, {"post": "yes"}).text
    )
    assert Image.objects.exists()


@pytest.mark.parametrize("field", ["privacy_url", "website", "logo_url"])
@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "garden", "https://", "ftp://garden.example"]
)
def test_a_link_leads_to_the_web(client: Client, field: str, url: str) -> None:
    response = client.post(ADD, posted(**{field: url}))
    assert response.context["adminform"].form.errors[field] == ["Enter a valid URL."]
    assert not Brand.objects.exists()


def test_the_brand_of_another_owner_is_not_previewed(client: Client) -> None:
    url = address("campaigns.brand", "change", brand_of(member(MANAGER)).pk)
    response = client.post(url, posted(_preview="1"), follow=True)
    assert "doesn’t exist" in texts(response)
    assert ACCENT not in page_of(response)


def test_a_viewer_sees_the_preview_and_changes_nothing(user: User) -> None:
    viewer = signed_in(member(VIEWER))
    url = address("campaigns.brand", "change", brand_of(user).pk)
    assert len(frames(viewer.get(url))) == 2
    assert viewer.post(url, posted()).status_code == 403
    assert Brand.objects.get().button_colour == ACCENT
