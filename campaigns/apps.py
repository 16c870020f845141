from django.apps import AppConfig


class CampaignsConfig(AppConfig):
    name = "campaigns"
    verbose_name = "Campaigns"

    def ready(self) -> None:
        from campaigns import checks  # noqa: F401  (registers the system checks)
        from campaigns.preflight.checklist import checking
        from campaigns.state import lifecycle

        lifecycle.CHECKERS.append(checking.blockers)
