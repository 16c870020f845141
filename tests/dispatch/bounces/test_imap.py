from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dispatch.bounces.mailboxes import MailboxError, open_mailbox
from dispatch.bounces.mailboxes.base import READ_BYTES
from tests.dispatch.providers.certificates import self_signed
from tests.imap_server import ImapServer, settings_of


@pytest.fixture
def server() -> Iterator[ImapServer]:
    with ImapServer().running() as running:
        yield running


def raws(server: ImapServer, **others: Any) -> list[bytes]:
    with open_mailbox(settings_of(server, **others)) as mailbox:
        return [letter.raw for letter in mailbox.new()]


def problem(settings: dict[str, Any]) -> str:
    with pytest.raises(MailboxError) as error, open_mailbox(settings) as mailbox:
        list(mailbox.new())
    return str(error.value)


def test_what_is_unread_is_new_and_reading_it_marks_nothing(server: ImapServer) -> None:
    uids = [server.put(b"one"), server.put(b"two"), server.put(b"three")]
    server.letters[uids[1]].flags.add(r"\Seen")
    assert raws(server) == [b"one", b"three"] == raws(server)
    assert server.flags(uids[0]) == set()


def test_an_empty_message_is_one_too(server: ImapServer) -> None:
    server.put(b"")
    assert raws(server) == [b""]


def test_a_message_that_is_gone_meanwhile_is_passed_over(server: ImapServer) -> None:
    server.put(b"one"), server.put(b"two")
    with open_mailbox(settings_of(server)) as mailbox:
        letters = mailbox.new()
        next(letters)
        server.letters.pop(102)
        assert list(letters) == []


def test_a_message_that_the_server_cannot_read_keeps_no_other_from_being_read(
    server: ImapServer,
) -> None:
    for raw in (b"one", b"two", b"three"):
        server.put(raw)
    server.damaged.add(102)
    with open_mailbox(settings_of(server)) as mailbox:
        letters = mailbox.new()
        assert [next(letters).raw, next(letters).raw] == [b"one", b"three"]
        with pytest.raises(MailboxError, match="not give out 1 of the messages.*102 is damaged"):
            next(letters)


def test_an_empty_folder_has_nothing_new(server: ImapServer) -> None:
    assert raws(server) == []


def test_of_a_large_message_only_the_beginning_is_fetched(server: ImapServer) -> None:
    server.put(b"A" * 10_000_000)
    (raw,) = raws(server)
    assert len(raw) == READ_BYTES


def test_a_large_folder_is_searched_in_parts(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.bounces.mailboxes.imap.SEARCH_AT_ONCE", 3)
    for n in range(8):
        server.put(b"%d" % n)
    assert raws(server) == [b"%d" % n for n in range(8)]
    assert server.commands.count("SEARCH") == 3


def test_a_large_folder_is_read_to_its_end_while_it_gets_smaller(
    server: ImapServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dispatch.bounces.mailboxes.imap.SEARCH_AT_ONCE", 3)
    for n in range(8):
        server.put(b"%d" % n)
    read = []
    with open_mailbox(settings_of(server, delete=True)) as mailbox:
        for letter in mailbox.new():
            read.append(letter.raw)
            mailbox.done([letter.name])
    assert read == [b"%d" % n for n in range(8)]
    assert not server.letters


def test_what_is_done_is_seen_and_what_is_set_aside_is_flagged(server: ImapServer) -> None:
    done, aside = server.put(b"one"), server.put(b"two")
    with open_mailbox(settings_of(server)) as mailbox:
        mailbox.done([str(done)])
        mailbox.set_aside([str(aside)])
        mailbox.done([])
    assert server.flags(done) == {r"\Seen"}
    assert server.flags(aside) == {r"\Seen", r"\Flagged"}


def test_what_is_done_is_deleted_when_asked_for_and_never_what_is_set_aside(
    server: ImapServer,
) -> None:
    done, aside = server.put(b"one"), server.put(b"two")
    with open_mailbox(settings_of(server, delete=True)) as mailbox:
        mailbox.set_aside([str(aside)])
        mailbox.done([str(done)])
    assert list(server.letters) == [aside]


def test_testing_says_what_is_in_it(server: ImapServer) -> None:
    server.letters[server.put(b"one")].flags.add(r"\Seen")
    server.put(b"two")
    with open_mailbox(settings_of(server)) as mailbox:
        assert mailbox.describe() == "The folder was opened: 2 messages, 1 of them unread."


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_it_is_read_over_tls(tmp_path: Path, security: str) -> None:
    certificate = self_signed("localhost", tmp_path)
    server = ImapServer(tls=certificate.context, implicit_tls=security == "tls")
    with server.running():
        server.put(b"one")
        assert raws(server, security=security, ca_certificates=certificate.pem) == [b"one"]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_nobody_knows_is_not_trusted(tmp_path: Path, security: str) -> None:
    certificate = self_signed("localhost", tmp_path)
    server = ImapServer(tls=certificate.context, implicit_tls=security == "tls")
    with server.running():
        said = problem(settings_of(server, security=security))
    assert "its certificate is not to be trusted" in said
    assert "LOGIN" not in server.commands and "AUTHENTICATE" not in server.commands


def test_the_password_does_not_travel_when_starttls_is_not_offered(server: ImapServer) -> None:
    problem(settings_of(server, security="starttls"))
    assert "LOGIN" not in server.commands and "AUTHENTICATE" not in server.commands


@pytest.mark.parametrize("plain", [True, False])
def test_a_wrong_password_is_said_in_words_and_not_shown(plain: bool) -> None:
    with ImapServer(plain=plain).running() as server:
        said = problem(settings_of(server, password="wr0ng"))
    assert "refused the login" in said
    assert "wr0ng" not in said


def test_a_reply_that_repeats_the_password_is_not_shown(server: ImapServer) -> None:
    server.fails["AUTHENTICATE"] = "no such login: bounces s3cret"
    said = problem(settings_of(server))
    assert "s3cret" not in said
    assert "repeats the password" in said


def test_a_password_in_any_script_is_sent() -> None:
    with ImapServer(password="pässwört ✓").running() as server:
        assert raws(server) == []


def test_a_folder_that_is_not_there_is_named(server: ImapServer) -> None:
    assert "has no folder “Bounces” to read" in problem(settings_of(server, folder="Bounces"))


def test_a_folder_with_a_blank_in_its_name_is_read() -> None:
    with ImapServer(folder="My Bounces").running() as server:
        server.put(b"one")
        assert raws(server) == [b"one"]


def test_nobody_listening_is_said_in_words() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        said = problem(settings_of(ImapServer(port=port)))
    assert "could not be reached" in said


def test_a_server_that_does_not_answer_is_left_after_a_while() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        said = problem(settings_of(ImapServer(port=port), timeout=0.2))
    assert "it did not answer in time" in said


@pytest.mark.parametrize("command", ["SELECT", "SEARCH", "FETCH"])
def test_a_connection_that_is_lost_is_said_in_words(server: ImapServer, command: str) -> None:
    server.put(b"one")
    server.drops.add(command)
    assert problem(settings_of(server)).startswith(f"The mail server localhost:{server.port}")


def test_a_mailbox_that_may_not_be_changed_is_said_in_words(server: ImapServer) -> None:
    server.put(b"one")
    server.fails["STORE"] = "[READ-ONLY] no"
    with (
        pytest.raises(MailboxError, match="READ-ONLY"),
        open_mailbox(settings_of(server)) as mailbox,
    ):
        mailbox.done(["101"])


def test_settings_of_no_kind_are_no_mailbox() -> None:
    assert "No mailbox is set up" in problem({})
