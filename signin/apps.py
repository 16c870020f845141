from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SignInConfig(AppConfig):
    name = "signin"
    verbose_name = _("Signing in")

    def ready(self) -> None:
        from signin import checks  # noqa: F401  (registers the system checks)
        from signin.session import second_factor, sessions

        sessions.connect()
        second_factor.connect()
