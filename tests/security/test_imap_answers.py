"""What a mail server may say in place of what IMAP has there: it ends in words, never in a crash."""

from __future__ import annotations

import base64
import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from dispatch.bounces.mailboxes import MailboxError, open_mailbox
from dispatch.providers.echoes import LONGEST_TEXT
from tests.imap_server import ImapServer, settings_of

USUAL = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1\r\n",
    b"SELECT": b"* 3 EXISTS\r\n",
    b"SEARCH": b"* SEARCH 1 2\r\n",
    b"FETCH": b"* 1 FETCH (UID 1 BODY[]<0> {3}\r\nabc)\r\n",
}
NO_IMAP = "what answers does not speak IMAP, or breaks off"


@contextlib.contextmanager
def saying(command: bytes, words: bytes, *, ends: bytes = b"OK done") -> Iterator[int]:
    """The port of a server that answers one command with these words."""
    server = socket.create_server(("127.0.0.1", 0))
    answers = {name: (lines, b"OK done") for name, lines in USUAL.items()}
    answers[command] = (words, ends)

    def run() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                _talk(connection, answers)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1]
    finally:
        with contextlib.suppress(OSError):
            server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def _talk(connection: socket.socket, answers: dict[bytes, tuple[bytes, bytes]]) -> None:
    with connection, contextlib.suppress(OSError), connection.makefile("rwb") as stream:
        stream.write(b"* OK hello\r\n")
        stream.flush()
        for line in stream:
            tag, _, words = line.strip().partition(b" ")
            named = words.removeprefix(b"UID ").split()[0].upper()
            lines, ends = answers.get(named, (b"", b"OK done"))
            stream.write(lines + tag + b" " + ends + b"\r\n")
            stream.flush()


def read(port: int) -> str:
    """What goes wrong when the mailbox is tested and read, "" for nothing."""
    server = ImapServer()
    server.port = port
    try:
        with open_mailbox({**settings_of(server), "timeout": 5}) as mailbox:
            mailbox.describe()
            list(mailbox.new())
    except MailboxError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "words",
    [
        b"* EXISTS {3}\r\nabc\r\n",
        b"* -5 EXISTS\r\n",
        b"* " + b"9" * 5_000 + b" EXISTS\r\n",
        b"* 99999999999999999999 EXISTS\r\n",
        b"",
    ],
    ids=["a literal", "negative", "many digits", "beyond 32 bits", "none"],
)
def test_a_number_of_messages_that_is_none(words: bytes) -> None:
    with saying(b"SELECT", words) as port:
        assert NO_IMAP in read(port)


def test_a_list_of_messages_in_a_literal() -> None:
    with saying(b"SEARCH", b"* SEARCH {3}\r\n1 2\r\n") as port:
        assert NO_IMAP in read(port)


@pytest.mark.parametrize(
    "words",
    [b"* CAPABILITY {3}\r\nabc\r\n", b"* CAPABILITY\r\n", b"* CAPABILITY \xff\xfe\r\n", b""],
    ids=["a literal", "empty", "no text", "none"],
)
def test_abilities_that_are_none(words: bytes) -> None:
    with saying(b"CAPABILITY", words) as port:
        assert "could not be reached" in read(port)


@pytest.mark.parametrize(
    "words",
    [b"* BYE {3}\r\nabc\r\n", b"other OK done\r\n", b"\x00\xff\r\n"],
    ids=["goodbye", "of another command", "nonsense"],
)
def test_a_message_that_is_none(words: bytes) -> None:
    with saying(b"FETCH", words) as port:
        assert NO_IMAP in read(port)


def test_words_are_shown_and_stored_without_control_characters() -> None:
    ends = b"NO broken \x00\x1b[31m\xff" + b"x" * 5_000
    with saying(b"FETCH", b"", ends=ends) as port:
        said = read(port)
    assert "broken [31m" in said and said.isprintable()
    assert len(said) < LONGEST_TEXT + 200


@pytest.mark.parametrize("command", [b"LOGIN", b"SELECT", b"FETCH"])
def test_a_password_that_is_repeated_in_base64_is_not_shown(command: bytes) -> None:
    password = settings_of(ImapServer())["password"]
    encoded = base64.b64encode(f"\0user\0{password}".encode())
    with saying(command, b"", ends=b"NO what is " + encoded) as port:
        said = read(port)
    assert said and encoded[12:20].decode() not in said
