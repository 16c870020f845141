from django.apps import apps
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.views.generic import RedirectView

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("hooks/", include("dispatch.urls")),
    path("", RedirectView.as_view(pattern_name="admin:index"), name="home"),
]

if apps.is_installed("devmail"):
    urlpatterns.append(path("mail/", include("devmail.urls")))
