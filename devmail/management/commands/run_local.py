"""Run everything on this machine, as `make run` does: manage.py run_local"""

from __future__ import annotations

import os
import sys
from typing import Any

from django.core.checks import Tags
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError

from devmail import demo, ports, processes

BANNER = """
EDM Dispatch {starts}

  Admin      {url}/admin/
  Sent mail  {url}/mail/
  User       {user}
  Password   {password}

Ctrl-C stops everything; the next start goes on where this one was.
"""


class Command(BaseCommand):
    help = "Runs web (on PORT), cluster and a local SMTP server with a demo, on this machine."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            port = ports.parse(os.environ.get("PORT") or "8000")
            with processes.only_one():
                ports.require_free(port)
                self._prepare(port)
                code = processes.run(port)
        except ports.PortError as error:
            raise CommandError(str(error)) from error
        except processes.AlreadyRunning as error:
            raise CommandError(
                "This folder's `make run` is running already, or has not quite stopped."
            ) from error
        sys.exit(code)

    def _prepare(self, port: int) -> None:
        self.check(tags=[Tags.database], databases=["default"])
        self.stdout.write("Bringing the database up to date; the first time takes a while.")
        self.stdout.flush()
        call_command("migrate", verbosity=0, interactive=False)
        old = ports.remembered_smtp_port()
        new = ports.choose_smtp_port()
        demo.follow_port(old, new)
        made = demo.prepare(new)
        self.stdout.write(
            BANNER.format(
                starts="starts with a new demo." if made else "starts.",
                url=f"http://localhost:{port}",
                user=demo.USER,
                password=demo.password()
                if demo.knows_password()
                else "(as you set it; a new one: manage.py changepassword demo)",
            )
        )
        self.stdout.flush()
