from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SignUpConfig(AppConfig):
    name = "signup"
    verbose_name = _("Sign-up")

    def ready(self) -> None:
        from campaigns import erasure
        from campaigns.brands import samples as looks
        from dispatch.process import chores
        from signup import records, samples, upkeep

        chores.MORE += [upkeep.ask_for_due, upkeep.expire]
        erasure.HOLDERS.append(records.HOLDER)
        looks.SAMPLES.extend(samples.SAMPLES)
