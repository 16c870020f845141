"""The certificates with which Amazon SNS signs, fetched once and kept in the memory of a process.

An address is pinned: the host is that of the topic's own region, and the path that of such a
certificate, so that the DNS and TLS vouch for it. What still may be made up in it costs a request
at most MOST_FETCHES times in a while, and once for each address.
"""

from __future__ import annotations

import datetime as dt
import re
import threading
import time
from collections import OrderedDict

import requests
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from django.utils.translation import gettext_noop

from dispatch.providers.hooks import NotNow, WebhookRejection
from dispatch.providers.http.connection import HandOverSession

TIMEOUT = (2, 2)  # seconds to connect, and for the answer
WAIT_SECONDS = 5.0
"""For another thread that fetches."""
LONGEST = 16_384  # bytes of a certificate
KEY_BITS = range(2048, 8193)
MOST_KEPT = 50
MOST_FETCHES = 10
WHILE_SECONDS = 60.0
UNREACHABLE_SECONDS = 15.0
"""SNS repeats what was not taken after 20 seconds, by default three times."""
WRONG_SECONDS = 600.0
_PATH = re.compile(r"SimpleNotificationService-[0-9a-f]{32,64}\.pem")
_TOPIC = re.compile(r"arn:(aws[a-z-]*):sns:([a-z0-9-]+):\d{12}:[\w-]+", re.ASCII)


def root(topic_arn: str) -> str:
    """Where the certificates of a topic's region are. Raises WebhookRejection for what is no
    topic.
    """
    topic = _TOPIC.fullmatch(topic_arn)
    if topic is None:
        raise WebhookRejection(gettext_noop("no SNS topic"))
    country = ".cn" if topic[1] == "aws-cn" else ""
    return f"https://sns.{topic[2]}.amazonaws.com{country}/"


class Certificates:
    """Those that were fetched, and the addresses at which there were none. For many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._fetching = threading.Lock()
        self._kept: OrderedDict[str, x509.Certificate] = OrderedDict()
        self._failed: OrderedDict[str, tuple[float, NotNow | WebhookRejection]] = OrderedDict()
        self._fetched_at: list[float] = []

    def key(self, address: str, topic_arn: str, now: dt.datetime) -> RSAPublicKey:
        """The key of the certificate at this address.

        Raises WebhookRejection when Amazon can have none there or it has expired by `now`, and
        NotNow when it cannot be had at present.
        """
        start = root(topic_arn)
        if not (address.startswith(start) and _PATH.fullmatch(address[len(start) :])):
            raise WebhookRejection(
                gettext_noop("the certificate is not one of the topic's region at Amazon")
            )
        certificate = self._known(address) or self._fetch_once(address)
        if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
            raise WebhookRejection(gettext_noop("the certificate has expired"))
        return _rsa_key(certificate)

    def keep(self, address: str, certificate: x509.Certificate) -> None:
        with self._lock:
            self._kept[address] = certificate
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)

    def _known(self, address: str) -> x509.Certificate | None:
        """Raises what was raised a short while ago."""
        with self._lock:
            if address in self._kept:
                self._kept.move_to_end(address)
                return self._kept[address]
            until, problem = self._failed.get(address, (0.0, None))
            if problem is not None and time.monotonic() < until:
                raise type(problem)(str(problem))
            return None

    def _fetch_once(self, address: str) -> x509.Certificate:
        if not self._fetching.acquire(timeout=WAIT_SECONDS):
            raise NotNow(gettext_noop("other certificates of Amazon are being fetched"))
        try:
            return self._known(address) or self._fetch(address)
        finally:
            self._fetching.release()

    def _fetch(self, address: str) -> x509.Certificate:
        self._count()
        try:
            certificate = _fetched(address)
        except (NotNow, WebhookRejection) as problem:
            is_wrong = isinstance(problem, WebhookRejection)
            seconds = WRONG_SECONDS if is_wrong else UNREACHABLE_SECONDS
            self._remember(address, time.monotonic() + seconds, problem)
            raise
        self.keep(address, certificate)
        return certificate

    def _count(self) -> None:
        now = time.monotonic()
        self._fetched_at = [at for at in self._fetched_at if now - at < WHILE_SECONDS]
        if len(self._fetched_at) >= MOST_FETCHES:
            raise NotNow(gettext_noop("too many certificates of Amazon were asked for"))
        self._fetched_at.append(now)

    def _remember(self, address: str, until: float, problem: NotNow | WebhookRejection) -> None:
        with self._lock:
            self._failed[address] = until, problem
            while len(self._failed) > MOST_KEPT:
                self._failed.popitem(last=False)


def _fetched(address: str) -> x509.Certificate:
    try:
        with HandOverSession() as session:
            answer = session.hand_over({"method": "GET", "url": address, "timeout": TIMEOUT})
    except requests.RequestException as error:
        raise NotNow(gettext_noop("Amazon's certificate cannot be fetched")) from error
    if answer.status_code >= 500 or answer.status_code == 429:
        raise NotNow(
            gettext_noop("Amazon's certificate cannot be fetched: %(status_code)s")
            % {"status_code": answer.status_code}
        )
    if answer.status_code != 200 or len(answer.content) > LONGEST:
        raise WebhookRejection(gettext_noop("there is no certificate at the address"))
    try:
        certificate = x509.load_pem_x509_certificate(answer.content)
        _rsa_key(certificate)
    except (ValueError, UnsupportedAlgorithm, x509.InvalidVersion) as error:
        raise WebhookRejection(gettext_noop("there is no certificate at the address")) from error
    return certificate


def _rsa_key(certificate: x509.Certificate) -> RSAPublicKey:
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey) or key.key_size not in KEY_BITS:
        raise WebhookRejection(gettext_noop("the certificate is none that Amazon signs with"))
    return key


KNOWN = Certificates()
"""Of this process."""
