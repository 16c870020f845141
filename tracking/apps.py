from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "tracking"
    verbose_name = "Tracking"

    def ready(self) -> None:
        from campaigns import freezing, notices
        from tracking import compiling

        freezing.FINISHERS.append(compiling.finish)
        notices.FROM_HTML.append(compiling.notices)
