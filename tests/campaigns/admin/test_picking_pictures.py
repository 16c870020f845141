"""The part of a page in which a picture is chosen while a message is written."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.models import Image
from tests.campaigns.admin.staff import MANAGER, NOBODY, SUPERUSER, VIEWER, member, signed_in
from tests.campaigns.images import pictures

pytestmark = pytest.mark.django_db
CHOOSE = "/admin/campaigns/image/choose/"


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def picture_of(owner: User, name: str = "Logo") -> Image:
    number = Image.objects.count()
    made: Image = Image.objects.create(
        owner=owner, name=name, alt=name, width=800, height=400, octets=1,
        file=f"{number:040}.png",
    )  # fmt: skip
    return made


def upload(user: User, **fields: Any) -> Any:
    file = SimpleUploadedFile("spring day.jpg", pictures.from_a_camera(), "image/jpeg")
    return signed_in(user).post(CHOOSE, {"upload": file, "alt": "Spring", **fields})


def names(response: Any) -> list[str]:
    return [each["name"] for each in response.context["pictures"]]


def test_the_pictures_of_the_owner_are_offered_newest_first(user: User) -> None:
    picture_of(user, "Logo")
    picture_of(user, "Rose")
    picture_of(member(MANAGER), "Theirs")
    response = signed_in(user).get(CHOOSE)
    assert names(response) == ["Rose", "Logo"]
    assert f'data-address="{Image.objects.get(name="Rose").file.url}"' in response.content.decode()


def test_pictures_of_an_owner_that_the_user_may_not_choose_are_not_offered(user: User) -> None:
    foreign = member(MANAGER)
    picture_of(foreign, "Theirs")
    assert names(signed_in(user).get(CHOOSE, {"owner": foreign.pk})) == []
    assert names(signed_in(member(SUPERUSER)).get(CHOOSE, {"owner": foreign.pk})) == ["Theirs"]


@pytest.mark.parametrize(("words", "found"), [("ros", ["Rose"]), ("x", []), ("\x00", [])])
def test_they_are_searched_by_words(user: User, words: str, found: list[str]) -> None:
    picture_of(user, "Rose")
    assert names(signed_in(user).get(CHOOSE, {"q": words})) == found


def test_an_uploaded_picture_is_kept_and_told_with_its_size_and_words(user: User) -> None:
    response = upload(user)
    image = Image.objects.get(owner=user)
    assert (image.name, image.alt) == ("spring day", "Spring")
    added = response.context["added"]
    assert (added["address"], added["width"], added["height"]) == (image.file.url, 400, 300)


def test_an_upload_is_of_the_messages_owner(user: User) -> None:
    upload(member(SUPERUSER), owner=user.pk)
    assert Image.objects.get().owner == user


@pytest.mark.parametrize("owner", ["x", "0", "9" * 30, "²"])
def test_an_upload_for_an_owner_that_there_is_not_is_the_users(user: User, owner: str) -> None:
    upload(user, owner=owner)
    assert Image.objects.get().owner == user


def test_an_upload_without_words_is_explained_and_not_kept(user: User) -> None:
    response = upload(user, alt="")
    assert "Say in a few words what the picture shows" in response.content.decode()
    assert not Image.objects.exists()


def test_only_those_who_may_add_pictures_upload_one() -> None:
    viewer = member(VIEWER)
    assert signed_in(viewer).get(CHOOSE).context["form"] is None
    assert upload(viewer).status_code == 403
    assert signed_in(member(NOBODY)).get(CHOOSE).status_code == 403
    assert not Image.objects.exists()
