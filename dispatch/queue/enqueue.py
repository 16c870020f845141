"""Have a worker do something. Names what it does by dotted names, and so imports none of it."""

from __future__ import annotations

import uuid

from django_q.tasks import async_task

from campaigns import background
from dispatch.queue import broker

DOMAIN, ACCOUNT, BOUNCES = "domain", "account", "bounces"
"""The kinds of background work."""

DISPATCH = "dispatch.tasks.dispatch"
CHECK_DOMAIN = "dispatch.domains.checking.check_domain"
CHECK_ACCOUNT = "dispatch.providers.account_reports.check_account"
READ_BOUNCES = "dispatch.bounces.reading.read_claimed"


def dispatch(predecessor: int | None = None) -> None:
    """Have a worker of this cluster become a dispatcher, when its predecessor winds up."""
    async_task(DISPATCH, predecessor, task_name="dispatch", save=False, cluster=broker.own_queue())


def check_domain(service_id: int) -> None:
    """Have a worker look the domain of a service up in the DNS."""
    name = f"check the domain of service {service_id}"
    background.ask(DOMAIN, service_id, CHECK_DOMAIN, name=name)


def check_account(service_id: int) -> None:
    """Have a worker ask the provider of a service about its account."""
    name = f"ask about the account of service {service_id}"
    background.ask(ACCOUNT, service_id, CHECK_ACCOUNT, name=name)


def read_bounces(service_id: int, token: uuid.UUID) -> None:
    """Have a worker of any cluster read the mailbox that was claimed with this token."""
    name = f"read the bounces of service {service_id}"
    background.ask(BOUNCES, service_id, READ_BOUNCES, str(token), name=name)
