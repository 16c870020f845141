from django.apps import AppConfig


class ProjectConfig(AppConfig):
    name = "edm_project"
    verbose_name = "EDM Dispatch"

    def ready(self) -> None:
        from edm_project import checks, queue_pages  # noqa: F401  (the first registers itself)

        queue_pages.replace()
