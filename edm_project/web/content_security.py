"""Content-Security-Policy and Permissions-Policy of our pages.

No page has inline scripts, so scripts come from static files alone, and no nonce is needed. The
public pages and the frames with messages have policies of their own, which are set beside them; a
policy that a response already has is kept.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from csp.constants import NONE, SELF, UNSAFE_EVAL, UNSAFE_INLINE
from csp.middleware import CSPMiddleware, PolicyParts
from django.http import HttpRequest, HttpResponseBase

PROJECT = Path(__file__).resolve().parents[2]


def _hash_of(path: Path) -> str:
    digest = hashlib.sha256(path.read_bytes()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


POLICY = {
    "default-src": [NONE],
    "script-src": [SELF],
    # The error pages bring theirs along: nothing else may be there to be asked for.
    "style-src": [SELF, _hash_of(PROJECT / "templates" / "plain_page.css")],
    "img-src": [SELF, "data:"],
    "frame-src": [SELF],
    "form-action": [SELF],
    "base-uri": [NONE],
    "frame-ancestors": [NONE],
}
ADMIN_POLICY = {
    **POLICY,
    # Alpine.js, on which django-unfold is built, makes functions of what attributes say.
    "script-src": [SELF, UNSAFE_EVAL],
    # Widths of bars and of what Alpine.js and select2 move. Style sheets come from files.
    "style-src-attr": [UNSAFE_INLINE],
    "font-src": [SELF],
    "connect-src": [SELF],
}
PERMISSIONS = ", ".join(
    f"{device}=()"
    for device in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "usb",
    )
)


def mark_as_admin(request: HttpRequest) -> None:
    """Give the response to this request the policy of the admin's pages."""
    request.is_admin_page = True  # type: ignore[attr-defined]


class ContentSecurityMiddleware(CSPMiddleware):
    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        return super().process_response(request, response)

    def get_policy_parts(
        self, request: HttpRequest, response: HttpResponseBase, report_only: bool = False
    ) -> PolicyParts:
        parts = super().get_policy_parts(request, response, report_only)
        if getattr(request, "is_admin_page", False) and not report_only:
            parts.config = parts.config or ADMIN_POLICY
        return parts
