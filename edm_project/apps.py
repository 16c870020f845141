from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "edm_project"
    verbose_name = "EDM Dispatch"

    def ready(self) -> None:
        # The checks register themselves.
        from edm_project import sessions  # noqa: F401
        from edm_project.checks import (
            always,  # noqa: F401
            deploy,  # noqa: F401
        )
