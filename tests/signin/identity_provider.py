"""An OpenID Connect provider of the test's own on the loopback, by the specification (Core 1.0,
Discovery 1.0, PKCE): the user is the one that the test names, and agrees to everything. Who has signed in there is asked
again only when that is wished.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from tests.http_server import Answer, HttpServer, Request

CLIENT_ID, CLIENT_SECRET = "edm", "the secret of edm"


@dataclass
class IdentityProvider:
    server: HttpServer
    person: dict[str, Any] = field(
        default_factory=lambda: {
            "sub": "4711",
            "preferred_username": "ada.l",
            "email": "ada@example.com",
            "email_verified": True,
        }
    )
    signed_in_at: int | None = None
    says_when: bool = True
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: set[str] = field(default_factory=set)
    key: rsa.RSAPrivateKey = field(default_factory=lambda: rsa.generate_private_key(65537, 2048))

    @property
    def issuer(self) -> str:
        return self.server.url.rstrip("/")

    def settings(self) -> dict[str, Any]:
        app = {
            "provider_id": "sso",
            "name": "Example ID",
            "client_id": CLIENT_ID,
            "secret": CLIENT_SECRET,
            "settings": {"server_url": self.issuer},
        }
        return {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}}

    def authorize(self, url: str) -> str:
        """What the browser does at the provider: the address that it is sent back to."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        assert asked["client_id"] == CLIENT_ID and asked["response_type"] == "code"
        assert "openid" in asked["scope"].split() and asked["code_challenge_method"] == "S256"
        if self.signed_in_at is None or asked.get("prompt") == "login":
            self.signed_in_at = int(time.time())
        code = secrets.token_urlsafe()
        self.codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"]})
        return f"{asked['redirect_uri']}?{answer}"

    def answer(self, request: Request) -> Answer:
        path = urlsplit(request.path).path
        pages = {
            "/.well-known/openid-configuration": self._configuration,
            "/token": self._token,
            "/userinfo": self._userinfo,
            "/jwks": self._jwks,
        }
        return pages[path](request) if path in pages else Answer(404)

    def _configuration(self, request: Request) -> Answer:
        return Answer(
            body={
                "issuer": self.issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/jwks",
                "token_endpoint_auth_methods_supported": ["client_secret_post"],
            }
        )

    def _token(self, request: Request) -> Answer:
        form = {name: values[0] for name, values in request.form.items()}
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or asked["code_challenge"] != challenge
            or form["redirect_uri"] != asked["redirect_uri"]
            or (form["client_id"], form["client_secret"]) != (CLIENT_ID, CLIENT_SECRET)
        ):
            return Answer(400, {"error": "invalid_grant"})
        token = secrets.token_urlsafe()
        self.tokens.add(token)
        body = {"access_token": token, "token_type": "Bearer", "id_token": self._id_token(asked)}
        return Answer(body=body)

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT_ID, "iat": now, "exp": now + 300}
        nonce = {"nonce": asked["nonce"]} if "nonce" in asked else {}
        told = self.says_when and "max_age" in asked
        when = {"auth_time": self.signed_in_at} if told else {}
        headers = {"kid": "one"}
        return jwt.encode({**claims, **nonce, **when, **self.person}, self.key, "RS256", headers)

    def _userinfo(self, request: Request) -> Answer:
        kind, _, token = request.headers.get("authorization", "").partition(" ")
        known = kind == "Bearer" and token in self.tokens
        return Answer(body=self.person) if known else Answer(401)

    def _jwks(self, request: Request) -> Answer:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return Answer(body={"keys": [{**public, "kid": "one", "alg": "RS256", "use": "sig"}]})
