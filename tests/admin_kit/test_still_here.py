"""What a page asks that was opened some time ago."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from campaigns.models import Template
from tests.campaigns.admin.staff import MANAGER, member
from tests.factories import TemplateFactory

pytestmark = pytest.mark.django_db
HERE = reverse("still_here")


def test_a_token_is_given_with_which_a_form_is_taken_now() -> None:
    user = member(MANAGER)
    template = TemplateFactory(owner=user, html="<p>Sow</p>")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    token = client.get(HERE).json()["token"]
    page = reverse("admin:campaigns_template_change", args=[template.pk])
    fields = {"name": "Spring", "subject": "Sow", "format": "html", "html": "<p>Sow</p>"}
    assert client.post(page, fields).status_code == 403
    assert client.post(page, {**fields, "csrfmiddlewaretoken": token}).status_code == 302
    assert Template.objects.get().name == "Spring"


def test_who_is_signed_out_is_sent_to_sign_in() -> None:
    response = Client().get(HERE)
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("admin:login"))
