"""What recipients and their mail programs ask for."""

from __future__ import annotations

from typing import Any

from django.test import Client

from tests.responses import ClientResponse
from tracking.links.personalise import PATHS
from tracking.links.tokens import Purpose, sign

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
APPLE = "Mozilla/5.0"


def path(purpose: Purpose, *ids: int) -> str:
    return f"/{PATHS[purpose]}/{sign(purpose, *ids)}"


def stranger(**headers: str) -> Client:
    """Somebody with a browser and no cookies; the client enforces CSRF checks, as the site does."""
    return Client(enforce_csrf_checks=True, headers={"User-Agent": BROWSER, **headers})


def get(url: str, **headers: str) -> ClientResponse:
    return stranger(**headers).get(url)


def post(url: str, data: Any = None, **kwargs: Any) -> ClientResponse:
    return stranger().post(url, data, **kwargs)


def ask(
    url: str, times: int = 1, client: str = "203.0.113.7", headers: dict[str, str] | None = None
) -> list[int]:
    """The statuses that a browser at the address `client` gets, one time after the other."""
    browser = Client(headers={"User-Agent": BROWSER, **(headers or {})}, REMOTE_ADDR=client)
    return [browser.get(url).status_code for _ in range(times)]
