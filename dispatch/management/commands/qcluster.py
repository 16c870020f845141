"""`manage.py qcluster`: all that an operator starts. Replaces django-q2's command."""

from __future__ import annotations

from typing import Any

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from dispatch.process.supervisor import Supervisor


class Command(BaseCommand):
    help = (
        "Runs a cluster: launches tasks, dispatches SubTasks, does maintenance. Runs until SIGTERM "
        "or Ctrl-C, then gives back what is not handed over and exits within seconds. Start as "
        "many as you like, on as many hosts."
    )
    requires_migrations_checks = True

    def handle(self, *args: Any, **options: Any) -> None:
        self.check(tags=[Tags.database], databases=["default"])
        self.refuse_unmigrated()
        Supervisor().run()

    def refuse_unmigrated(self) -> None:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            raise CommandError(
                "The database is not migrated, so nothing can be sent. Run: manage.py migrate"
            )
