"""Every page opens for whoever may see it, and no query string breaks one."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from campaigns.models import Attribute, Suppression
from dispatch.models import Attempt
from tests.campaigns.admin.staff import (
    EVERYBODY,
    MANAGER,
    NOBODY,
    SUPERUSER,
    VIEWER,
    address,
    member,
    signed_in,
)
from tests.campaigns.admin.test_ownership import MAKE
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    OperationFactory,
    SegmentFactory,
    SubTaskFactory,
    TagFactory,
    TaskFactory,
    UserFactory,
)
from tests.signup.making import sign_up_of
from tracking.models import Event, RejectedRequests

pytestmark = pytest.mark.django_db
MODELS = (
    "campaigns.contact",
    "campaigns.tag",
    "campaigns.suppression",
    "campaigns.segment",
    "campaigns.sender",
    "campaigns.template",
    "campaigns.task",
    "campaigns.subtask",
    "campaigns.operation",
    "campaigns.attribute",
    "campaigns.brand",
    "campaigns.image",
    "campaigns.savedblock",
    "dispatch.emailservice",
    "dispatch.attempt",
    "dispatch.seedlist",
    "tracking.event",
    "tracking.rejectedrequests",
    "signup.signupform",
    "signup.signup",
)
APPS = ("campaigns", "dispatch", "signup", "tracking")
OURS = [model for model in admin.site._registry if model._meta.app_label in APPS]
ODD = (
    "?q=%00",
    "?q=%27%22%3Cscript%3E",
    "?p=abc",
    "?p=999999999999",
    "?p=-1",
    "?o=99.-99.x",
    "?all=",
    "?e=1",
    "?id__exact=99999999999999999999999",
    "?id__exact=x",
    "?nothing__like__this=1",
    "?status__exact=nonsense",
    "?status=nonsense",
    "?failure_reason__exact=%00",
    "?recipient_email__regex=(",
    "?email__regex=(",
    "?task__id__exact=x",
    "?task__id__exact=99999999999999999999999",
    "?tags__id__exact=x",
    "?service=x",
    "?service=99999999999999999999999",
    "?service=%C2%B2",
    "?in_doubt=maybe",
    "?enabled__exact=7",
    "?sent_at_from_0=x&sent_at_from_1=y",
    "?sent_at_from_0=9999-99-99&sent_at_to_0=%00",
    "?started_at_from_0=0000-00-00&started_at_from_1=99:99",
    "?outcome__exact=nonsense",
    "?sent_at_from_0=9999-12-31&sent_at_from_1=23:59",
    "?started_at_to_0=0001-01-01",
    "?kind__exact=nonsense",
    "?created_at__year=99999999999999999999999",
    "?received_at_from_0=x&received_at_to_0=%00",
)


def make_a_row_of_each(owner: User, number: int = 0) -> None:
    subtask = SubTaskFactory(task__owner=owner)
    TaskFactory(owner=owner)
    SegmentFactory(owner=owner)
    OperationFactory(owner=owner)
    Attribute.objects.create(owner=owner, key=f"key_{number}")
    for made in ("campaigns.brand", "campaigns.image", "campaigns.savedblock", "dispatch.seedlist"):
        MAKE[made](owner)
    contact = ContactFactory(owner=owner)
    contact.tags.add(TagFactory(owner=owner))
    Suppression.objects.create(email=contact.email)
    Attempt.objects.create(
        subtask=subtask,
        service=EmailServiceFactory(),
        dispatcher_id=1,
        claim_token="00000000-0000-0000-0000-000000000001",
        slot_at="2030-01-01T00:00Z",
        started_at="2030-01-01T00:00Z",
        outcome="accepted",
    )
    Event.objects.create(
        kind="opened", source="open", subtask=subtask, state="applied", dedupe_key=str(number)
    )
    sign_up_of(owner)
    RejectedRequests.objects.create(
        day="2030-01-01", endpoint="open", reason=f"token {number}", count=1
    )


def test_all_models_of_the_product_are_tried_here() -> None:
    assert {model._meta.label_lower for model in OURS} == set(MODELS)


@pytest.mark.parametrize("role", EVERYBODY)
@pytest.mark.parametrize("model", MODELS)
def test_lists_and_rows_open_for_all_but_staff_without_permissions(role: str, model: str) -> None:
    user = member(role)
    make_a_row_of_each(user)
    client = signed_in(user)
    row = next(m for m in OURS if m._meta.label_lower == model)._default_manager.earliest("pk")
    expected = 403 if role == NOBODY else 200
    assert client.get(address(model, "changelist")).status_code == expected
    assert client.get(address(model, "change", row.pk)).status_code == expected
    assert client.get(address(model, "history", row.pk)).status_code == expected


@pytest.mark.parametrize("role", [SUPERUSER, MANAGER])
@pytest.mark.parametrize("model", MODELS)
def test_a_list_of_many_rows_takes_as_many_queries_as_one_of_few(model: str, role: str) -> None:
    user = member(role)
    client = signed_in(user)

    def queries() -> int:
        client.get(address(model, "changelist"))
        with CaptureQueriesContext(connection) as captured:
            client.get(address(model, "changelist"))
        return len(captured)

    make_a_row_of_each(user)
    few = queries()
    for number in range(1, 8):
        make_a_row_of_each(user, number)
    assert queries() == few


@pytest.mark.parametrize("role", EVERYBODY)
def test_the_index_opens_for_everybody(role: str) -> None:
    assert signed_in(member(role)).get("/admin/").status_code == 200


@pytest.mark.parametrize("model", MODELS)
def test_adding_is_offered_to_the_superuser_where_it_makes_sense(model: str) -> None:
    client = signed_in(member(SUPERUSER))
    ledger = model in (
        "campaigns.subtask",
        "campaigns.operation",
        "dispatch.attempt",
        "tracking.event",
        "tracking.rejectedrequests",
        "signup.signup",
        "campaigns.savedblock",
    )
    assert client.get(address(model, "add")).status_code == (403 if ledger else 200)


@pytest.mark.parametrize("model", MODELS)
def test_a_viewer_adds_nothing(model: str) -> None:
    assert signed_in(member(VIEWER)).get(address(model, "add")).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_odd_query_strings_break_no_list(model: str) -> None:
    user = member(SUPERUSER)
    make_a_row_of_each(user)
    client = signed_in(user)
    for odd in ODD:
        response = client.get(address(model, "changelist") + odd, follow=True)
        assert response.status_code in (200, 400), odd


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("key", ["0", "x", "99999999999999999999999", "%00", "1/2"])
def test_odd_keys_break_no_page(model: str, key: str) -> None:
    client = signed_in(member(SUPERUSER))
    base = address(model, "changelist")
    for page in ("change", "delete", "history"):
        response = client.get(f"{base}{key}/{page}/", follow=True)
        assert response.status_code in (200, 403, 404), page


def test_a_form_that_was_opened_for_no_field_in_particular_is_saved() -> None:
    user = member(SUPERUSER)
    tag = TagFactory(owner=user)
    form = {"owner": user.pk, "name": "spring", "_to_field": ""}
    response = signed_in(user).post(address("campaigns.tag", "change", tag.pk), form)
    tag.refresh_from_db()
    assert (response.status_code, tag.name) == (302, "spring")


@pytest.mark.parametrize("model", MODELS)
def test_the_title_of_a_list_is_what_it_lists(model: str) -> None:
    response = signed_in(member(SUPERUSER)).get(address(model, "changelist"))
    plural = apps.get_model(model)._meta.verbose_name_plural
    assert response.context["title"].lower() == plural.lower()


@pytest.mark.parametrize("term", ["a", "%00", "%27"])
def test_autocompletes_take_any_term(term: str) -> None:
    client = signed_in(member(SUPERUSER))
    query = f"app_label=campaigns&model_name=task&field_name=contacts&term={term}"
    assert client.get(f"/admin/autocomplete/?{query}").status_code == 200


def test_accounts_and_groups_open() -> None:
    client = signed_in(member(SUPERUSER))
    other = UserFactory()
    for url in (
        reverse("admin:auth_user_changelist"),
        reverse("admin:auth_user_add"),
        reverse("admin:auth_user_change", args=[other.pk]),
        reverse("admin:auth_group_changelist"),
    ):
        assert client.get(url).status_code == 200
