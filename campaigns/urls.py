"""What recipients load from this site."""

from django.urls import re_path

from campaigns.images.views import image

urlpatterns = [re_path(r"^images/(?P<name>[0-9a-f]{40}\.(?:jpg|png|gif))$", image, name="image")]
