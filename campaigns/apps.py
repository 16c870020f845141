from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = _("Campaigns")

    def ready(self) -> None:
        from campaigns import checks  # noqa: F401  (registers the system checks)
        from campaigns.preflight.checklist import checking
        from campaigns.state import lifecycle

        lifecycle.CHECKERS.append(checking.blockers)
