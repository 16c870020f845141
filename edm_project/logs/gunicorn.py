"""Gunicorn's own logs: requests, if an access log is enabled, and errors."""

from __future__ import annotations

from typing import Any

from gunicorn.glogging import Logger

from edm_project.logs.lines import TextFormatter


class RedactingLogger(Logger):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn's own logger, whose lines hold no keys and no tokens of links."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            if old := handler.formatter:
                handler.setFormatter(TextFormatter(old._fmt, old.datefmt))
