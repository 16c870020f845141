"""Sharing a service's connections between the dispatchers of all hosts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from django.db.models import Sum

from dispatch.claiming.agenda import ServicePlan
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


def lower_shares(dispatcher_id: int, kept: Mapping[int, int]) -> None:
    """Return the connections of these services but those that are kept; the others are closed.
    Needs no lock: it makes room.
    """
    shares = ConnectionShare.objects.filter(dispatcher=dispatcher_id)
    for service_id, connections in sorted(kept.items()):
        shares.filter(service=service_id).update(connections=connections)
    shares.filter(service__in=kept, connections=0).delete()
