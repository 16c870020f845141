"""An HTTP server of the test's own on the loopback, that answers as it is told, or misbehaves."""

from __future__ import annotations

import contextlib
import json
import socket
import ssl
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Answer:
    """What to answer. `misdeed`: "hang" (until the server stops), "cut" (close without a word),
    "cut mid-answer" (after half of it), "drip" (a byte now and then, for ever), "garbage" (what is
    no HTTP).
    """

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    misdeed: str = ""

    @property
    def data(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass(frozen=True)
class Request:
    """What came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, list[str]]:
        return parse_qs(self.body.decode(), keep_blank_values=True)


class HttpServer:
    """Answers with what is in `answers`, in turn, then with `otherwise` for ever."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.answers: deque[Answer | Callable[[Request], Answer]] = deque()
        self.otherwise: Answer | Callable[[Request], Answer] = Answer()
        self.requests: list[Request] = []
        self.connections = 0
        self.sockets: list[socket.socket] = []
        self.stopping = threading.Event()
        self._server = _server(self)
        self._root = "https://localhost" if tls else "http://127.0.0.1"
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"{self._root}:{self._server.server_port}/"

    def next_answer(self, request: Request) -> Answer:
        self.requests.append(request)
        answer = self.answers.popleft() if self.answers else self.otherwise
        return answer if isinstance(answer, Answer) else answer(request)

    def hang_up(self) -> None:
        """Close every connection, from this end."""
        for sock in self.sockets:
            sock.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stopping.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def closed_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    test: ClassVar[HttpServer]

    def setup(self) -> None:
        super().setup()
        self.test.connections += 1
        self.test.sockets.append(self.connection)

    def do_POST(self) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, url.path, parse_qs(url.query), headers, body)
        answer = self.test.next_answer(request)
        if answer.misdeed == "hang":
            self.test.stopping.wait()
        elif answer.misdeed == "garbage":
            self.wfile.write(b"\x00 what is this \r\n\r\n")
        elif answer.misdeed == "drip":
            self._drip()
        elif answer.misdeed != "cut":
            self._write(answer)
        if answer.misdeed:
            self.close_connection = True

    do_GET = do_POST

    def _drip(self) -> None:
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        with contextlib.suppress(OSError):
            while not self.test.stopping.wait(0.05):
                self.wfile.write(b" ")

    def _write(self, answer: Answer) -> None:
        half = answer.misdeed == "cut mid-answer"
        dated = "Date" in answer.headers
        (self.send_response_only if dated else self.send_response)(answer.status)
        for name, value in {"Content-Type": "application/json", **answer.headers}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer.data) + (10 if half else 0)))
        self.end_headers()
        self.wfile.write(answer.data)

    def log_message(self, *args: Any) -> None:
        """Be quiet."""


def _server(test: HttpServer) -> ThreadingHTTPServer:
    handler = type("Handler", (_Handler,), {"test": test})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    return server
