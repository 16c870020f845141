"""What the pages that import files have in common."""

from __future__ import annotations

from itertools import islice
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from campaigns.addresses import as_written
from campaigns.file_rows import Problems

SHOWN = 500
SECONDS = 20.0
"""For the rows of a file, then again for each statement: nobody waits longer for a page."""
ENCODINGS = [
    ("", "Find out by itself"),
    ("utf-8", "UTF-8"),
    ("cp1252", "Windows-1252 (Western European)"),
    ("gb18030", "GB 18030 (simplified Chinese)"),
    ("big5", "Big5 (traditional Chinese)"),
    ("shift_jis", "Shift JIS (Japanese)"),
    ("utf-16", "UTF-16"),
]


class CsvField(forms.FileField):
    """A file that is small enough to be imported while the browser waits."""

    def clean(self, data: Any, initial: Any = None) -> Any:
        file = super().clean(data, initial)
        most = settings.IMPORT_MAX_MEGABYTES
        if isinstance(file, UploadedFile) and (file.size or 0) > most * 1_000_000:
            raise ValidationError(
                f"The file has {(file.size or 0) / 1_000_000:,.1f} MB; in the browser it may have "
                f"{most:,}. Nothing was imported. Split it, or have it imported with manage.py "
                "(import_contacts, import_suppressions), which takes files of any size."
            )
        return file


def only_look_field() -> forms.BooleanField:
    return forms.BooleanField(
        required=False,
        label="Only look",
        help_text="Say what would become of the file, and change nothing.",
    )


def table_of(problems: Problems) -> dict[str, Any]:
    """For unfold's component; a file may have more problems than anybody reads."""
    rows = [
        [problem.line, as_written(problem.value), problem.reason]
        for problem in islice(problems, SHOWN)
    ]
    return {"headers": ["Line", "Value", "Reason"], "rows": rows}
