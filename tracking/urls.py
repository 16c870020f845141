"""The public URLs, short because every message contains them; with or without a trailing slash, as
a redirect would lose a POST body."""

from django.urls import re_path

from tracking.links.personalise import PATHS
from tracking.links.tokens import Purpose
from tracking.views.preferences import preferences
from tracking.views.subscriptions import unsubscribe
from tracking.views.visits import click, open_pixel
from tracking.views.web_view import web_view

app_name = "tracking"
urlpatterns = [
    re_path(rf"^{PATHS[purpose]}/(?P<token>[^/]+)/?$", view, name=view.__name__)
    for purpose, view in (
        (Purpose.OPEN, open_pixel),
        (Purpose.CLICK, click),
        (Purpose.WEB_VIEW, web_view),
        (Purpose.UNSUBSCRIBE, unsubscribe),
        (Purpose.PREFERENCES, preferences),
    )
]
