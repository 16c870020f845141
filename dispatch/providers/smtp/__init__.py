"""SMTP submission to a relay: kept-alive connections, one recipient per message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

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
            return transport.describe() + _of_size(announced, self.most_octets(settings))
        finally:
            transport.close()


def _of_size(announced: int, assumed: int) -> str:
    if not announced:
        return ""
    megabytes = announced // 100_000 / 10
    if announced >= assumed:
        return f" It takes messages of {megabytes:,g} MB."
    return (
        f" It takes messages of {megabytes:,g} MB at most, and “largest message” says "
        f"{assumed // 1_000_000:,}: campaigns may be launched that it refuses. Write "
        f"{max(1, announced // 1_000_000):,} there."
    )


__all__ = ["SmtpProvider"]
