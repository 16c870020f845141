"""`manage.py carry_over_log FILE`: mark what logs say was sent before a restore."""

from __future__ import annotations

from collections.abc import Iterable

from dispatch.management.restored import CarryOverCommand
from dispatch.restoring.carry import Carried
from dispatch.restoring.files import carry_over_log


class Command(CarryOverCommand):
    help = (
        "After a restore, with every cluster stopped: marks as sent what logs of mail servers or "
        "providers since the backup name by its Message-ID, and suppresses those of whom the log "
        "of the web server says that they have unsubscribed."
    )

    def carry(self, lines: Iterable[str]) -> Carried:
        return carry_over_log(lines)
