"""The links of a test message work, say that it is a test, and record nothing."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.test import Client

from campaigns.models import Suppression
from campaigns.preflight import samples
from tests.factories import SenderFactory, TemplateFactory
from tracking.links import personalise
from tracking.links.tokens import Purpose
from tracking.models import Event

pytestmark = pytest.mark.django_db


def links() -> dict[str, str]:
    template = TemplateFactory()
    frozen = samples.freeze(template, SenderFactory(owner=template.owner))
    return personalise.links_of_test(frozen, {})


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("unsubscribe_url", {"List-Unsubscribe": "One-Click"}),
        ("preferences_url", {"choice": "unsubscribe"}),
        ("preferences_url", {"choice": "subscribe"}),
    ],
)
def test_the_ways_out_answer_and_change_nothing(
    name: str, form: dict[str, str], method: str
) -> None:
    url = links()[name].removeprefix(settings.PUBLIC_URL)
    client = Client()
    response = client.post(url, form) if method == "POST" else client.get(url)
    assert response.status_code == 200
    assert "This is a test message" in response.content.decode()
    assert not Suppression.objects.exists()
    assert not Event.objects.exists()


def test_the_web_view_says_that_it_is_a_test() -> None:
    response = Client().get(links()["web_view_url"].removeprefix(settings.PUBLIC_URL))
    assert response.status_code == 200
    assert "This is a test message" in response.content.decode()


def test_opens_and_the_trap_are_not_recorded() -> None:
    pixel = personalise.address(Purpose.OPEN, personalise.TEST)
    trap = links()["edm_trap_url"]
    answers = [Client().get(url.removeprefix(settings.PUBLIC_URL)) for url in (pixel, trap)]
    assert [answer.status_code for answer in answers] == [200, 404]
    assert not Event.objects.exists()
