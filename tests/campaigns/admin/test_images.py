"""The pages of pictures."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.images import keeping
from campaigns.models import Image
from tests.campaigns.admin.staff import MANAGER, VIEWER, address, member, page_of, signed_in, texts
from tests.campaigns.images import pictures
from tests.factories import TemplateFactory
from tests.responses import ClientResponse

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def add(user: User, data: bytes, name: str = "spring.png", **fields: str) -> ClientResponse:
    form: dict[str, Any] = {"upload": SimpleUploadedFile(name, data), "name": "", **fields}
    return signed_in(user).post(address("campaigns.image", "add"), form, follow=True)


def kept(owner: User) -> Image:
    image = Image(owner=owner, name="Logo", alt="Our logo")
    return keeping.put(image, keeping.understand(pictures.drawing()), pytest.fail)


def test_a_picture_is_taken_in_under_its_files_name(user: User) -> None:
    answer = add(user, pictures.drawing(), alt="A spring day")
    image = Image.objects.get()
    assert (image.name, image.alt, image.owner) == ("spring", "A spring day", user)
    assert f"/images/{image.file.name}" in page_of(answer)


def test_words_for_it_are_asked_for(user: User) -> None:
    page = page_of(add(user, pictures.drawing()))
    assert "Say in a few words what the picture shows" in page
    assert not Image.objects.exists()


def test_mere_decoration_needs_no_words(user: User) -> None:
    add(user, pictures.drawing(), is_decoration="on")
    assert Image.objects.get().alt == ""


def test_what_is_no_picture_is_refused_in_words(user: User) -> None:
    page = page_of(add(user, b"<svg/>", alt="x"))
    assert "no picture that mail programs show" in page
    assert not Image.objects.exists()


def test_a_picture_that_was_there_already_is_said_to_be(user: User) -> None:
    add(user, pictures.drawing(), alt="Once")
    assert "You had this picture already" in texts(add(user, pictures.drawing(), alt="Twice"))
    assert Image.objects.get().alt == "Twice"


def test_the_words_can_be_changed(user: User) -> None:
    image = kept(user)
    form = {"name": "Logo", "alt": "The logo of Acme"}
    signed_in(user).post(address("campaigns.image", "change", image.pk), form)
    image.refresh_from_db()
    assert image.alt == "The logo of Acme"


def test_of_others_there_is_nothing(user: User) -> None:
    image = kept(member(MANAGER))
    client = signed_in(user)
    assert "Our logo" not in page_of(client.get(address("campaigns.image", "changelist")))
    for page in ("change", "delete"):
        answer = client.post(address("campaigns.image", page, image.pk), {"post": "yes"})
        assert answer.status_code in (302, 404)
    assert Image.objects.filter(pk=image.pk, alt="Our logo").exists()


def test_a_viewer_adds_none() -> None:
    assert add(member(VIEWER), pictures.drawing(), alt="x").status_code == 403


def test_a_picture_that_a_template_shows_stays(user: User) -> None:
    image = kept(user)
    TemplateFactory(owner=user, name="Spring", html=f'<img src="{image.file.url}">')
    url = address("campaigns.image", "delete", image.pk)
    assert "The template “Spring” shows it." in page_of(signed_in(user).get(url))
    assert signed_in(user).post(url, {"post": "yes"}).status_code == 403
    assert Image.objects.exists()


def test_a_picture_is_deleted(user: User) -> None:
    image = kept(user)
    signed_in(user).post(address("campaigns.image", "delete", image.pk), {"post": "yes"})
    assert not Image.objects.exists()
