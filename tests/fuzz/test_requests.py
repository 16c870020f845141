"""What anybody may ask of the public addresses."""

from __future__ import annotations

from addressing.message_ids import message_id
from dispatch.bounces import return_path
from tests.fuzz import readers
from tests.fuzz.door import Door, attack
from tracking.links.tokens import Purpose, sign

REQUESTS = Door(
    readers.read_request,
    samples=(
        sign(Purpose.UNSUBSCRIBE, 7).encode(),
        sign(Purpose.CLICK, 7, 8).encode(),
        message_id(7, "b.example").encode(),
        return_path.address(7, "b.example").encode(),
        b"List-Unsubscribe=One-Click&a=b",
        b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n',
        b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/120.0.0.0 Safari/537.36",
        b"2001:db8::1",
    ),
    words=(b"&a=", b"%00", b"\r\n--b\r\n", b"bounces+", b"::", b"bot/"),
)
PAYLOADS = Door(
    readers.read_payload,
    samples=(b'{"a": [1, "192.0.2.1", {"b": null}], "c": 1.5e3, "d": "\\u0000"}', b"[[[]]]"),
    words=(b"[", b'{"a":', b'"2001:db8::1",', b"1e999,", b"9" * 50),
    raises=(ValueError, RecursionError),
)


def test_requests() -> None:
    attack(REQUESTS)


def test_payloads_of_events() -> None:
    attack(PAYLOADS)
