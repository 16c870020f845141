from hypothesis import settings

from tests.dispatching import dispatch, make_service, smtp

__all__ = ["dispatch", "make_service", "smtp"]  # fixtures for every test

settings.register_profile("however slow the machine is", deadline=None)
settings.load_profile("however slow the machine is")
