"""A name server on loopback that knows what a test tells it."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import dns.flags
import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

SERVFAIL, SILENCE, NONSENSE = "SERVFAIL", "SILENCE", "NONSENSE"
TTL_SECONDS = 60


class DnsServer:
    """Answers over UDP. `zone` has the records of a name and type, or how it misbehaves there."""

    def __init__(self) -> None:
        self.zone: dict[tuple[str, str], list[str] | str] = {}
        self.asked: list[tuple[str, str]] = []
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self._socket.getsockname()[1]}"

    def publish(self, name: str, kind: str, *records: str) -> None:
        self.zone[(name, kind)] = list(records)

    def text(self, name: str, *texts: str) -> None:
        """TXT records, each cut into strings of at most 255 characters."""
        self.publish(name, "TXT", *(_quoted(text) for text in texts))

    def misbehave(self, name: str, kind: str, how: str) -> None:
        self.zone[(name, kind)] = how

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """The thread ends when it gets what is no question."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            end.sendto(b"", self._socket.getsockname())
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while True:
            wire, client = self._socket.recvfrom(4096)
            if not wire:
                return
            answer = self._answer(dns.message.from_wire(wire))
            if answer is not None:
                self._socket.sendto(answer, client)

    def _answer(self, query: dns.message.Message) -> bytes | None:
        question = query.question[0]
        name, kind = question.name.to_text(omit_final_dot=True).lower(), question.rdtype.name
        self.asked.append((name, kind))
        told = self.zone.get((name, kind), [])
        if told == SILENCE:
            return None
        if told == NONSENSE:
            return b"\x00nonsense"
        response = dns.message.make_response(query)
        response.flags |= dns.flags.AA | dns.flags.RA
        if told == SERVFAIL:
            response.set_rcode(dns.rcode.SERVFAIL)
        elif told:
            response.answer.append(
                dns.rrset.from_text(question.name, TTL_SECONDS, "IN", kind, *told)
            )
        elif not any(known == name for known, _ in self.zone):
            response.set_rcode(dns.rcode.NXDOMAIN)
        return response.to_wire()


def _quoted(text: str) -> str:
    pieces = [text[at : at + 255] for at in range(0, len(text), 255)]
    return " ".join('"{}"'.format(piece.replace('"', '\\"')) for piece in pieces)


@contextmanager
def dns_server() -> Iterator[DnsServer]:
    server = DnsServer()
    server.start()
    try:
        yield server
    finally:
        server.stop()
