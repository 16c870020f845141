"""Prepare and run imports as operations."""

from __future__ import annotations

import csv
from dataclasses import replace
from io import BytesIO, StringIO
from typing import Any

from django.contrib.auth.models import User

from campaigns.imports.results import Result
from campaigns.imports.settings import ImportSettings
from campaigns.imports.understanding.understand import understand
from campaigns.imports.writing import run
from campaigns.models import Contact, Operation, OperationKind, Tag
from campaigns.operations import files, held
from tests.factories import OperationFactory


def guessed(raw: bytes, owner: User, **changed: Any) -> ImportSettings:
    """The settings that a file is guessed to have, with some changed."""
    return replace(understand(BytesIO(raw), "list.csv", owner).settings, **changed)


def prepared(raw: bytes, owner: User, settings: ImportSettings) -> Operation:
    operation = OperationFactory(
        kind=OperationKind.IMPORT, owner=owner, title="list.csv", params=settings.to_params()
    )
    files.store(operation, run.UPLOAD, "list.csv", [raw], None)
    return operation


def carried_out(operation: Operation) -> Result:
    """Each step as a worker finds the operation; what it holds open stays open between them."""
    try:
        while run.step(operation):
            operation.refresh_from_db()
    finally:
        held.close()
    operation.refresh_from_db()
    result: Result = operation.result
    return result


def imported(raw: bytes, owner: User, **changed: Any) -> Result:
    return carried_out(prepared(raw, owner, guessed(raw, owner, **changed)))


def database(owner: User) -> list[tuple[Any, ...]]:
    """What an import can change of an owner's contacts."""
    contacts = Contact.objects.filter(owner=owner).order_by("email").prefetch_related("tags")
    return [
        (
            contact.email,
            contact.name,
            contact.attributes,
            contact.tracking_consent,
            contact.mail_consent,
            contact.mail_consent_source,
            sorted(tag.name for tag in contact.tags.all()),
        )
        for contact in contacts
    ]


def tags(owner: User) -> set[str]:
    return set(Tag.objects.filter(owner=owner).values_list("name", flat=True))


def rejected_rows(operation: Operation) -> list[list[str]]:
    return rows_of(operation, "rejected")


def rows_of(operation: Operation, role: str) -> list[list[str]]:
    file = operation.files.get(role=role)
    text = files.open_file(file).read().decode("utf-8-sig")
    return list(csv.reader(StringIO(text)))


def numbers_of(result: Result) -> list[int]:
    return [
        result["created"],
        result["updated"],
        result["unchanged"],
        result["duplicates"],
        result["rejected"],
    ]
