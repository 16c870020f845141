from django.apps import AppConfig


class SignInConfig(AppConfig):
    name = "signin"
    verbose_name = "Signing in"

    def ready(self) -> None:
        from signin import checks  # noqa: F401
        from signin.session import (
            second_factor,  # noqa: F401
            sessions,  # noqa: F401
        )

        # `checks` registers itself.
        sessions.connect()
        second_factor.connect()
