"""Lists of the admin answer what they declare, and nothing else: else a column that is not shown is
read letter by letter, by asking whether it begins with this or with that.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.contrib.admin.exceptions import DisallowedModelAdminLookup
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import User
from django.db.models import Field, Model
from django.test import RequestFactory
from django.urls import reverse

from access.ownership import looked_up_once
from admin_kit.base import SafeAdmin
from campaigns.models import Tag
from dispatch.models import EmailService
from edm_project.checks.always import check_admins
from tests.campaigns.admin.staff import (
    MANAGER,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    address,
    member,
    signed_in,
)
from tests.campaigns.admin.test_every_page import make_a_row_of_each
from tests.factories import ContactFactory, EmailServiceFactory, TagFactory

pytestmark = pytest.mark.django_db

ROLES = (SUPERUSER, OPERATOR, MANAGER, VIEWER)
LOOKUPS = {
    "": "1", "__exact": "1", "__iexact": "1", "__contains": "a", "__startswith": "a", "__regex": "^a",
    "__gt": "0", "__lte": "5", "__in": "1,2", "__isnull": "1", "__range": "0,1", "__year": "2026",
    "__length": "1", "__0": "a", "__lower": "a", "__date__gt": "2026-01-01", "__contained_by": "{}",
}  # fmt: skip
DECLARED = {
    "campaigns.contact": {"tags__id__exact", "tags__isnull", "imported_by"},
    "campaigns.attribute": {"kind__exact", "kind__isnull"},
    "campaigns.operation": {"kind__exact", "kind__isnull", "state__exact", "state__isnull"},
    "campaigns.suppression": {"reason__exact", "reason__isnull"},
    "campaigns.task": {"status__exact", "status__isnull"},
    "campaigns.subtask": {
        "task__id__exact", "task__isnull", "status__exact", "status__isnull", "in_doubt", "service",
        "failure_reason__exact", "failure_reason__isnull",
    },
    "dispatch.emailservice": {"enabled__exact", "enabled__isnull"},
    "dispatch.attempt": {"outcome__exact", "outcome__isnull", "service"},
    "signup.signup": {"form__id__exact", "form__isnull", "state__exact", "state__isnull"},
    "tracking.event": {
        f"{name}__{lookup}" for name in ("kind", "actor", "state") for lookup in ("exact", "isnull")
    },
    "auth.user": {
        f"{name}__{lookup}" for name in ("is_staff", "is_superuser", "is_active")
        for lookup in ("exact", "isnull")
    } | {"groups__id__exact", "groups__isnull"},
}  # fmt: skip
"""What is offered beside each list, apart from ranges of times, which are no names of columns."""


def columns(model: type[Model], depth: int) -> Iterator[str]:
    """The path of every column of a table, and of the tables that it is related to, both ways."""
    for field in model._meta.get_fields():
        yield field.name
        if isinstance(field, Field) and field.attname != field.name:
            yield field.attname
        if depth and isinstance(field.related_model, type):
            yield from (f"{field.name}__{rest}" for rest in columns(field.related_model, depth - 1))


def asked(model: type[Model]) -> Iterator[tuple[str, str]]:
    """Every column by every lookup; further tables by those that tell the most."""
    for path, (lookup, value) in product(columns(model, 0), LOOKUPS.items()):
        yield path + lookup, value
    for path, lookup in product(columns(model, 2), ("__startswith", "__gt")):
        yield path + lookup, "1"


def rows(model_admin: ModelAdmin[Any], user: User, parameters: dict[str, str]) -> set[Any] | None:
    """The keys that a list shows; None where the question is refused."""
    request = RequestFactory().get("/", parameters)
    request.user = user
    try:
        return {row.pk for row in model_admin.get_changelist_instance(request).result_list}
    except (DisallowedModelAdminLookup, IncorrectLookupParameters):
        return None


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label_lower)
def test_no_list_is_narrowed_by_what_it_does_not_declare(
    model: type[Model], role: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = member(role)
    make_a_row_of_each(user)
    signed_in(user).post(address("campaigns.tag", "add"), {"name": "spring", "owner": user.pk})
    model_admin = admin.site._registry[model]
    # Some ask the database which columns they need, for each of thousands of questions.
    monkeypatch.setattr(model_admin, "get_list_display", lambda request: ("__str__",))
    everything = rows(model_admin, user, {})
    allowed = DECLARED.get(model._meta.label_lower, set())
    with looked_up_once():
        narrowed = [
            lookup
            for lookup, value in asked(model)
            if lookup not in allowed
            and rows(model_admin, user, {lookup: value}) not in (None, everything)
        ]
    assert everything is not None
    assert narrowed == []


CHOSEN = {
    "in_doubt": "yes", "reason__exact": "manual", "outcome__exact": "accepted", "kind__exact": "opened",
    "actor__exact": "person", "state__exact": "applied", "failure_reason__exact": "rejected",
    "status__exact": "sending",
}  # fmt: skip
"""A value that staff choose where 1 is none."""


@pytest.mark.parametrize(
    ("model", "lookup"),
    [(model, lookup) for model in DECLARED for lookup in sorted(DECLARED[model])],
)
def test_what_a_list_declares_still_filters(model: str, lookup: str) -> None:
    client = signed_in(member(SUPERUSER))
    query = {lookup: CHOSEN.get(lookup, "1")}
    response = client.get(address(model, "changelist"), query, follow=True)
    assert response.redirect_chain == []  # a lookup that is refused leads to ?e=1
    assert response.context["cl"].has_active_filters


def test_columns_are_found_in_this_and_in_related_tables() -> None:
    """Of what the tests above try."""
    found = set(columns(EmailService, 2))
    assert {
        "webhook_key_digest",
        "webhook_key_encrypted",
        "credentials",
        "users__password",
        "pace__freeze_reason",
    } <= found
    assert {"owner__password", "owner_id"} <= set(columns(Tag, 2))


class TestAWebhookKey:
    @pytest.fixture
    def service(self) -> EmailService:
        service: EmailService = EmailServiceFactory()
        return service

    @pytest.mark.parametrize("role", ROLES)
    @pytest.mark.parametrize(
        "query",
        [
            "webhook_key_digest__regex=^",
            "webhook_key_digest__startswith=a",
            "webhook_key_digest__gt=0",
            "webhook_key_digest__isnull=False",
            "credentials__contains=g",
            "credentials__length__gt=0",
            "pace__freeze_reason__contains=a",
            "users__password__regex=^p",
            "bounce_mailbox__settings__startswith=g",
            "enabled__exact=1&webhook_key_digest__regex=^",
            "_popup=1&webhook_key_digest__regex=^",
            "q=a&webhook_key_digest__in=a,b",
        ],
    )
    def test_is_not_told_by_the_list_of_services(
        self, service: EmailService, role: str, query: str
    ) -> None:
        url = address("dispatch.emailservice", "changelist")
        response = signed_in(member(role)).get(f"{url}?{query}")
        assert response.status_code == 400
        assert service.name not in response.content.decode()

    @pytest.mark.parametrize(
        ("model", "path"),
        [("campaigns.subtask", "service"), ("dispatch.attempt", "service"), ("campaigns.task", "services")],
    )  # fmt: skip
    def test_is_not_told_by_the_lists_of_what_it_sends(self, model: str, path: str) -> None:
        url = address(model, "changelist")
        for column in ("webhook_key_digest__startswith", "credentials__startswith", "domain"):
            response = signed_in(member(MANAGER)).get(url, {f"{path}__{column}": "a"})
            assert response.status_code == 400

    def test_is_no_field_that_a_popup_may_refer_to(self, service: EmailService) -> None:
        url = address("dispatch.emailservice", "changelist")
        for name in ("webhook_key_digest", "credentials", "name"):
            response = signed_in(member(SUPERUSER)).get(url, {"_to_field": name})
            assert response.status_code == 400

    @pytest.mark.parametrize("role", [MANAGER, OPERATOR, VIEWER])
    def test_is_not_searched_for(self, service: EmailService, role: str) -> None:
        client = signed_in(member(role))
        listed = client.get(
            address("dispatch.emailservice", "changelist"), {"q": service.webhook_key}
        )
        assert not listed.context["cl"].result_list
        query = {"app_label": "campaigns", "model_name": "task", "field_name": "services"}
        offered = client.get(reverse("admin:autocomplete"), {**query, "term": service.webhook_key})
        assert offered.json()["results"] == []


SEARCHED = {
    "campaigns.contact": {"email", "name"},
    "campaigns.tag": {"name"},
    "campaigns.suppression": {"email"},
    "campaigns.sender": {"local_part", "display_name"},
    "campaigns.template": {"name", "subject"},
    "campaigns.task": {"name"},
    "campaigns.subtask": {"recipient_email"},
    "dispatch.emailservice": {"name", "domain"},
    "dispatch.seedlist": {"name"},
    "dispatch.attempt": {"subtask__recipient_email"},
    "tracking.event": {"recipient"},
    "auth.user": {"username", "first_name", "last_name", "email"},
    "auth.group": {"name"},
    "campaigns.attribute": {"key", "label"},
    "campaigns.operation": {"title"},
    "campaigns.segment": {"name"},
    "campaigns.brand": {"name"},
    "campaigns.image": {"name", "alt"},
    "campaigns.savedblock": {"name"},
    "access.team": {"name"},
    "admin.logentry": {"user__username", "object_repr"},
    "signup.signup": {"email"},
    "signup.signupform": {"name", "title"},
    "signin.signin": {"user_name", "address"},
}


@pytest.mark.parametrize("model", admin.site._registry, ids=lambda model: model._meta.label_lower)
def test_a_search_looks_at_what_a_list_shows(model: type[Model], rf: RequestFactory) -> None:
    request = rf.get("/")
    request.user = member(SUPERUSER)
    fields = admin.site._registry[model].get_search_fields(request)
    assert set(fields) == SEARCHED.get(model._meta.label_lower, set())


class TestAnOrder:
    def test_is_taken_of_columns_that_are_offered_for_sorting(self) -> None:
        user = member(SUPERUSER)
        for name in ("b", "a"):
            ContactFactory(email=f"{name}@example.com", name="zy"["ba".index(name)], owner=user)
        client = signed_in(user)
        lists = {}
        for column in ("", "1", "2", "-2", "5", "-1.2"):
            response = client.get(address("campaigns.contact", "changelist"), {"o": column})
            lists[column] = [row.email[0] for row in response.context["cl"].result_list]
        assert lists.pop("-1.2") == ["b", "a"]
        assert lists == {column: ["a", "b"] for column in ("", "1", "2", "-2", "5")}

    @pytest.mark.parametrize(
        "order", ["99", "-99", "x", "²", "1.x.-1", "--1", ".", "%00", "1" * 5000]
    )
    def test_that_makes_no_sense_is_left_out(self, order: str) -> None:
        TagFactory()
        url = address("campaigns.tag", "changelist")
        assert signed_in(member(SUPERUSER)).get(url, {"o": order}).status_code == 200


class TestAnAdmin:
    def test_of_every_model_is_built_on_ours(self) -> None:
        assert check_admins(None) == []

    def test_that_is_not_fails_the_system_check(self, monkeypatch: pytest.MonkeyPatch) -> None:
        plain = ModelAdmin(Tag, admin.site)
        registry: dict[Any, Any] = admin.site._registry
        monkeypatch.setitem(registry, Tag, plain)
        (error,) = check_admins(None)
        assert (error.id, "campaigns.Tag" in error.msg) == ("edm.E010", True)

    def test_that_was_never_heard_of_denies_as_well(self, rf: RequestFactory) -> None:
        request = rf.get("/")
        request.user = member(SUPERUSER)
        fresh = SafeAdmin(Tag, admin.site)
        assert not any(fresh.lookup_allowed(path, "1", request) for path in columns(Tag, 1))
