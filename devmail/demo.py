"""The demo of `make run` at its first start: an account, services, contacts, two campaigns."""

from __future__ import annotations

import itertools
import secrets
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from campaigns.models import (
    Attribute,
    AttributeKind,
    Audience,
    Contact,
    Sender,
    Suppression,
    Tag,
    Task,
    TaskTemplate,
    Template,
)
from campaigns.state import lifecycle
from dispatch.encryption import CredentialsError, decrypt, encrypt
from dispatch.models import EmailService
from dispatch.pace import services
from edm_project.environment import generated_once

USER = "demo"
CONTACTS = 2_000
SERVICES = (
    # Name, domain, seconds between two messages: seven a second, for minutes of watching.
    ("North", "north.example.com", "0.5"),
    ("South", "south.example.org", "0.2"),
)
HOST = "127.0.0.1"
CONTENT = Path(__file__).parent / "demo_content"
CITIES = ("Berlin", "Lisbon", "Malmö", "Kraków", "Milan", "Osaka", "Lagos", "Toronto")
PLANS = ("free", "team", "business")


def password() -> str:
    """The demo account's password on this machine, made at the first start and kept in var/."""
    return generated_once(settings.VAR_DIR / "demo_password", lambda: secrets.token_urlsafe(9))


def knows_password() -> bool:
    """Whether the demo account still has that password: staff may have changed it."""
    user = get_user_model()._default_manager.filter(username=USER).first()
    return user is not None and user.check_password(password())


def prepare(smtp_port: int) -> bool:
    """Create the demo unless it exists. True when it was created now.

    All or nothing, in one transaction: an interrupted start creates it again. Its campaign is
    launched afterwards: what that looks at first may take longer than a transaction may be idle.
    """
    with transaction.atomic():
        if get_user_model()._default_manager.filter(username=USER).exists():
            return False
        owner = _make_account()
        _make_services(smtp_port)
        tags = _make_contacts(owner)
        running, _ = _make_tasks(owner, tags)
    lifecycle.launch(running)
    return True


def follow_port(old: int, new: int) -> int:
    """Point the services that used the local SMTP server to its new port. Returns how many."""
    moved = 0
    for service in EmailService.objects.filter(provider="smtp"):
        try:
            values = decrypt(service.credentials)
        except CredentialsError:
            continue  # the service itself says so wherever it is used
        if values.get("host") == HOST and values.get("port") == old != new:
            credentials = encrypt({**values, "port": new})
            moved += EmailService.objects.filter(pk=service.pk).update(credentials=credentials)
    return moved


def _make_account() -> AbstractBaseUser:
    user = get_user_model()._default_manager.create_superuser(
        USER, "demo@example.com", password(), first_name="Demo"
    )
    assert isinstance(user, AbstractBaseUser)
    return user


def _make_services(smtp_port: int) -> None:
    transport = {
        "host": HOST,
        "port": smtp_port,
        "security": "none",
        "timeout": 5,
        "reply_timeout": 60,
        "messages_per_connection": 100,
    }
    for name, domain, interval in SERVICES:
        service = EmailService(
            name=name,
            domain=domain,
            provider="smtp",
            sending_interval=Decimal(interval),
            daily_quota=5_000,
            credentials=encrypt(transport),
        )
        services.save(service)


def _make_contacts(owner: AbstractBaseUser) -> dict[str, Tag]:
    names = list(itertools.product(_lines("first_names"), _lines("last_names")))[:CONTACTS]
    contacts = Contact.objects.bulk_create(
        Contact(
            owner_id=owner.pk,
            email=f"{_ascii(first)}.{_ascii(last)}@example.{('com', 'org', 'net')[n % 3]}",
            name=f"{first} {last}",
            attributes={
                "first_name": first,
                "city": CITIES[n % len(CITIES)],
                "plan": PLANS[n % 7 % len(PLANS)],
            },
        )
        for n, (first, last) in enumerate(names)
    )
    Attribute.objects.bulk_create(
        [
            Attribute(owner_id=owner.pk, key="first_name", label="First name"),
            _choice(owner, "city", "City", CITIES),
            _choice(owner, "plan", "Plan", PLANS),
        ]
    )
    tags = {
        name: Tag.objects.create(owner_id=owner.pk, name=name)
        for name in ("customers", "beta testers", "colleagues")
    }
    for name, every in (("customers", 3), ("beta testers", 10), ("colleagues", 25)):
        tags[name].contacts.add(*contacts[::every])
    Suppression.objects.bulk_create(
        [Suppression(email=contact.email, source="Demo") for contact in contacts[7::400]],
        ignore_conflicts=True,
    )
    return tags


def _choice(owner: AbstractBaseUser, key: str, label: str, choices: Sequence[str]) -> Attribute:
    kind = AttributeKind.CHOICE
    return Attribute(owner_id=owner.pk, key=key, label=label, kind=kind, choices=sorted(choices))


def _make_tasks(owner: AbstractBaseUser, tags: dict[str, Tag]) -> tuple[Task, Task]:
    """A task to be launched for every contact, and a draft for some."""
    sender = Sender.objects.create(
        owner_id=owner.pk,
        local_part="news",
        display_name="Northwind Garden Club",
        postal_address="Northwind Garden Club\n1 Garden Lane, 12345 Exampletown",
    )
    running = Task.objects.create(owner_id=owner.pk, name="Spring newsletter", sender=sender)
    draft = Task.objects.create(
        owner_id=owner.pk, name="Invitation to the beta", sender=sender, audience=Audience.TAGS
    )
    draft.include_tags.add(tags["customers"], tags["beta testers"])
    draft.exclude_tags.add(tags["colleagues"])
    hello = "{{ first_name | default: 'friend' }}"
    texts = (
        (
            running,
            "newsletter",
            f"{hello}, the garden wakes up 🌱",
            "What to sow in {{ city | default: 'your garden' }} now",
        ),
        (draft, "invitation", f"{hello}, try it before everyone else", ""),
    )
    for task, file, subject, preview_text in texts:
        template = Template.objects.create(
            owner_id=owner.pk,
            name=task.name,
            subject=subject,
            preview_text=preview_text,
            html=(CONTENT / f"{file}.html").read_text(encoding="utf-8"),
        )
        TaskTemplate.objects.create(task=task, template=template)
    return running, draft


def _lines(file: str) -> list[str]:
    return (CONTENT / f"{file}.txt").read_text(encoding="utf-8").split()


def _ascii(name: str) -> str:
    plain = name.translate(str.maketrans("łøı", "loi"))
    return unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode().lower()
