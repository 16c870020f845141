"""Run the local SMTP server: manage.py smtp_sink"""

from __future__ import annotations

import asyncio
import logging
import signal
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from devmail import ports
from devmail.mailbox import Mailbox, default_path
from devmail.sink import HOST, Sink


class Command(BaseCommand):
    help = "Runs an SMTP server on this machine that keeps what it gets; read it at /mail/."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--port", type=int, help="left out: the port that `make run` remembers in var/"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        port = options["port"] or ports.remembered_smtp_port()
        logging.getLogger("mail.log").setLevel(logging.WARNING)  # aiosmtpd tells every command
        with Mailbox(default_path()) as mailbox:
            mailbox.prune()
            try:
                asyncio.run(self._serve(Sink(mailbox), port))
            except OSError as error:
                raise CommandError(f"Cannot listen on {HOST}:{port}: {error.strerror}") from error

    async def _serve(self, sink: Sink, port: int) -> None:
        await sink.start(port)
        self.stdout.write(f"SMTP server on {HOST}:{port}")
        stopping = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, stopping.set)
        await stopping.wait()
        await sink.stop()
