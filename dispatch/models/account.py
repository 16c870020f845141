"""What a provider said about the account of a service."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dispatch.models.report import ServiceReport
from dispatch.models.service import EmailService


class AccountReport(ServiceReport):
    """The last time that a service was connected to without a message. `answer` is what the
    provider said of the account, such as its quota, or what was wrong.
    """

    service = models.OneToOneField(
        EmailService, primary_key=True, on_delete=models.CASCADE, related_name="account_report"
    )
    connection_changed_at = models.DateTimeField(null=True, help_text=_("Of the connection tried."))
    works = models.BooleanField(default=False)
    answer = models.TextField(blank=True)

    class Meta:
        verbose_name = _("account report")
        verbose_name_plural = _("account reports")

    def __str__(self) -> str:
        return gettext("account of service %(service_id)s: %(answer)s") % {
            "service_id": self.service_id,
            "answer": self.answer or gettext("not asked yet"),
        }

    def is_about(self, service: EmailService) -> bool:
        """Whether it still holds: the service connects as it did."""
        return (
            self.checked_at is not None
            and self.connection_changed_at == service.connection_changed_at
        )
