"""What the DNS said about the domain of a service."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dispatch.models.report import ServiceReport
from dispatch.models.service import EmailService


class DomainReport(ServiceReport):
    """The last check of a service's domain, of which `domain` and `selector` were true then."""

    service = models.OneToOneField(
        EmailService, primary_key=True, on_delete=models.CASCADE, related_name="domain_report"
    )
    domain = models.CharField(max_length=253, blank=True)
    selector = models.CharField(max_length=63, blank=True)
    verdict = models.CharField(max_length=10, blank=True)
    checks = models.JSONField(default=list)

    class Meta:
        verbose_name = _("domain report")
        verbose_name_plural = _("domain reports")

    def __str__(self) -> str:
        return gettext("DNS of service %(service_id)s: %(verdict)s") % {
            "service_id": self.service_id,
            "verdict": self.verdict or gettext("not checked yet"),
        }

    def is_about(self, service: EmailService) -> bool:
        """Whether it still holds: neither name has been changed since."""
        names = (service.domain, service.dkim_selector)
        return self.checked_at is not None and (self.domain, self.selector) == names
