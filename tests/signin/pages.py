"""A browser at the pages of signing in, and users that may use them."""

from __future__ import annotations

import base64
import hmac
import struct
import time
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse

from signin.encryption import encrypt
from tests.factories import UserFactory
from tests.responses import ClientResponse

LOGIN = "/admin/login/"
PASSWORD = "a long passphrase"
HOME = "/admin/"
WRONG = "Wrong user name or password"
TOO_MANY = "Too many tries"
SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


def make_user(name: str = "ada", **kwargs: Any) -> User:
    user = UserFactory(username=name, **kwargs)
    user.set_password(PASSWORD)
    user.save()
    return user


def with_app(user: User) -> User:
    """Give the user an authenticator app with SECRET."""
    Authenticator.objects.create(user=user, type="totp", data={"secret": encrypt(SECRET)})
    return user


def code(steps: int = 0) -> str:
    """What the app shows, by RFC 6238; `steps` of 30 s from now."""
    counter = int(time.time()) // 30 + steps
    digest = hmac.digest(base64.b32decode(SECRET), struct.pack(">Q", counter), "sha1")
    offset = digest[-1] & 15
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def wrong_code() -> str:
    right = {code(step) for step in range(-3, 4)}
    return next(f"{number:06}" for number in range(10) if f"{number:06}" not in right)


def sign_in(
    client: Client,
    name: str = "ada",
    password: str = PASSWORD,
    *,
    address: str = "203.0.113.7",
    then: str = "",
    **environ: str,
) -> ClientResponse:
    data = {"username": name, "password": password, **({"next": then} if then else {})}
    return client.post(LOGIN, data, **{"REMOTE_ADDR": address, **environ})  # type: ignore[arg-type]


def enter_code(client: Client, entered: str, *, address: str = "203.0.113.7") -> ClientResponse:
    return client.post(reverse("mfa_authenticate"), {"code": entered}, REMOTE_ADDR=address)


def is_signed_in(client: Client) -> bool:
    return client.get(HOME).status_code == 200


def grow_old(client: Client, seconds: float, *names: str) -> None:
    """Move the session's times back."""
    session = client.session
    for name in names:
        session[name] -= seconds
    session.save()
