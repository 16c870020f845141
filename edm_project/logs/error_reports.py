"""Django's error reports, for the DEBUG page and for error handlers: without credentials, keys and
tokens."""

from __future__ import annotations

import re
from pprint import pformat
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from edm_project.logs.redaction import HIDDEN, SECRET_NAMES, redact


class Shown(str):
    """A text that is shown without quotes."""

    def __repr__(self) -> str:
        return str(self)


class ReportFilter(SafeExceptionReporterFilter):
    """Hides secrets by the name of a value, and in all other values by their form."""

    cleansed_substitute = HIDDEN
    hidden_settings = re.compile(
        rf"{SECRET_NAMES}|API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|COOKIE|DATABASE_URL|CACHE_URL",
        re.IGNORECASE,
    )

    def is_active(self, request: HttpRequest | None) -> bool:
        return True

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        cleansed = super().cleanse_setting(key, value)
        return redact(cleansed) if isinstance(cleansed, str) else cleansed

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        posted = super().get_post_parameters(request)
        return {name: self.cleanse_setting(name, value) for name, value in posted.items()}

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> Any:
        variables = super().get_traceback_frame_variables(request, tb_frame)
        return [(name, self._shown(name, value)) for name, value in variables]

    def _shown(self, name: str, value: Any) -> Any:
        if self.hidden_settings.search(name):
            return HIDDEN
        try:
            text = pformat(value)
        # The boundary to any object: Django reports one whose own repr fails.
        except Exception:  # noqa: BLE001
            return value
        redacted = redact(text)
        return value if redacted == text else Shown(redacted)


class ErrorReporter(ExceptionReporter):
    """The whole report is redacted once more: it also contains the URL of the request."""

    def get_traceback_html(self) -> SafeString:
        return SafeString(redact(super().get_traceback_html()))

    def get_traceback_text(self) -> SafeString:
        return SafeString(redact(super().get_traceback_text()))
