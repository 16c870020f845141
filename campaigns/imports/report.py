"""What became of the rows of an import: counted piece by piece, and kept as JSON between them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Self, cast

from django.utils.translation import gettext

from campaigns import wording
from campaigns.files.import_table import RowsReport
from campaigns.files.row_errors import LineProblem, Problems
from campaigns.imports.results import Met, Result
from campaigns.models.contacts import WAS_ERASED

LISTS = ("rejected", "ignored", "kept_out", "suppressed", "still_mailed")
COUNTS = ("created", "updated", "unchanged", "skipped", "duplicates", "blank")
LISTED = 100
"""Problems of each list that are kept with an operation; its file of rejected rows has all."""
MOST_REASONS = 50


def no_met() -> Met:
    return {"suppressed": 0, "unsubscribed": 0, "erased": 0, "refused": 0}


def _stored(problem: LineProblem) -> list[Any]:
    """An erased address is not stored again."""
    return list(problem._replace(value="") if problem.reason == WAS_ERASED else problem)


@dataclass(slots=True)
class ImportReport(RowsReport):
    """What became of every row: one of five counts, or in `rejected` or `kept_out`.

    `ignored` are cells that were left out of rows that came in: those without a column, and those
    that do not fit the type of their attribute. `suppressed` are rows, also rejected ones, of
    people whom the file says not to mail; `kept_out` those of whom it does not say that they may be
    mailed, and those whom who imports may not suppress. `still_mailed` are those of them, and of
    rejected rows that say the like, whose contacts exist and are mailed all the same.
    """

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    blank: int = 0
    met: Met = field(default_factory=no_met)
    reasons: Counter[str] = field(default_factory=Counter)
    suppressed: Problems = field(default_factory=Problems)
    kept_out: Problems = field(default_factory=Problems)
    still_mailed: Problems = field(default_factory=Problems)

    @property
    def accepted(self) -> int:
        return self.created + self.updated + self.unchanged + self.skipped

    def reject(self, problem: LineProblem) -> None:
        self.rejected.add(problem)
        if problem.reason in self.reasons or len(self.reasons) < MOST_REASONS:
            self.reasons[problem.reason] += 1

    def add(self, other: ImportReport) -> None:
        """Add what became of further rows."""
        for name in COUNTS:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in LISTS:
            getattr(self, name).extend(getattr(other, name))
        for reason, rows in other.reasons.items():
            if reason in self.reasons or len(self.reasons) < MOST_REASONS:
                self.reasons[reason] += rows
        sums = {key: self.met[key] + other.met[key] for key in self.met}  # type: ignore[literal-required]
        self.met = cast("Met", sums)
        self.notes += other.notes

    def to_result(self) -> Result:
        """For `Operation.result`."""
        lists = {name: getattr(self, name) for name in LISTS}
        return cast(
            "Result",
            {
                **{name: getattr(self, name) for name in COUNTS},
                **{name: len(problems) for name, problems in lists.items()},
                "met": self.met,
                "reasons": dict(self.reasons.most_common()),
                "notes": self.notes,
                "listed": {
                    name: [_stored(problem) for problem in problems][:LISTED]
                    for name, problems in lists.items()
                },
                "tags_created": [],
                "attributes_created": [],
            },
        )

    @classmethod
    def from_result(cls, result: Result | None) -> Self:
        report = cls()
        if not result:
            return report
        for name in COUNTS:
            setattr(report, name, result[name])  # type: ignore[literal-required]
        for name in LISTS:
            listed = [LineProblem(*each) for each in result["listed"][name]]
            setattr(report, name, Problems(listed, result[name]))  # type: ignore[literal-required]
        report.met = result["met"]
        report.reasons = Counter(result["reasons"])
        report.notes = result["notes"]
        return report

    def explain(self) -> str:
        values = {
            "created": wording.contacts(self.created),
            "updated": f"{self.updated:,}",
            "unchanged": f"{self.unchanged:,}",
            "skipped": f"{self.skipped:,}",
            "duplicates": wording.duplicates(self.duplicates),
            "rejected": wording.rows(len(self.rejected)),
        }
        text = (
            gettext(
                "%(created)s created, %(updated)s updated, %(unchanged)s unchanged, %(skipped)s "
                "skipped, %(duplicates)s, %(rejected)s rejected."
            )
            if self.skipped
            else gettext(
                "%(created)s created, %(updated)s updated, %(unchanged)s unchanged, "
                "%(duplicates)s, %(rejected)s rejected."
            )
        )
        return f"{text % values}{self._told_elsewhere()}{self._met()}"

    def _told_elsewhere(self) -> str:
        text = ""
        if self.suppressed or self.kept_out:
            text = gettext(
                " Because of what the file says of them: %(suppressed)s suppressed, %(kept_out)s "
                "kept out."
            ) % {
                "suppressed": wording.rows(len(self.suppressed)),
                "kept_out": wording.rows(len(self.kept_out)),
            }
        if self.still_mailed:
            text += gettext(
                " Contacts that exist and are still mailed, of those kept out or rejected: "
                "%(count)s."
            ) % {"count": f"{len(self.still_mailed):,}"}
        return text

    def _met(self) -> str:
        """Says whom the import did not bring back."""
        words = {
            "unsubscribed": gettext("unsubscribed"),
            "suppressed": gettext("suppressed for other reasons"),
            "erased": gettext("erased"),
            "refused": gettext("without consent"),
        }
        told = [f"{self.met[key]:,} {word}" for key, word in words.items() if self.met[key]]  # type: ignore[literal-required]
        return (
            gettext(" They stay as they were before: %(who)s.") % {"who": wording.listed(told)}
            if told
            else ""
        )
