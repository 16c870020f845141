from django.apps import AppConfig


class SignUpConfig(AppConfig):
    name = "signup"
    verbose_name = "Sign-up"

    def ready(self) -> None:
        from campaigns import erasure
        from dispatch.process import chores
        from signup import records, upkeep

        chores.MORE += [upkeep.ask_for_due, upkeep.expire]
        erasure.HOLDERS.append(records.HOLDER)
