"""`send_queued_mail`, in a process that stays until ended, so that its CPU time can be read."""

from __future__ import annotations

import sys

import django
from django.core.management import call_command

if __name__ == "__main__":
    django.setup()
    call_command("send_queued_mail", processes=2, log_level=0)
    sys.stdin.read()
