"""The wizard of the import, driven by posts; the cluster's part is done where it is asked for."""

from __future__ import annotations

import re
from typing import Any

from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from campaigns.models import Operation, OperationKind
from campaigns.operations import running
from tests.campaigns.admin.staff import CONFIRM, address, page_of, signed_in
from tests.responses import ClientResponse

UPLOAD = address("campaigns.contact", "import_file")
ROWS = "Email,Name,City\nada@example.com,Ada,London\nnobody,Bob,Rome\ncy@example.com,Cy,Oslo\n"
OPTIONS = {"existing": "update", "tags": "", "may_suppress": "on"}


def page(name: str, operation: Operation | int) -> str:
    """The address of a page of an import, such as page("columns", operation)."""
    number = operation if isinstance(operation, int) else operation.pk
    suffix = f"_{name}" if name else ""
    return reverse(f"admin:campaigns_contact_import{suffix}", args=[number])


def run_the_cluster() -> None:
    """Do what is queued, to its end."""
    for operation in Operation.objects.filter(state="queued").order_by("pk"):
        running.run(operation.pk)


class Wizard:
    """One user's way through one file."""

    def __init__(self, user: User) -> None:
        self.client: Client = signed_in(user)

    def upload(self, content: bytes | str, name: str = "list.csv") -> ClientResponse:
        raw = content.encode() if isinstance(content, str) else content
        file = SimpleUploadedFile(name, raw, "text/csv")
        response: ClientResponse = self.client.post(UPLOAD, {"file": file}, follow=True)
        return response

    @property
    def operation(self) -> Operation:
        """The newest import that is no dry run."""
        imports = Operation.objects.filter(kind=OperationKind.IMPORT)
        newest: Operation = imports.exclude(params__dry_run=True).latest("pk")
        return newest

    def form(self) -> dict[str, str]:
        """What the page of the columns has in its fields."""
        response = self.client.get(page("columns", self.operation))
        return fields_of(page_of(response))

    def columns(self, **changes: str) -> ClientResponse:
        """Go on from the page of the columns, with these fields changed."""
        form = {**self.form(), "next": "yes", **changes}
        response: ClientResponse = self.client.post(
            page("columns", self.operation), form, follow=True
        )
        return response

    def options(self, **options: str) -> ClientResponse:
        """Check, with these options; the dry run is done."""
        url = page("options", self.operation)
        response: ClientResponse = self.client.post(url, {**OPTIONS, **options}, follow=True)
        run_the_cluster()
        return response

    def check(self) -> str:
        return page_of(self.client.get(page("check", self.operation)))

    def start(self) -> str:
        """Import, to the end, and what the page says then."""
        self.client.post(page("check", self.operation), {"start": "yes"})
        run_the_cluster()
        return self.result()

    def result(self) -> str:
        return page_of(self.client.get(page("", self.operation)))

    def bring(self, content: bytes | str, name: str = "list.csv", **options: str) -> str:
        """All steps, with what is guessed."""
        self.upload(content, name)
        self.columns()
        self.options(**options)
        return self.start()

    def undo(self) -> str:
        self.client.post(page("undo", self.operation), CONFIRM)
        run_the_cluster()
        return self.result()


def fields_of(html: str) -> dict[str, str]:
    """The names and values of a page's form fields: hidden, text and lists."""
    fields: dict[str, str] = {}
    for tag in re.findall(r"<input [^>]*>", html):
        name, value = _attribute(tag, "name"), _attribute(tag, "value")
        if name and 'type="submit"' not in tag:
            fields[name] = value
    for name, body in re.findall(r'<select [^>]*?name="([^"]+)"[^>]*>(.*?)</select>', html):
        chosen = re.search(r'<option value="([^"]*)" selected', body)
        fields[name] = chosen[1] if chosen else ""
    fields.pop("csrfmiddlewaretoken", None)
    return fields


def _attribute(tag: str, name: str) -> str:
    found = re.search(rf' {name}="([^"]*)"', tag)
    return found[1] if found else ""


def figure(html: str, label: str) -> int:
    """A number of the page, by its label."""
    found = re.search(rf'data-figure="{label}">(?:<a [^>]*>)?([\d,]+)', html)
    assert found, f"no figure {label}"
    return int(found[1].replace(",", ""))


def figures(html: str) -> dict[str, int]:
    labels: list[Any] = re.findall(r'data-figure="([^"]+)"', html)
    return {label: figure(html, label) for label in labels}
