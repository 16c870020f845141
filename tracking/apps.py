from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "tracking"
    verbose_name = "Tracking"

    def ready(self) -> None:
        from campaigns.launching import frozen_content
        from campaigns.preflight import notices, samples
        from tracking.links import personalise, rewrite

        frozen_content.FINISHERS.append(rewrite.finish)
        notices.FROM_HTML.append(rewrite.notices)
        samples.LINKS.append(personalise.links_of_test)
