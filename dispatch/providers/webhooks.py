"""What providers tell about messages: `POST /hooks/<provider>/<key>/`, an address per service.

Fast: one query, the provider's own reading of the body, one statement of the inbox. A request
that is rejected gets the same answer, whether the address is wrong or the signature.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.conf import settings
from django.db import InterfaceError, OperationalError, connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_noop
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from dispatch.encryption import CredentialsError, decrypt
from dispatch.models import EmailService
from dispatch.models.service import webhook_key_digest
from dispatch.providers import find_provider
from dispatch.providers.hooks import MALFORMED, Malformed, NotNow, Post, WebhookRejection
from tracking import rate_limits, recording, rejected_requests
from tracking.events import inbox, sanitize
from tracking.events.incoming import Incoming
from tracking.kept_connection import first_statement

logger = logging.getLogger(__name__)


def takes_webhooks(service: EmailService) -> bool:
    """Whether its provider tells what becomes of messages."""
    provider = find_provider(service.provider)
    return provider is not None and provider.takes_webhooks


def webhook_url(service: EmailService) -> str:
    """The address to enter at the provider; "" when its provider tells nothing. Raises
    CredentialsError when the key cannot be decrypted.
    """
    if not takes_webhooks(service):
        return ""
    return settings.PUBLIC_URL.rstrip("/") + reverse(
        "webhook", args=[service.provider, service.webhook_key]
    )


@method_decorator(csrf_exempt, name="dispatch")
class WebhookView(View):
    """GET and HEAD are probes, and say the same of every address."""

    http_method_names = ["get", "head", "post"]

    def get(self, request: HttpRequest, provider: str, key: str) -> HttpResponse:
        return HttpResponse()

    def post(self, request: HttpRequest, provider: str, key: str) -> HttpResponseBase:
        try:
            if _length(request) > settings.WEBHOOK_MAX_BYTES:
                return self._reject(provider, gettext_noop("too large"), 413)
            told = self._read(request, provider, key)
            inbox.accept(told)
        except WebhookRejection as rejection:
            return self._reject(provider, str(rejection), 401)
        except Malformed as malformed:
            return self._reject(provider, "malformed", 400, str(malformed))
        except NotNow as problem:
            return self._reject(provider, gettext_noop("not now"), 503, str(problem))
        except (OperationalError, InterfaceError):
            logger.exception("an event of %s could not be written down", provider)
            return HttpResponse(status=503)
        return HttpResponse()

    def http_method_not_allowed(
        self, request: HttpRequest, provider: str, key: str
    ) -> HttpResponse:
        rejected = self._reject(provider, "method", 405)
        if rejected.status_code == 429:
            return rejected
        return HttpResponseNotAllowed(["GET", "HEAD", "POST"])

    def _read(self, request: HttpRequest, provider: str, key: str) -> list[Incoming]:
        """Raises WebhookRejection, Malformed or NotNow."""
        service = first_statement(lambda: _service(provider, key))
        teller = find_provider(provider)
        if service is None or teller is None or not teller.takes_webhooks:
            raise WebhookRejection(gettext_noop("unknown address"))
        pk, credentials, now = service
        try:
            post = Post(request, pk, decrypt(credentials), now)
        except CredentialsError as error:
            raise WebhookRejection(gettext_noop("unreadable settings")) from error
        if teller.missing_webhook_secrets(post.settings):
            raise WebhookRejection(gettext_noop("no webhook secret"))
        try:
            return teller.incoming(post)
        except MALFORMED as error:
            raise Malformed(f"{type(error).__name__}: {error}"[:200]) from error

    def _reject(self, provider: str, reason: str, status: int, why: str = "") -> HttpResponse:
        """Only what is refused is limited, never what the provider of a service tells: others may
        post from its addresses.
        """
        known = find_provider(provider)
        endpoint = f"webhook {known.name if known else 'unknown'}"
        network = sanitize.network(recording.client_address(self.request))
        if wait := rate_limits.seconds_to_wait(rate_limits.BAD_REQUESTS, network):
            rejected_requests.count_later(endpoint, "limit")
            return HttpResponse(status=429, headers={"Retry-After": str(wait)})
        logger.warning("%s: refused, %s%s", endpoint, reason, f" ({why!r})" if why else "")
        rejected_requests.count(endpoint, reason)
        response = HttpResponse(status=status)
        if status == 401:  # some tell their password only when asked for it
            response["WWW-Authenticate"] = 'Basic realm="webhook"'
        return response


# By the unique index of webhook_key_digest.
SERVICE_SQL = """
SELECT id, credentials, clock_timestamp() FROM dispatch_emailservice
WHERE webhook_key_digest = %s AND provider = %s
"""


def _service(provider: str, key: str) -> tuple[int, str, dt.datetime] | None:
    """Key and credentials of the service whose address this is, and the database's time."""
    with connection.cursor() as cursor:
        cursor.execute(SERVICE_SQL, [webhook_key_digest(key), provider])
        row: tuple[int, str, dt.datetime] | None = cursor.fetchone()
        return row


def _length(request: HttpRequest) -> int:
    try:
        return int(request.headers.get("Content-Length") or 0)
    except ValueError:
        return 0
