"""Self-signed certificates, made anew for each run."""

from __future__ import annotations

import datetime
import ssl
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class Certificate:
    pem: str
    context: ssl.SSLContext


def rsa_certificate(
    key: rsa.RSAPrivateKey, days: int = 1, host: str = "sns.amazonaws.com"
) -> x509.Certificate:
    """Valid from yesterday until so many days from now."""
    return _self_signed(host, key, days).sign(key, hashes.SHA256())


def _self_signed(
    host: str, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, days: int = 1
) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    today = datetime.datetime.now(datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today - datetime.timedelta(days=max(1, 1 - days)))
        .not_valid_after(today + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    )


def self_signed(host: str, folder: Path) -> Certificate:
    """A certificate for `host` that is its own authority, and a server's context that shows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _self_signed(host, key).sign(key, hashes.SHA256())
    pem = certificate.public_bytes(serialization.Encoding.PEM)
    plain_key = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    both = folder / f"{host}.pem"
    both.write_bytes(plain_key + pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return Certificate(pem.decode("ascii"), context)
