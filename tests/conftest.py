from tests.dispatching import dispatch, make_service, smtp

__all__ = ["dispatch", "make_service", "smtp"]  # fixtures for every test
