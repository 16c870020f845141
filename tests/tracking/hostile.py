"""Forged, malformed and oversized requests to the public addresses."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any, NamedTuple

from django.db import models

from campaigns.models import SubTask, Suppression, Tally
from tracking.links.personalise import PATHS
from tracking.links.tokens import ID_BYTES, MAC_BYTES, Purpose, sign
from tracking.models import Event, EventTally

IDS = {purpose: 2 if purpose == Purpose.CLICK else 1 for purpose in Purpose}
FORM = "application/x-www-form-urlencoded"
PROMISE = b"List-Unsubscribe=One-Click"
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


class Case(NamedTuple):
    """A request, what is wrong with it, and the answers that are right."""

    name: str
    path: str
    method: str = "GET"
    body: bytes = b""
    content_type: str = FORM
    headers: dict[str, str] = {}
    expected: tuple[int, ...] = (404,)


def forged_tokens(purpose: Purpose) -> Iterator[tuple[str, str]]:
    """What somebody may try who has seen tokens and knows how they are made, but not the key."""
    ids = IDS[purpose]
    good = sign(purpose, *[1] * ids)
    dice = random.Random(purpose)
    yield "other purpose", sign(next(p for p in Purpose if IDS[p] == ids and p != purpose), *[1] * ids) if ids == 1 else sign(Purpose.OPEN, 1, 1)  # fmt: skip
    yield "cut", good[:-1]
    yield "cut to a multiple of four", good[:-4]
    yield "with more at its end", good + "AAAA"
    yield "twice", good + good
    yield "ids alone", good[: 8 * ids]
    yield "digest of nothing", "A" * (4 * (ids * ID_BYTES + MAC_BYTES) // 3)
    yield "next id, same digest", flip(good, 7)
    yield "changed digest", flip(good, len(good) - 1)
    yield "other case", good.swapcase()
    yield "standard base64", good[:-1] + "+"
    yield "padded", good + "=="
    yield "quoted", f"%22{good}%22"
    yield "with a NUL", good[:5] + "%00" + good[6:]
    yield "with a line break", good + "%0d%0aX: y"
    yield "a path", "..%2f..%2fetc%2fpasswd"
    yield "SQL", "1'%20OR%201=1--"
    yield "a template", "{{7*7}}"
    yield "letters of another script", "%D0%90" * 24
    yield "no UTF-8", "%ff%fe" * 12
    yield "very long", "A" * 3000
    for n in range(3):
        yield f"random {n}", "".join(dice.choices(LETTERS, k=len(good)))


def flip(token: str, at: int) -> str:
    other = "B" if token[at] != "B" else "C"
    return token[:at] + other + token[at + 1 :]


def forged() -> Iterator[Case]:
    for purpose in PATHS:
        expected = (200, 404) if purpose == Purpose.OPEN else (404,)
        for name, token in forged_tokens(purpose):
            path = f"/{PATHS[purpose]}/{token}"
            yield Case(f"{purpose}: {name}", path, expected=expected)
            if purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES):
                body = PROMISE + b"&choice=subscribe"
                yield Case(f"{purpose}: {name}, posted", path, "POST", body)


def other_methods() -> Iterator[Case]:
    for purpose in PATHS:
        for method in ("PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND", "CONNECT"):
            path = f"/{PATHS[purpose]}/{sign(purpose, *[1] * IDS[purpose])}"
            yield Case(f"{purpose}: {method}", path, method, PROMISE, expected=(405,))


def forms(path: str) -> Iterator[Case]:
    """To a good address, what chooses nothing there: the page is shown, or the form refused."""
    boundary = "multipart/form-data; boundary=b"
    part = b'--b\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n'
    for name, content_type, body in [
        ("empty", FORM, b""),
        ("another value", FORM, b"List-Unsubscribe=Two-Click"),
        ("another name", FORM, b"List-Subscribe=One-Click"),
        ("in the query only", FORM, b"x=y"),
        ("JSON", "application/json", b'{"List-Unsubscribe": "One-Click"}'),
        ("broken JSON", "application/json", b'{"List-Unsub'),
        ("XML", "text/xml", b"<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"),
        ("plain text", "text/plain", PROMISE),
        ("binary", "application/octet-stream", bytes(range(256))),
        ("no type", "", PROMISE),
        ("an odd type", ";;;", PROMISE),
        ("multipart without boundary", "multipart/form-data", part),
        ("multipart with an empty boundary", "multipart/form-data; boundary=", part),
        ("multipart that is cut", boundary, part[:-20]),
        ("multipart that is empty", boundary, b""),
        ("multipart with a file", boundary, part.replace(b"Unsubscribe\"", b'X"; filename="x"') + b"--b--"),
        ("multipart with bad base64", boundary, part.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n") + b"--b--"),
        ("a thousand and more fields", FORM, b"&".join(b"a%d=" % n for n in range(1100))),
        ("percent signs", FORM, b"%%%%=%zz&%00=%ff"),
        ("no UTF-8", FORM, b"\xff\xfe=\xff"),
    ]:  # fmt: skip
        expected = 400 if "boundary" in name else 200  # one that cannot be read, and others
        yield Case(f"form: {name}", path, "POST", body, content_type, expected=(expected,))
    for size in (10_001, 100_000, 10_000_000):
        body = PROMISE + b"&x=" + b"y" * size
        yield Case(f"form: {size} bytes", path, "POST", body, expected=(413,))
        large = part + b"y" * size
        yield Case(f"form: {size} bytes, multipart", path, "POST", large, boundary, expected=(413,))
    for length in ("-1", "x", "9" * 5000, "1e3", "٣", " 5"):
        headers = {"CONTENT_LENGTH": length}
        yield Case(f"length {length[:5]!r}", path, "POST", PROMISE, FORM, headers, (413,))


def odd_headers(path: str) -> Iterator[Case]:
    for name, value in [
        ("HTTP_HOST", "evil.example"),
        ("HTTP_HOST", "a b"),
        ("HTTP_HOST", "[::1"),
    ]:
        yield Case(f"{name} {value}", path, headers={name: value}, expected=(400,))


ENDPOINTS = ("open", "click", "web view", "unsubscribe", "preferences")


def everything(path: str) -> list[Case]:
    return [*forged(), *other_methods(), *forms(path), *odd_headers(path)]


def everything_stored() -> dict[str, list[Any]]:
    kept: tuple[type[models.Model], ...] = (SubTask, Suppression, Event, EventTally, Tally)
    return {model.__name__: list(model._default_manager.order_by("pk").values()) for model in kept}
