"""Log lines to standard error, as text for people or as JSON for collectors."""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from edm_project import environment

FIELDS = ("task_id", "subtask_id", "service_id", "dispatcher_id", "outcome", "user_id", "address")
"""What a log call may add with `extra`, for whoever collects lines; text lines do not show it."""

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class JsonFormatter(logging.Formatter):
    """One JSON object a line; the time is UTC, FIELDS are there when the call gave them, and
    `traceback` when something raised.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def logging_settings() -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
            "json": {"()": JsonFormatter},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": environment.choice("LOG_FORMAT", "text", ("text", "json")),
            },
        },
        # It tells of each of its detectors, for each message.
        "loggers": {"flufl.bounce": {"level": "CRITICAL"}},
        "root": {
            "handlers": ["console"],
            "level": environment.choice("LOG_LEVEL", "INFO", LEVELS),
        },
    }
