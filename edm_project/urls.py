from django.apps import apps
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

from admin_kit.site_views import autocomplete, search, still_here
from campaigns.admin.staff.profile import own_language, own_profile
from dispatch.admin.finding import found_messages
from dispatch.admin.monitor import monitor
from dispatch.monitoring.views import metrics
from edm_project.web.health import healthz, readyz
from guide.views import help_document, help_list, help_picture
from notices.pages import own_notices
from privacy.views import privacy
from tracking.admin import click_map

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/monitor/", admin.site.admin_view(monitor), name="monitor"),
    path("admin/clicks/<int:task_id>/", admin.site.admin_view(click_map), name="click_map"),
    path("admin/found/", admin.site.admin_view(found_messages), name="found_messages"),
    path("admin/privacy/", admin.site.admin_view(privacy), name="privacy"),
    path("admin/account/profile/", admin.site.admin_view(own_profile), name="own_profile"),
    path("admin/account/notices/", admin.site.admin_view(own_notices), name="own_notices"),
    path("admin/account/language/", admin.site.admin_view(own_language), name="own_language"),
    path("admin/help/", admin.site.admin_view(help_list), name="help"),
    path("admin/help/<slug:name>/", admin.site.admin_view(help_document), name="help_document"),
    path(
        "admin/help/pictures/<path:path>",
        admin.site.admin_view(help_picture, cacheable=True),
        name="help_picture",
    ),
    path("admin/", include("signin.urls")),
    path("admin/autocomplete/", admin.site.admin_view(autocomplete)),
    path("admin/search/", admin.site.admin_view(search)),
    path("admin/still-here/", admin.site.admin_view(still_here), name="still_here"),
    path("admin/", admin.site.urls),
    path("hooks/", include("dispatch.urls")),
    path("healthz", healthz, name="healthz"),
    path("readyz", readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
    path("", include("campaigns.urls")),
    path("", include("signup.urls")),
    path("", include("tracking.urls")),
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
]

handler400 = "edm_project.web.busy.bad_request"
handler500 = "edm_project.web.busy.server_error"

if apps.is_installed("devmail"):
    urlpatterns.append(path("mail/", include("devmail.urls")))
