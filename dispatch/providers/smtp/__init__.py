"""SMTP submission to a relay: kept-alive connections, one recipient per message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from admin_kit.words.numbers import number
from dispatch.providers.base import Provider
from dispatch.providers.smtp.client import SmtpSettings
from dispatch.providers.smtp.forms import LARGEST_MEGABYTES, SmtpForm
from dispatch.providers.smtp.transport import SmtpTransport


class SmtpProvider(Provider):
    name = "smtp"
    label = "SMTP"
    settings_form = SmtpForm
    secret_fields = frozenset({"password"})
    place_fields = frozenset({"host", "port", "security", "ca_certificates"})
    takes_return_path = True

    def most_octets(self, settings: Mapping[str, Any]) -> int:
        megabytes = settings.get("largest_megabytes") or LARGEST_MEGABYTES
        return int(megabytes) * 1_000_000

    def transport(self, settings: Mapping[str, Any]) -> SmtpTransport:
        """`settings` may also hold `domain`, the service's, to greet with when `ehlo_name` is
        blank.
        """
        return SmtpTransport(SmtpSettings.from_mapping(settings))

    def describe_connection(self, settings: Mapping[str, Any]) -> str:
        transport = self.transport(settings)
        try:
            transport.open()
            announced = transport.announced_octets()
            return _with_size(transport.describe(), announced, self.most_octets(settings))
        finally:
            transport.close()


def _with_size(said: str, announced: int, assumed: int) -> str:
    if not announced:
        return said
    megabytes = announced // 100_000 / 10
    if announced >= assumed:
        return gettext_noop("%(reason)s It takes messages of %(megabytes)s MB.") % {
            "reason": said,
            "megabytes": f"{megabytes:,g}",
        }
    return gettext_noop(
        "%(reason)s It takes messages of %(megabytes)s MB at most, and “largest message” says "
        "%(assumed)s: campaigns may be launched that it refuses. Write %(most)s there."
    ) % {
        "reason": said,
        "megabytes": f"{megabytes:,g}",
        "assumed": number(assumed // 1_000_000),
        "most": number(max(1, announced // 1_000_000)),
    }


__all__ = ["SmtpProvider"]
