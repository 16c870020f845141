from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "tracking"
    verbose_name = "Tracking"

    def ready(self) -> None:
        from campaigns import launch
        from tracking import compiling

        launch.FINISHERS.append(compiling.finish)
