from __future__ import annotations

from tests.model.running import clock

__all__ = ["clock"]  # a fixture for every test
