import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from edm_project.chunked import with_length

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "edm_project.settings")

application = with_length(get_wsgi_application(), most=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
