"""Create the demo's data: manage.py demo"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from devmail import demo, ports


class Command(BaseCommand):
    help = "Makes the demo (account, services, contacts, campaigns) unless it was made before."

    def handle(self, *args: Any, **options: Any) -> None:
        made = demo.prepare(ports.remembered_smtp_port())
        self.stdout.write("The demo was made." if made else "The demo was made before.")
