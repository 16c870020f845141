"""The first step: a file is stored with an operation that is being prepared."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from access.ownership import choosable_owners
from admin_kit.confirmation import StyledForm
from admin_kit.owners import OwnerField
from campaigns.models import Operation, OperationKind, OperationState
from campaigns.operations import files

KEPT = dt.timedelta(days=1)
MOST_PREPARED = 10
"""Of a user; older ones are deleted when another file is uploaded."""
ROLE = "upload"


class DropArea(forms.FileInput):
    """A file can be dropped on the whole of it: that is what browsers do with a field of this
    kind, which the admin's own look hides."""

    def __init__(self) -> None:
        super().__init__({"class": "edm-drop", "accept": ".csv,.tsv,.tab,.txt,.xlsx"})


class ContactFile(forms.FileField):
    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        most = settings.CONTACT_FILE_MAX_MEGABYTES
        if isinstance(file, UploadedFile) and (file.size or 0) > most * 1_000_000:
            raise ValidationError(
                gettext(
                    "The file has %(size)s MB; in the browser it may have %(most)s. Nothing "
                    "was imported. Split it, or have it imported with manage.py "
                    "import_contacts, which takes files of any size."
                )
                % {"size": f"{(file.size or 0) / 1_000_000:,.1f}", "most": f"{most:,}"}
            )
        return file


class UploadForm(StyledForm):
    file = ContactFile(
        label=_("Drop a file here, or choose it"),
        widget=DropArea,
        help_text=_(
            "CSV, TSV or XLSX, with a row of headings; one column has the email addresses."
        ),
    )

    def __init__(self, user: User, data: Any = None, uploaded: Any = None) -> None:
        super().__init__(data, uploaded)
        self.user = user
        if choosable_owners(user)[:2].count() > 1:
            self.fields["owner"] = OwnerField(
                user, label=gettext("Whose contacts they become"), required=False
            )

    @property
    def owner(self) -> User:
        """Of a valid form: the user, if no other was chosen."""
        owner: User = self.cleaned_data.get("owner") or self.user
        return owner


def store(user: User, owner: User, uploaded: UploadedFile[Any]) -> Operation:
    """An import that a user prepares, with the file. It is deleted after a day, if it is not
    started before."""
    with transaction.atomic():
        operation = Operation.objects.create(
            owner=owner, requested_by=user, kind=OperationKind.IMPORT, title=uploaded.name or "–"
        )
        files.store(operation, ROLE, operation.title, uploaded.chunks(files.CHUNK), KEPT)
        for older in prepared(user)[MOST_PREPARED:]:
            older.delete()
    return operation


def prepared(user: User) -> QuerySet[Operation]:
    """What a user uploaded and has not started, the newest first."""
    return Operation.objects.filter(
        requested_by=user, kind=OperationKind.IMPORT, state=OperationState.PREPARING
    ).order_by("-pk")
