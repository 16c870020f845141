import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from edm_project.web.chunked import with_length
from edm_project.web.content_types import understood

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edm_project.settings")

SMALL_BODY = 100_000  # bytes; public pages take a tenth of it


def largest_body(path: str) -> int:
    """How many bytes are read of a body whose length is not known before."""
    if path.startswith("/admin/"):
        return settings.DATA_UPLOAD_MAX_MEMORY_SIZE or SMALL_BODY
    return settings.WEBHOOK_MAX_BYTES if path.startswith("/hooks/") else SMALL_BODY


application = with_length(understood(get_wsgi_application()), most=largest_body)
