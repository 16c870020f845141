"""What the tests of imported files share."""

from __future__ import annotations

from collections.abc import Callable

from campaigns.imports.report import ImportReport

Import = Callable[..., ImportReport]


def counts(report: ImportReport) -> tuple[int, int, int, int, int]:
    """Created, updated, unchanged, duplicates, rejected."""
    return (
        report.created,
        report.updated,
        report.unchanged,
        report.duplicates,
        len(report.rejected),
    )
