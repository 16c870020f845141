from django.urls import path

from devmail import views

app_name = "devmail"
urlpatterns = [
    path("", views.mailbox, name="mailbox"),
    path("<int:message_id>/", views.message, name="message"),
    path("<int:message_id>/html/", views.html, name="html"),
    path("<int:message_id>/source/", views.source, name="source"),
]
