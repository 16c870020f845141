"""Log lines to standard error, as text for people or as JSON for collectors.

Each line is redacted as a whole, for every logger: keys and tokens of links never reach a log. Each
record is one line, for any input, except for tracebacks.
"""

import json
import logging
from datetime import UTC, datetime
from typing import Any

from edm_project import environment
from edm_project.logs.redaction import redact

FIELDS = ("task_id", "subtask_id", "service_id", "dispatcher_id", "outcome", "user_id", "address")
"""The `extra` fields of log calls, for log collectors; text lines do not show them."""

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
LONGEST_MESSAGE = 10_000  # characters
LONGEST_TRACEBACK = 100_000

_CONTROL = {code: f"\\x{code:02x}" for code in (*range(32), 127, *range(128, 160))}
_CONTROL |= {ord("\t"): "\t", ord("\n"): "\\n", ord("\r"): "\\r"}
_CONTROL |= {0x2028: "\\u2028", 0x2029: "\\u2029"}


def safe_message(record: logging.LogRecord) -> str:
    """The message on one line, without secrets."""
    text = record.getMessage()
    cut = f"{text[:LONGEST_MESSAGE]}…" if len(text) > LONGEST_MESSAGE else text
    return redact(cut).translate(_CONTROL)


def safe_traceback(text: str) -> str:
    """The end of a traceback, with the error itself, without secrets."""
    return redact(text[-LONGEST_TRACEBACK:])


class TextFormatter(logging.Formatter):
    """The project's own lines, and those of gunicorn in its format."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        record.message = safe_message(record)
        return super().formatMessage(record)

    def formatException(self, exc_info: Any) -> str:
        return safe_traceback(super().formatException(exc_info))

    def formatStack(self, stack_info: str) -> str:
        return safe_traceback(super().formatStack(stack_info))

    def format(self, record: logging.LogRecord) -> str:
        # Another handler may have left its own rendering of the traceback there.
        record.exc_text = None
        return super().format(record)


class JsonFormatter(logging.Formatter):
    """One JSON object a line; the time is UTC, FIELDS are there when the call gave them, and
    `traceback` when something raised.
    """

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname,
            "logger": record.name,
            "message": safe_message(record),
            "process": record.process,
            **{name: getattr(record, name) for name in FIELDS if hasattr(record, name)},
        }
        if record.exc_info:
            line["traceback"] = safe_traceback(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def logging_settings() -> dict[str, Any]:
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "text": {
                "()": TextFormatter,
                "format": "{asctime} {levelname} {name} {message}",
                "style": "{",
            },
            "json": {"()": JsonFormatter},
        },
        "handlers": {
            "console": {
                "class": "logging.StreamHandler",
                "formatter": environment.choice("LOG_FORMAT", "text", ("text", "json")),
            },
        },
        "loggers": {
            # It logs each of its detectors, for each message.
            "flufl.bounce": {"level": "CRITICAL"},
            # Replaces Django's own handlers, which would write and mail unredacted records.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # One line for each request of a stranger that is refused: public addresses count them.
            "django.request": {"level": "ERROR"},
            "django.security.DisallowedHost": {"level": "CRITICAL"},
            "django.server": {"handlers": ["console"], "level": "INFO", "propagate": False},
        },
        "root": {
            "handlers": ["console"],
            "level": environment.choice("LOG_LEVEL", "INFO", LEVELS),
        },
    }
