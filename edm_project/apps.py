from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "edm_project"
    verbose_name = "EDM Dispatch"

    def ready(self) -> None:
        # The checks register themselves.
        from edm_project import checks, deploy_checks, sessions  # noqa: F401
