"""`/metrics`, for Prometheus."""

from __future__ import annotations

import logging

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client.exposition import choose_encoder

from dispatch.monitoring.metrics import registry

logger = logging.getLogger(__name__)


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """The metrics, for requests with `Authorization: Bearer` and METRICS_TOKEN; without that
    setting there is no such page.
    """
    if not settings.METRICS_TOKEN:
        raise Http404("Metrics are off: METRICS_TOKEN is not set.")
    if not _knows_token(request):
        hint = "Send the header Authorization: Bearer, followed by METRICS_TOKEN.\n"
        refused = HttpResponse(hint, "text/plain", 401)
        refused["WWW-Authenticate"] = 'Bearer realm="metrics"'
        return refused
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    try:
        return HttpResponse(encode(registry()), content_type)
    except (DatabaseError, InterfaceError) as error:
        logger.warning("metrics cannot be read: %s", error)
        return HttpResponse("The database does not answer.\n", "text/plain", 503)


def _knows_token(request: HttpRequest) -> bool:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and constant_time_compare(
        token.strip(), settings.METRICS_TOKEN
    )
