"""Sharing a service's connections between the dispatchers of all hosts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from django.db.models import Sum

from dispatch.agenda import ServicePlan
from dispatch.models import ConnectionShare


def raise_shares(
    dispatcher_id: int, wanted: Mapping[int, int], services: Mapping[int, ServicePlan]
) -> dict[int, int]:
    """Take as many connections of each service as are wanted and free. Returns how many this
    dispatcher now has.

    The services' Pace rows must be locked, so that all dispatchers together never have more than
    `max_connections`.
    """
    if not wanted:
        return {}
    others: Counter[int] = Counter()
    shares = ConnectionShare.objects.filter(service__in=wanted).exclude(dispatcher=dispatcher_id)
    for service_id, total in shares.values_list("service").annotate(Sum("connections")).order_by():
        others[service_id] = total
    mine = {
        service_id: max(0, min(lanes, services[service_id].max_connections - others[service_id]))
        for service_id, lanes in wanted.items()
    }
    ConnectionShare.objects.bulk_create(
        [
            ConnectionShare(service_id=service_id, dispatcher_id=dispatcher_id, connections=lanes)
            for service_id, lanes in sorted(mine.items())
        ],
        update_conflicts=True,
        unique_fields=["service", "dispatcher"],
        update_fields=["connections"],
    )
    return mine


def return_shares(dispatcher_id: int, service_ids: Collection[int]) -> None:
    """Return all connections of these services, which are closed. Needs no lock: it makes room."""
    ConnectionShare.objects.filter(dispatcher=dispatcher_id, service__in=service_ids).delete()
