"""HTTP connections that know whether anything about a message has left.

`requests` raises the same exceptions before and after a request was written. Here the connection is
made first, then `starting` is called, and only then the first byte is written: what fails until
then is definitely not sent, and what fails later may have been accepted.
"""

from __future__ import annotations

import io
import math
import socket
import time
from collections.abc import Callable
from http.client import HTTPResponse
from typing import Any, ClassVar

import requests
from django.utils.translation import gettext_noop
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
)
from urllib3.poolmanager import PoolManager

from admin_kit.words.numbers import number
from dispatch import network

LONGEST_ANSWER = 128 * 1024
"""Bytes of an answer with its headers, as they come in."""


class AnswerTooLong(OSError):
    def __init__(self) -> None:
        super().__init__(
            gettext_noop("an answer of more than %(most)s bytes") % {"most": number(LONGEST_ANSWER)}
        )


class ConnectionWentStale(Exception):
    """The server closed a kept connection before the request was written: try again on a new
    one.
    """


class Departure:
    """The request that is about to leave. `starting` is called once, however often it is tried."""

    def __init__(self) -> None:
        self.has_left = False
        self._starting: Callable[[], None] | None = None

    def prepare(self, starting: Callable[[], None] | None) -> None:
        """Forget the last request; the next one is announced with `starting`."""
        self.has_left = False
        self._starting = starting

    def announce(self) -> None:
        starting, self._starting = self._starting, None
        if starting is not None:
            starting()


class HandOverSession(requests.Session):
    """Connects, announces, then writes. Follows no redirects, repeats nothing by itself, and reads
    no `.netrc`; proxies are taken from the environment as usual.
    """

    def __init__(self) -> None:
        super().__init__()
        self.departure = Departure()
        self.auth = _no_other_credentials
        for scheme in ("https://", "http://"):
            self.mount(scheme, _Adapter(self.departure))

    def hand_over(
        self, request: dict[str, Any], starting: Callable[[], None] | None = None
    ) -> requests.Response:
        """The answer to `request` (arguments of `requests.request`).

        Raises requests.RequestException, and what `starting` raises, as it is. `departure.has_left`
        then says whether the request may have arrived.
        """
        self.departure.prepare(starting)
        try:
            return self._answer(request)
        except ConnectionWentStale:
            return self._answer(request)

    def _answer(self, request: dict[str, Any]) -> requests.Response:
        """The body is taken as it comes: little that is compressed may be much that is not."""
        headers = {**(request.get("headers") or {}), "Accept-Encoding": "identity"}
        options = {**request, "headers": headers, "allow_redirects": False, "stream": True}
        response = self.request(**options)
        try:
            body: bytes = response.raw.read(decode_content=False)
        except (HTTPError, OSError) as error:
            response.close()
            raise requests.ConnectionError(error) from error
        response._content, response._content_consumed = body, True
        return response


class _Adapter(HTTPAdapter):
    """requests' adapter over pools whose connections announce what they write."""

    def __init__(self, departure: Departure) -> None:
        self._pools = _pools(departure)
        super().__init__()

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = self._pools

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> PoolManager:
        manager: PoolManager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = self._pools
        return manager


class _UntilDeadline(io.RawIOBase):
    """What comes in on a socket for one answer, all of it before a deadline, and not too much: a
    time-out for each read would let an answer that drips go on for ever.
    """

    def __init__(self, sock: socket.socket, incoming: io.RawIOBase) -> None:
        self._sock, self._incoming = sock, incoming
        self._deadline = time.monotonic() + (sock.gettimeout() or math.inf)
        self._left = LONGEST_ANSWER

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(gettext_noop("timed out"))
        if left < math.inf:
            self._sock.settimeout(left)
        count: int | None = self._incoming.readinto(buffer)
        self._left -= count or 0
        if self._left < 0:
            raise AnswerTooLong
        return count

    def close(self) -> None:
        self._incoming.close()
        super().close()


class PromptResponse(HTTPResponse):
    """The time-out of its connection, as it begins, is for all of it."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp = io.BufferedReader(_UntilDeadline(sock, self.fp.detach()))


class _Announcing:
    """Mixed into a connection of urllib3."""

    response_class: type[HTTPResponse] = PromptResponse
    departure: ClassVar[Departure]
    is_fresh = True

    def connect(self) -> None:
        self.is_fresh = True
        super().connect()  # type: ignore[misc]

    def _new_conn(self) -> socket.socket:
        """To an address that may be connected to; to a proxy that the environment names, anyway."""
        connection: Any = self
        if connection.proxy is not None:
            through_proxy: socket.socket = super()._new_conn()  # type: ignore[misc]
            return through_proxy
        try:
            sock = network.connect(connection._dns_host, connection.port, connection.timeout)
        except socket.gaierror as error:
            raise NameResolutionError(connection.host, connection, error) from error
        except TimeoutError as error:
            raise ConnectTimeoutError(connection, gettext_noop("timed out")) from error
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(connection, str(error)) from error
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return sock

    def request(self, *args: Any, **kwargs: Any) -> None:
        connection: Any = self
        if connection.is_closed:
            connection.connect()
        self.departure.announce()
        # Closed while `starting` waited? On a fresh TLS connection there may be something to read
        # (session tickets) that says nothing about that.
        if not self.is_fresh and not connection.is_connected:
            raise ConnectionWentStale
        self.is_fresh = False
        self.departure.has_left = True
        super().request(*args, **kwargs)  # type: ignore[misc]


def _pools(departure: Departure) -> dict[str, type[HTTPConnectionPool]]:
    """Pools whose connections tell this one departure."""

    class Plain(_Announcing, HTTPConnection):
        pass

    class Secure(_Announcing, HTTPSConnection):
        pass

    Plain.departure = Secure.departure = departure

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}


def _no_other_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """In the place of what `.netrc` says about a host."""
    return request
