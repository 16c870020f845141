from django.urls import path

from dispatch.providers.webhooks import WebhookView

urlpatterns = [
    path("<slug:provider>/<slug:key>/", WebhookView.as_view(), name="webhook"),
]
