"""Files of contacts and of suppressed addresses."""

from __future__ import annotations

from pathlib import Path

from campaigns.files.encoding import SourceError
from tests.fuzz.door import Door, attack
from tests.security.files import read_contacts, read_suppressions

DATA = Path(__file__).parents[1] / "data"
WORDS = (
    b'"', b'""', b'","', b'"\n"', b",,,,", b"\nada@b.example,", b"sep=;\n", b"email,", b"email;",
    b"\xff\xfe", b"\xfe\xff", b"\xc4\xe3", b"tags", b"=1+1", b"'@b.example",
)  # fmt: skip


def start_of(name: str) -> bytes:
    return (DATA / name).read_bytes()[:3_000]


CONTACTS = Door(
    read_contacts,
    samples=(
        start_of("contacts_messy.csv"),
        start_of("contacts_gbk.csv"),
        "email;name;tags\nada@b.example;Ädä;a,b\n".encode("utf-16"),
    ),
    words=WORDS,
    raises=(SourceError,),
)
SUPPRESSIONS = Door(
    read_suppressions,
    samples=(
        b"email,reason,source\nada@b.example,spam,list\n'@b.example,bounced,\n",
        "邮箱\treason\nada@b.example\tunsubscribed\n".encode("gb18030"),
        b"domain\nb.example\n*@c.example\n",
    ),
    words=WORDS,
    raises=(SourceError,),
)


def test_contacts() -> None:
    attack(CONTACTS)


def test_suppressions() -> None:
    attack(SUPPRESSIONS)
