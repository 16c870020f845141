"""What people read when something is refused, missing or broken: what happened and what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from tests.campaigns.admin.staff import NOBODY, SUPERUSER, address, member, signed_in

pytestmark = pytest.mark.django_db


def test_staff_without_permission_are_told_whom_to_ask() -> None:
    response = signed_in(member(NOBODY)).get(address("campaigns.task", "changelist"))
    assert response.status_code == 403
    assert "ask your administrator" in response.text


def test_a_form_from_before_the_last_login_is_explained() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(member(SUPERUSER))
    response = client.post(address("campaigns.tag", "add"), {"name": "spring"})
    assert response.status_code == 403
    assert "load the page again, and send the form once more" in response.text


def test_a_form_with_too_much_in_it_is_explained(settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    form = {"addresses": "ada@example.com\n" * 100}
    url = address("campaigns.suppression", "add_many")
    response = signed_in(member(SUPERUSER)).post(
        url, "&".join(f"{k}={v}" for k, v in form.items()), "application/x-www-form-urlencoded"
    )
    assert response.status_code == 400
    assert "better imported from a file" in response.text


def test_more_files_than_any_form_takes_are_explained(settings: Settings) -> None:
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 2
    files = [SimpleUploadedFile(f"{name}.png", b"x") for name in "abc"]
    url = address("campaigns.image", "add")
    response = signed_in(member(SUPERUSER)).post(url, {"upload": files})
    assert response.status_code == 400
    assert "More than 2 files came at once. Nothing was changed." in response.text
    assert "choose fewer files" in response.text


@pytest.mark.parametrize("path", ["/admin/nothing/", "/nothing"])
def test_an_unknown_address_is_explained(path: str) -> None:
    response = signed_in(member(SUPERUSER)).get(path)
    assert response.status_code == 404
    assert "mistyped or cut off" in response.text


def test_a_mistake_of_ours_says_that_it_is_none_of_theirs(monkeypatch: pytest.MonkeyPatch) -> None:
    def break_down(*args: Any) -> None:
        raise ZeroDivisionError

    client = signed_in(member(SUPERUSER))
    client.raise_request_exception = False
    monkeypatch.setattr("dispatch.admin.start_page.services", break_down)
    response = client.get(reverse("admin:index"))
    assert response.status_code == 500
    assert "This is a fault of the site, and it was logged" in response.text
