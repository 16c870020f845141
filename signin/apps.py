from django.apps import AppConfig


class SignInConfig(AppConfig):
    name = "signin"
    verbose_name = "Signing in"

    def ready(self) -> None:
        from signin import checks, second_factor, sessions  # noqa: F401

        # `checks` registers itself.
        sessions.connect()
        second_factor.connect()
