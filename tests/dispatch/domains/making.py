"""A domain for which everything is as it should be, for a test to break."""

from __future__ import annotations

import base64
from functools import cache

from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.dns_server import DnsServer

DOMAIN, SELECTOR, HOST = "news.shop.test", "s1", "smtp.shop.test"
ADDRESS = "192.0.9.25"  # public, and of nobody here: nothing is ever sent to it
GOOD_SPF = f"v=spf1 a:{HOST} -all"


@cache
def public_key(bits: int) -> str:
    """As a DKIM record has it."""
    key = generate_private_key(public_exponent=65537, key_size=bits).public_key()
    return base64.b64encode(
        key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    ).decode()


def make_ready(server: DnsServer) -> None:
    server.text(DOMAIN, "something else", GOOD_SPF)
    server.text(f"{SELECTOR}._domainkey.{DOMAIN}", f"v=DKIM1; k=rsa; p={public_key(2048)}")
    server.text("_dmarc.shop.test", "v=DMARC1; p=quarantine; sp=none")
    server.publish(DOMAIN, "MX", f"10 {HOST}.")
    server.publish(HOST, "A", ADDRESS)
    server.publish("25.9.0.192.in-addr.arpa", "PTR", f"{HOST}.")
