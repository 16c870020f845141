"""`manage.py carry_over FILE`: bring what `export_since` wrote into a restored database."""

from __future__ import annotations

from collections.abc import Iterable

from dispatch.management.restored import CarryOverCommand
from dispatch.restoring.carry import Carried
from dispatch.restoring.files import carry_over


class Command(CarryOverCommand):
    help = (
        "After a restore, with every cluster stopped: suppresses who was suppressed since the "
        "backup, and marks what was sent since, from files of export_since."
    )

    def carry(self, lines: Iterable[str]) -> Carried:
        return carry_over(lines)
