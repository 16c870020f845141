"""STORAGES["images"]: the database, or a bucket of S3's kind when one is named."""

from typing import Any
from urllib.parse import urlsplit

from edm_project import environment

KEPT_FOR_EVER = "public, max-age=31536000, immutable"


def image_storage() -> dict[str, Any]:
    bucket = environment.text("IMAGES_S3_BUCKET", "")
    if not bucket:
        return {"BACKEND": "campaigns.images.storage.DatabaseStorage"}
    options = {
        "bucket_name": bucket,
        "endpoint_url": environment.optional_http_url("IMAGES_S3_ENDPOINT_URL") or None,
        "region_name": environment.text("IMAGES_S3_REGION", "") or None,
        "access_key": environment.text("IMAGES_S3_ACCESS_KEY", "") or None,
        "secret_key": environment.text("IMAGES_S3_SECRET_KEY", "") or None,
        "location": "images",
        # Addresses stand in messages for years: nothing in them expires.
        "querystring_auth": False,
        "object_parameters": {"CacheControl": KEPT_FOR_EVER},
        **_public_address(),
    }
    return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}


def _public_address() -> dict[str, str]:
    """Where recipients load from: of a content delivery network, for instance."""
    url = urlsplit(environment.optional_http_url("IMAGES_PUBLIC_URL"))
    if not url.netloc:
        return {}
    return {
        "custom_domain": f"{url.netloc}{url.path}".rstrip("/"),
        "url_protocol": f"{url.scheme}:",
    }


def image_hosts() -> list[str]:
    """From which other hosts staff's pages show pictures."""
    if not environment.text("IMAGES_S3_BUCKET", ""):
        return []
    shown = urlsplit(
        environment.optional_http_url("IMAGES_PUBLIC_URL")
        or environment.optional_http_url("IMAGES_S3_ENDPOINT_URL")
    )
    return [f"{shown.scheme}://{shown.netloc}"] if shown.netloc else ["https:"]
