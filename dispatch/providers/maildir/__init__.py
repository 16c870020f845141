"""Development only: each message becomes a file in a Maildir under `var/maildir/`; no mail is
sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from dispatch.providers.base import Provider
from dispatch.providers.maildir.forms import MaildirForm
from dispatch.providers.maildir.transport import MaildirTransport


class MaildirProvider(Provider):
    name = "maildir"
    label = gettext_noop("Files on this machine (development)")
    settings_form = MaildirForm
    development_only = True
    takes_return_path = True

    def transport(self, settings: Mapping[str, Any]) -> MaildirTransport:
        return MaildirTransport(str(settings.get("folder", "")))


__all__ = ["MaildirProvider"]
