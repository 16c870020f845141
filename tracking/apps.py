from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "tracking"
    verbose_name = "Tracking"

    def ready(self) -> None:
        from campaigns import freezing
        from tracking import compiling

        freezing.FINISHERS.append(compiling.finish)
