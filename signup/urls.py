"""The public URLs, short because messages contain one; with or without a trailing slash."""

from django.urls import re_path

from signup.views.confirmation import confirmation
from signup.views.hosted import hosted

app_name = "signup"
urlpatterns = [
    re_path(r"^s/(?P<key>[A-Za-z0-9_-]{1,32})/?$", hosted, name="page"),
    re_path(r"^y/(?P<token>[^/]+)/?$", confirmation, name="confirm"),
]
