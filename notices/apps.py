from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NoticesConfig(AppConfig):
    name = "notices"
    verbose_name = _("Notifications")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from dispatch import encryption
        from dispatch.process import chores
        from notices import choices, looking, upkeep

        chores.MORE += [looking.look, upkeep.ask_for_due, upkeep.forget_old]
        encryption.HOLDERS.append(choices.rotate_secrets)
