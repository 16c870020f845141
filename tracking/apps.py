from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TrackingConfig(AppConfig):
    name = "tracking"
    verbose_name = _("Tracking")

    def ready(self) -> None:
        from campaigns import suppression_sources
        from campaigns.ab_tests import figures
        from campaigns.brands import samples as looks
        from campaigns.exports import tables
        from campaigns.launching import frozen_content
        from campaigns.preflight import notices, samples
        from tracking import event_export, event_kinds, tested
        from tracking import samples as pages
        from tracking.links import personalise, rewrite

        figures.BY_PEOPLE.append(tested.by_people)
        tables.SUBJECTS[event_export.NAME] = event_export.EVENTS
        frozen_content.FINISHERS.append(rewrite.finish)
        notices.FROM_HTML.append(rewrite.notices)
        samples.LINKS.append(personalise.links_of_test)
        suppression_sources.NAMES.append(event_kinds.source_in_words)
        looks.SAMPLES[:0] = pages.SAMPLES  # first what more people see
