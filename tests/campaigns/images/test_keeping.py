"""Pictures kept by their content: in the database, and in a bucket of S3's kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from django.core.files.storage import storages
from django.test import Client
from moto.server import ThreadedMotoServer
from pytest_django import Settings

from campaigns.images import keeping
from campaigns.models import Image, ImageData
from tests.campaigns.images import pictures
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


def unexpected(text: str) -> None:
    raise AssertionError(text)


def kept(data: bytes, **fields: Any) -> Image:
    owner = fields.pop("owner", None) or UserFactory()
    image = Image(owner=owner, **{"name": "Logo", "alt": "Our logo", **fields})
    return keeping.put(image, keeping.understand(data), unexpected)


class TestInTheDatabase:
    def test_the_address_shows_the_picture_to_anyone_for_ever(self) -> None:
        image = kept(pictures.drawing())
        response = Client().get(image.file.url)
        assert response.content == keeping.understand(pictures.drawing()).data
        assert response["Content-Type"] == "image/png"
        assert response["Cache-Control"] == "public, max-age=31536000, immutable"
        assert response["X-Content-Type-Options"] == "nosniff"
        again = Client().get(image.file.url, headers={"If-None-Match": response["ETag"]})
        assert (again.status_code, again.content) == (304, b"")

    @pytest.mark.parametrize("name", ["0" * 40 + ".png", "0" * 40 + ".svg", "..%2fsettings.py"])
    def test_there_is_nothing_else(self, name: str) -> None:
        assert Client().get(f"/images/{name}").status_code == 404

    def test_the_same_picture_is_one_image_of_its_owner(self) -> None:
        first = kept(pictures.drawing())
        second = kept(pictures.drawing(), owner=first.owner, name="New name", alt="New words")
        assert second.pk == first.pk
        assert list(Image.objects.values_list("name", "alt")) == [("New name", "New words")]

    def test_a_picture_that_another_owner_has_stays_when_one_deletes_it(self) -> None:
        mine, theirs = kept(pictures.drawing()), kept(pictures.drawing())
        keeping.remove(mine, unexpected)
        assert Client().get(theirs.file.url).status_code == 200
        keeping.remove(theirs, unexpected)
        assert Client().get(theirs.file.url).status_code == 404
        assert not ImageData.objects.exists()


BUCKET = "pictures"


@pytest.fixture
def server() -> Iterator[ThreadedMotoServer]:
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    yield server
    server.stop()


def connect(settings: Settings, url: str, bucket: str = BUCKET) -> Any:
    access = {"access_key": "key", "secret_key": "secret", "region_name": "us-east-1"}
    options = {"bucket_name": bucket, "endpoint_url": url, "location": "images", **access}
    storage = {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": {
        **options, "querystring_auth": False, "custom_domain": "cdn.example.com",
    }}  # fmt: skip
    settings.STORAGES = {**settings.STORAGES, "images": storage}
    made = storages.create_storage(storage)
    Image._meta.get_field("file").storage = made
    return made


@pytest.fixture(autouse=True)
def the_usual_storage_afterwards() -> Iterator[None]:
    usual = Image._meta.get_field("file").storage
    yield
    Image._meta.get_field("file").storage = usual


class TestInABucket:
    def objects(self, server: ThreadedMotoServer) -> Any:
        host, port = server.get_host_and_port()
        client = boto3.client(
            "s3",
            endpoint_url=f"http://{host}:{port}",
            region_name="us-east-1",
            aws_access_key_id="key",
            aws_secret_access_key="secret",
        )
        return client

    def test_a_picture_is_there_under_its_address_until_it_is_deleted(
        self, server: ThreadedMotoServer, settings: Settings
    ) -> None:
        client = self.objects(server)
        client.create_bucket(Bucket=BUCKET)
        connect(settings, client.meta.endpoint_url)
        image = kept(pictures.drawing())
        assert image.file.url == f"https://cdn.example.com/images/{image.file.name}"
        stored = client.get_object(Bucket=BUCKET, Key=f"images/{image.file.name}")
        assert stored["Body"].read() == keeping.understand(pictures.drawing()).data
        assert stored["ContentType"] == "image/png"
        keeping.remove(image, unexpected)
        assert "Contents" not in client.list_objects_v2(Bucket=BUCKET)

    def test_a_store_that_refuses_keeps_no_image(
        self, server: ThreadedMotoServer, settings: Settings
    ) -> None:
        connect(settings, self.objects(server).meta.endpoint_url, "missing")
        told: list[str] = []
        image = Image(owner=UserFactory(), name="Logo", alt="Our logo")
        keeping.put(image, keeping.understand(pictures.drawing()), told.append)
        assert "could not be reached" in told[0]
        assert not Image.objects.exists()
