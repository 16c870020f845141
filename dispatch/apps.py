from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class DispatchConfig(AppConfig):
    name = "dispatch"
    verbose_name = _("Dispatch")

    def ready(self) -> None:
        from campaigns import erasure
        from campaigns.attachments import limits
        from campaigns.exports import messages
        from dispatch import providers, seed_lists
        from dispatch.providers import sizes
        from dispatch.results import replies
        from tracking import event_kinds

        limits.OF_SERVICES.append(sizes.of_task)
        last_reply = pgettext_lazy("column of an export", "last_reply")
        messages.MORE.append(messages.More(last_reply, replies.last_of))
        erasure.HOLDERS.append(seed_lists.HOLDER)
        event_kinds.SOURCES.update((each.name, each.label) for each in providers.PROVIDERS)
