"""Random small populations, and by plain Python what must become of each of their contacts."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from hypothesis import strategies as st

from campaigns import erased_keys
from campaigns.models import Contact, SubTask, Suppression, Task, TaskStatus
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    TagFactory,
    TaskFactory,
    UserFactory,
)

DOMAINS = ("example.com", "example.org")
OTHERS = ("sent 3 days ago", "sent 20 days ago", "waits", "waits, paused", "sent by a stranger")


@dataclass(frozen=True)
class Person:
    """One contact, and what is known of it. `other` is what other campaigns did with it."""

    name: str
    domain: str
    is_included: bool
    is_excluded: bool
    is_suppressed: bool
    is_erased: bool
    consent: str
    pause: int | None
    days_between: int | None
    other: str | None

    @property
    def email(self) -> str:
        return f"{self.name}@{self.domain}"

    @property
    def is_valid(self) -> bool:
        return ".." not in self.name


@dataclass(frozen=True)
class Population:
    people: tuple[Person, ...]
    suppressed_domain: str | None
    needs_consent: bool
    leaves_out_running: bool
    audience: str

    def expected(self) -> dict[str, str]:
        """By address, for the candidates: the first reason that holds, or ""."""
        return {each.email: self._fate(each) for each in self.people if self._includes(each)}

    def _includes(self, person: Person) -> bool:
        return self.audience == "all" or person.is_included

    def _fate(self, person: Person) -> str:
        days = {"sent 3 days ago": 3, "sent 20 days ago": 20}.get(person.other or "")
        wanted = person.days_between
        if person.is_erased:
            return "erased"
        if person.is_suppressed:
            return "suppressed"
        if person.domain == self.suppressed_domain:
            return "domain"
        if not person.is_valid:
            return "invalid"
        if person.consent == "refused":
            return "refused"
        if self.needs_consent and person.consent == "unknown":
            return "no_consent"
        if person.is_excluded:
            return "excluded"
        if person.pause is not None and person.pause > 0:
            return "paused"
        if wanted is not None and days is not None and days < wanted:
            return "less_often"
        if self.leaves_out_running and person.other in ("waits", "waits, paused"):
            return "running"
        return ""

    def store(self, **values: Any) -> Task:
        """A task for this population, and all that is known of it."""
        task: Task = TaskFactory(
            owner=UserFactory(),
            audience=self.audience,
            needs_consent=self.needs_consent,
            leaves_out_running=self.leaves_out_running,
            **values,
        )
        included = TagFactory(owner=task.owner)
        excluded = TagFactory(owner=task.owner)
        task.include_tags.add(included)
        task.exclude_tags.add(excluded)
        if self.suppressed_domain:
            Suppression.objects.get_or_create(email=f"@{self.suppressed_domain}")
        for person in self.people:
            contact = _stored(task, person)
            if person.is_included:
                contact.tags.add(included)
                task.contacts.add(contact)
            if person.is_excluded:
                contact.tags.add(excluded)
        return task


def _stored(task: Task, person: Person) -> Contact:
    now = timezone.now()
    if person.is_suppressed:
        Suppression.objects.get_or_create(email=person.email)
    if person.is_erased:
        key = erased_keys.key_of(person.email)
        Suppression.objects.get_or_create(email=key, defaults={"reason": "erased"})
    _mailed_otherwise(task, person, now)
    pause = None if person.pause is None else now + dt.timedelta(days=person.pause)
    return ContactFactory(
        owner=task.owner,
        email=person.email,
        mail_consent=person.consent,
        paused_until=pause,
        days_between=person.days_between,
    )


def _mailed_otherwise(task: Task, person: Person, now: dt.datetime) -> None:
    if person.other is None:
        return
    owner = UserFactory() if "stranger" in person.other else task.owner
    paused = person.other == "waits, paused"
    status = TaskStatus.PAUSED if paused else TaskStatus.SENDING
    other = SendingTaskFactory(owner=owner, status=status)
    sent = {"sent 3 days ago": 3, "sent 20 days ago": 20, "sent by a stranger": 1}
    message = SubTaskFactory(task=other, recipient_email=person.email)
    if days := sent.get(person.other):
        SubTask.objects.filter(pk=message.pk).update(
            status="sent", service=EmailServiceFactory(), sent_at=now - dt.timedelta(days=days)
        )


def people(number: int) -> st.SearchStrategy[Person]:
    return st.builds(
        Person,
        name=st.sampled_from([f"person{number}", f"per..son{number}"]),
        domain=st.sampled_from(DOMAINS),
        is_included=st.booleans(),
        is_excluded=st.booleans(),
        is_suppressed=st.sampled_from([False, False, False, True]),
        is_erased=st.sampled_from([False, False, False, True]),
        consent=st.sampled_from(["unknown", "given", "given", "refused"]),
        pause=st.sampled_from([None, None, -1, 1]),
        days_between=st.sampled_from([None, 7, 30]),
        other=st.sampled_from([None, *OTHERS]),
    )


POPULATIONS = st.builds(
    Population,
    people=st.tuples(*(people(number) for number in range(8))),
    suppressed_domain=st.sampled_from([None, None, "example.org"]),
    needs_consent=st.booleans(),
    leaves_out_running=st.booleans(),
    audience=st.sampled_from(["all", "tags", "chosen"]),
)
