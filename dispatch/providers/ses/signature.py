"""AWS Signature Version 4 for one request."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import requests
from django.utils import timezone
from requests.auth import AuthBase


@dataclass(frozen=True, slots=True)
class SignatureV4(AuthBase):
    """Signs host, date, and what there is of content type and security token. AWS refuses a
    signature that is five minutes off.
    """

    access_key_id: str
    secret_access_key: str
    region: str
    service: str

    @classmethod
    def from_settings(cls, settings: Mapping[str, Any], service: str) -> SignatureV4:
        return cls(
            settings["access_key_id"], settings["secret_access_key"], settings["region"], service
        )

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return self.sign(request, timezone.now())

    def sign(self, request: requests.PreparedRequest, now: dt.datetime) -> requests.PreparedRequest:
        """Add the headers of a signature made at `now`."""
        stamp = now.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%SZ")
        request.headers["X-Amz-Date"] = stamp
        url = urlsplit(str(request.url))
        signed = {"host": url.netloc, "x-amz-date": stamp}
        if "Content-Type" in request.headers:
            signed["content-type"] = str(request.headers["Content-Type"])
        names = ";".join(sorted(signed))
        canonical = "\n".join(
            [
                str(request.method),
                quote(url.path or "/", safe="/-_.~%"),
                _query(url.query),
                *(f"{name}:{' '.join(signed[name].split())}" for name in sorted(signed)),
                "",
                names,
                hashlib.sha256(_body(request)).hexdigest(),
            ]
        )
        scope = f"{stamp[:8]}/{self.region}/{self.service}/aws4_request"
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        signature = self._sign(scope, f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{digest}")
        request.headers["Authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={self.access_key_id}/{scope}, "
            f"SignedHeaders={names}, Signature={signature}"
        )
        return request

    def _sign(self, scope: str, text: str) -> str:
        key = f"AWS4{self.secret_access_key}".encode()
        for part in scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()

    def __repr__(self) -> str:
        """Without the secret, for tracebacks and logs."""
        return f"SignatureV4({self.access_key_id}, {self.region}, {self.service})"


def _query(query: str) -> str:
    pairs = parse_qsl(query, keep_blank_values=True)
    encoded = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in pairs)
    return "&".join(f"{name}={value}" for name, value in encoded)


def _body(request: requests.PreparedRequest) -> bytes:
    """Ours are texts, or there is none."""
    return str(request.body or "").encode()
