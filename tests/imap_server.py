"""A small real IMAP server with one folder: what reading a mailbox needs, and no more."""

from __future__ import annotations

import base64
import re
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Stored:
    raw: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class ImapServer:
    """`fails` are commands answered with NO, `drops` ones at which the connection is closed,
    `damaged` the UIDs of messages that the server cannot read itself.
    """

    user: str = "bounces"
    password: str = "s3cret"
    folder: str = "INBOX"
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    plain: bool = True
    letters: dict[int, Stored] = field(default_factory=dict)
    fails: dict[str, str] = field(default_factory=dict)
    drops: set[str] = field(default_factory=set)
    damaged: set[int] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    port: int = 0

    def put(self, raw: bytes) -> int:
        uid = max(self.letters, default=100) + 1
        self.letters[uid] = Stored(raw)
        return uid

    def flags(self, uid: int) -> set[str]:
        return self.letters[uid].flags

    @contextmanager
    def running(self) -> Iterator[ImapServer]:
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                Session(outer, self.request).run()

        with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
            server.daemon_threads = True
            self.port = server.server_address[1]
            thread = threading.Thread(target=server.serve_forever, args=(0.02,))
            thread.start()
            try:
                yield self
            finally:
                server.shutdown()
                thread.join()


class Session:
    def __init__(self, server: ImapServer, connection: socket.socket) -> None:
        self.server = server
        self.connection = connection
        self.is_secure = server.implicit_tls

    def run(self) -> None:
        try:
            if self.server.implicit_tls:
                self._secure()
            self.file = self.connection.makefile("rb")
            self._say("* OK ready")
            while line := self.file.readline():
                if not self._answer(line.decode().rstrip("\r\n")):
                    return
        except (OSError, ValueError):
            return
        finally:
            self.connection.close()

    def _secure(self) -> None:
        assert self.server.tls is not None
        self.connection = self.server.tls.wrap_socket(self.connection, server_side=True)

    def _say(self, line: str | bytes) -> None:
        data = line if isinstance(line, bytes) else line.encode()
        self.connection.sendall(data + b"\r\n")

    def _answer(self, line: str) -> bool:
        """False when the conversation is over."""
        tag, _, rest = line.partition(" ")
        words = rest.split(" ")
        name = words[1].upper() if words[0].upper() == "UID" else words[0].upper()
        self.server.commands.append(name)
        if name in self.server.drops:
            return False
        if name in self.server.fails:
            self._say(f"{tag} NO {self.server.fails[name]}")
            return True
        arguments = words[2:] if words[0].upper() == "UID" else words[1:]
        ok = getattr(self, f"_{name.lower()}", self._unknown)(tag, arguments)
        if ok is not None:
            self._say(f"{tag} {'OK' if ok else 'NO'} {name} {'done' if ok else 'refused'}")
        if name == "STARTTLS":
            self._secure()
            self.is_secure = True
            self.file = self.connection.makefile("rb")
        return name != "LOGOUT"

    def _unknown(self, tag: str, arguments: list[str]) -> None:
        self._say(f"{tag} BAD unknown command")

    def _capability(self, tag: str, arguments: list[str]) -> bool:
        offered = ["IMAP4rev1", *(["AUTH=PLAIN"] if self.server.plain else [])]
        if self.server.tls and not self.is_secure:
            offered.append("STARTTLS")
        self._say(f"* CAPABILITY {' '.join(offered)}")
        return True

    def _starttls(self, tag: str, arguments: list[str]) -> bool:
        return True

    def _login(self, tag: str, arguments: list[str]) -> bool:
        given = [each.strip('"') for each in arguments]
        return given == [self.server.user, self.server.password]

    def _authenticate(self, tag: str, arguments: list[str]) -> bool:
        self._say("+ ")
        given = base64.b64decode(self.file.readline()).decode()
        return given == f"\0{self.server.user}\0{self.server.password}"

    def _select(self, tag: str, arguments: list[str]) -> bool:
        if " ".join(arguments).strip('"') != self.server.folder:
            return False
        self._say(f"* {len(self.server.letters)} EXISTS")
        return True

    def _search(self, tag: str, arguments: list[str]) -> bool:
        uids = sorted(self.server.letters)
        if ":" in arguments[0]:
            first, last = map(int, arguments[0].split(":"))
            uids = uids[first - 1 : last]
        unseen = [str(u) for u in uids if r"\Seen" not in self.server.letters[u].flags]
        self._say(f"* SEARCH {' '.join(unseen)}")
        return True

    def _fetch(self, tag: str, arguments: list[str]) -> bool | None:
        partial = re.search(r"<0\.(\d+)>", arguments[1])
        assert partial is not None
        uid, most = int(arguments[0]), int(partial[1])
        if uid in self.server.damaged:
            self._say(f"{tag} NO [SERVERBUG] message {uid} is damaged")
            return None
        stored = self.server.letters.get(uid)
        if stored is not None:
            raw = stored.raw[:most]
            if not raw:
                self._say(f'* 1 FETCH (UID {uid} BODY[]<0> "")')
                return True
            self._say(f"* 1 FETCH (UID {uid} BODY[]<0> {{{len(raw)}}}".encode())
            self.connection.sendall(raw)
            self._say(")")
        return True

    def _store(self, tag: str, arguments: list[str]) -> bool:
        flags = set(" ".join(arguments[2:]).strip("()").split())
        for uid in map(int, arguments[0].split(",")):
            if uid in self.server.letters:
                self.server.letters[uid].flags |= flags
        return True

    def _expunge(self, tag: str, arguments: list[str]) -> bool:
        kept = {u: s for u, s in self.server.letters.items() if r"\Deleted" not in s.flags}
        self.server.letters.clear()
        self.server.letters.update(kept)
        return True

    def _logout(self, tag: str, arguments: list[str]) -> bool:
        self._say("* BYE")
        return True


def settings_of(server: ImapServer, **others: Any) -> dict[str, Any]:
    """What staff would have entered."""
    return {
        "kind": "imap",
        "host": "localhost",
        "port": server.port,
        "security": "none",
        "user": server.user,
        "password": server.password,
        "folder": server.folder,
        "timeout": 10,
        **others,
    }
