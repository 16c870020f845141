"""Letters to the bounce mailbox."""

from __future__ import annotations

from dispatch.bounces.examining import Unreadable, examine
from dispatch.bounces.mailboxes.base import READ_BYTES
from sandbox import LimitReached
from tests.dispatch.bounces.samples import NAMES, sample
from tests.fuzz.door import Door, attack

DOOR = Door(
    examine,
    samples=tuple(sample(name) for name in NAMES),
    words=(
        b"Content-Type: multipart/mixed; boundary=b\n\n",
        b"Content-Type: message/rfc822\n\n",
        b"Content-Type: message/delivery-status\n\n",
        b"Content-Type: text/html; charset=utf-7\n",
        b"Content-Transfer-Encoding: base64\n",
        b"Content-Transfer-Encoding: quoted-printable\n",
        b"\n--b\n",
        b"--b--\n",
        b"Action: failed\nStatus: 5.1.1\n\n",
        b"=?utf-8?q?=61?= ",
        b"From: MAILER-DAEMON\n",
        b"Message-ID: <1.0123456789abcdef@x.example>\n",
        b"; charset*0*=utf-8''",
    ),
    raises=(LimitReached,),
    largest=READ_BYTES,
)


def test_bounce_mail() -> None:
    assert Unreadable not in DOOR.raises  # it would hide errors of ours
    attack(DOOR)
