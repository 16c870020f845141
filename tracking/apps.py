from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "tracking"
    verbose_name = "Tracking"

    def ready(self) -> None:
        from campaigns.launching import freezing
        from campaigns.preflight import notices, samples
        from tracking import compiling, personal

        freezing.FINISHERS.append(compiling.finish)
        notices.FROM_HTML.append(compiling.notices)
        samples.LINKS.append(personal.links_of_test)
