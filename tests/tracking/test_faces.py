"""Pages of recipients carry the name, logo and colours of the sender."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import override_settings

from campaigns.models import Brand, Image, SubTask
from privacy import erasure
from tests.campaigns.brands.making import ACCENT, GROUND, brand_of
from tests.factories import UserFactory
from tests.responses import ClientResponse
from tests.texts import group
from tests.tracking.making import from_launch, frozen
from tests.tracking.visiting import get, path, post
from tracking.links.tokens import Purpose

pytestmark = pytest.mark.django_db
HTML = '<html><body><p>Hi</p><a href="https://example.com/">x</a></body></html>'


@pytest.fixture
def subtask() -> SubTask:
    made = frozen(HTML, postal_address="1 Rose Street\nLondon")
    made.sender_name = "Ada of Garden & Co"
    made.save()
    return from_launch(made, recipient_email="ann@example.com")


@pytest.fixture
def owner(subtask: SubTask) -> User:
    owner: User = subtask.task.owner
    brand_of(owner)
    return owner


def looks(response: ClientResponse) -> dict[str, bool]:
    page = response.content.decode()
    return {
        "name": "Ada of Garden &amp; Co" in page,
        "logo": 'alt="The rose of Garden &amp; Co"' in page,
        "colours": ACCENT in page and GROUND in page,
    }


FULL = {"name": True, "logo": True, "colours": True}
NONE = dict.fromkeys(FULL, False)


@pytest.mark.usefixtures("owner")
class TestWithABrand:
    @pytest.mark.parametrize(
        "purpose", [Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.WEB_VIEW]
    )
    def test_a_page_carries_it(self, subtask: SubTask, purpose: Purpose) -> None:
        assert looks(get(path(purpose, subtask.pk))) == FULL

    def test_the_page_after_unsubscribing_carries_it(self, subtask: SubTask) -> None:
        response = post(path(Purpose.UNSUBSCRIBE, subtask.pk))
        assert "You are unsubscribed" in response.text
        assert looks(response) == FULL

    @pytest.mark.parametrize("chosen", [{"choice": "save"}, {"choice": "unsubscribe"}])
    def test_the_page_after_a_choice_carries_it(
        self, subtask: SubTask, chosen: dict[str, Any]
    ) -> None:
        assert looks(post(path(Purpose.PREFERENCES, subtask.pk), chosen)) == FULL

    @override_settings(PAGES_PER_MINUTE=1)
    @pytest.mark.parametrize("purpose", [Purpose.UNSUBSCRIBE, Purpose.WEB_VIEW])
    def test_the_page_for_too_many_requests_carries_it(
        self, subtask: SubTask, purpose: Purpose
    ) -> None:
        get(path(purpose, subtask.pk))
        response = get(path(purpose, subtask.pk))
        assert response.status_code == 429
        assert looks(response) == FULL

    def test_the_page_for_a_link_that_is_gone_carries_it(self, subtask: SubTask) -> None:
        response = get(path(Purpose.CLICK, subtask.pk, 10**9))
        assert response.status_code == 404
        assert looks(response) == FULL

    def test_a_forged_token_leads_to_a_page_of_no_one(self, subtask: SubTask) -> None:
        url = path(Purpose.UNSUBSCRIBE, subtask.pk)
        assert looks(get(url[:-1] + ("A" if url[-1] != "A" else "B"))) == NONE

    def test_nothing_is_told_of_one_who_was_erased(self, subtask: SubTask) -> None:
        erasure.erase("ann@example.com")
        for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES, Purpose.WEB_VIEW):
            assert looks(get(path(purpose, subtask.pk))) == NONE

    def test_the_policy_allows_its_one_style_sheet_and_its_logo(self, subtask: SubTask) -> None:
        response = get(path(Purpose.PREFERENCES, subtask.pk))
        style = group(r"<style>([^<]*)</style>", response.text)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        policy = response["Content-Security-Policy"]
        assert f"style-src 'sha256-{digest}'; img-src 'self'; form-action 'self'" in policy
        assert "unsafe" not in policy

    def test_its_logo_is_there_for_everyone_and_kept_by_browsers(self, subtask: SubTask) -> None:
        page = get(path(Purpose.PREFERENCES, subtask.pk)).text
        logo = get(group(r'<img class="logo" src="(/[^"]+)"', page))
        assert logo.status_code == 200
        assert "immutable" in logo["Cache-Control"]

    def test_it_leads_to_the_website_and_the_privacy_notice(self, subtask: SubTask) -> None:
        page = get(path(Purpose.PREFERENCES, subtask.pk)).text
        assert 'href="https://www.garden.example/" target="_top" rel="noreferrer"' in page
        assert 'href="https://www.garden.example/privacy"' in page
        assert "1 Rose Street<br>London" in page

    def test_a_logo_that_was_deleted_is_not_asked_for(self, subtask: SubTask) -> None:
        Image.objects.all().delete()
        response = get(path(Purpose.PREFERENCES, subtask.pk))
        assert looks(response) == {**FULL, "logo": False}
        assert "img-src" not in response["Content-Security-Policy"]

    def test_texts_of_the_brand_are_text(self, subtask: SubTask) -> None:
        Brand.objects.update(logo_alt='"><script>x</script>')
        for purpose in (Purpose.PREFERENCES, Purpose.WEB_VIEW):
            assert "<script>x" not in get(path(purpose, subtask.pk)).text


def test_the_brand_of_another_owner_is_on_none_of_its_pages(subtask: SubTask) -> None:
    brand_of(UserFactory())
    response = get(path(Purpose.UNSUBSCRIBE, subtask.pk))
    assert looks(response) == {"name": True, "logo": False, "colours": False}


def test_a_page_without_a_brand_has_the_name_alone(subtask: SubTask) -> None:
    response = get(path(Purpose.WEB_VIEW, subtask.pk))
    assert "A message from Ada of Garden &amp; Co" in response.text
    assert "img-src" not in get(path(Purpose.UNSUBSCRIBE, subtask.pk))["Content-Security-Policy"]
