"""No address of the admin ends in an error of ours, whatever is asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import Model
from django.test import Client
from django.urls import URLResolver

from campaigns.models import Tag
from tests.campaigns.admin.staff import MANAGER, SUPERUSER, member, signed_in
from tests.campaigns.admin.test_every_page import make_a_row_of_each

pytestmark = pytest.mark.django_db

AUTOCOMPLETE = "/admin/autocomplete/"
HUGE, NUL, NOT_UTF8 = "9" * 30, "%00", "%ff%fe"
KEYS = ("0", "x", HUGE, NUL, NOT_UTF8, "1%2F2", "%C2%B2", "_5F")
VALUES = ("x", HUGE, f"-{HUGE}", NUL, NOT_UTF8, "%C2%B2")
OF_LISTS = ("p", "q", "o", "all", "_facets", "_popup")
OF_FORMS = (
    "_popup", "_changelist_filters", "provider", "contact", "template", "service", "status", "next",
    "sender", "include_tags", "contacts", "owner", "user", "email", "groups", "page", "s", "term", "p",
)  # fmt: skip
DECLARED = {
    "campaigns/contact": ("tags__id__exact", "tags__isnull"),
    "campaigns/suppression": ("reason__exact", "reason__isnull"),
    "campaigns/task": ("status__exact", "status__isnull"),
    "campaigns/subtask": (
        "task__id__exact",
        "in_doubt",
        "service",
        "sent_at_from_0",
        "sent_at_to_1",
    ),
    "dispatch/emailservice": ("enabled__exact", "enabled__isnull"),
    "dispatch/attempt": ("outcome__exact", "service", "started_at_from_0", "started_at_from_1"),
    "tracking/event": ("kind__exact", "actor__isnull", "received_at_from_0", "received_at_to_1"),
    "auth/user": ("is_staff__exact", "is_active__isnull", "groups__id__exact", "groups__isnull"),
    "admin/logentry": ("kind", "action_time_from_0", "action_time_to_0", "action_time_to_1"),
}


def addresses(patterns: list[Any], prefix: str = "/admin/") -> Iterator[str]:
    """Every address below /admin/, its variable parts as {0}."""
    for each in patterns:
        route = str(each.pattern)
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns, prefix + route)
        elif "(?P" not in route and "logout" not in route:
            parts = enumerate(route.replace(">", "<").split("<"))
            yield prefix + "".join("{0}" if number % 2 else part for number, part in parts)


OWN_PAGES = {"/admin/monitor/", "/admin/privacy/"}
ADDRESSES = sorted({*addresses(list(admin.site.urls[0])), *OWN_PAGES})


def odd(url: str) -> Iterator[str]:
    """The address with odd keys, or with odd query strings: those of lists, of forms, of filters."""
    if "{0}" in url:
        yield from (url.format(key) for key in KEYS)
        return
    filters = DECLARED.get(url.removeprefix("/admin/").strip("/"), ())
    names = OF_LISTS if _is_list(url) else OF_FORMS
    for value in VALUES:
        yield f"{url}?{'&'.join(f'{name}={value}' for name in names)}"
        if _is_list(url):
            yield f"{url}?_to_field={value}"
            yield from (f"{url}?{name}={value}" for name in ("p", *filters))


def _is_list(url: str) -> bool:
    return url.removeprefix("/admin/").count("/") == 2


@pytest.fixture
def client() -> Client:
    user = member(SUPERUSER)
    make_a_row_of_each(user)
    client = signed_in(user)
    client.raise_request_exception = False
    return client


def test_all_addresses_are_found() -> None:
    found = {"/admin/", "/admin/search/", AUTOCOMPLETE, "/admin/campaigns/task/{0}/launch/"}
    assert found <= set(ADDRESSES)


@pytest.mark.parametrize("url", ADDRESSES)
def test_odd_keys_and_query_strings_break_no_page(client: Client, url: str) -> None:
    broken = [each[:150] for each in odd(url) if client.get(each).status_code >= 500]
    assert broken == []


class TestAnAutocomplete:
    def offers(self, user: Any, model: type[Model], name: str, term: str = "") -> Any:
        client = signed_in(user)
        client.raise_request_exception = False
        query = {
            "app_label": model._meta.app_label, "model_name": model._meta.model_name or "",
            "field_name": name, "term": term,
        }  # fmt: skip
        return client.get(AUTOCOMPLETE, query)

    @pytest.mark.parametrize("role", [SUPERUSER, MANAGER])
    @pytest.mark.parametrize("model", apps.get_models(), ids=lambda model: model._meta.label_lower)
    def test_of_any_relation_of_any_model_is_offered_or_refused(
        self, model: type[Model], role: str
    ) -> None:
        user = member(role)
        names = {name for field in model._meta.get_fields() for name in (field.name, "pk", "x", "")}
        answers = {name: self.offers(user, model, name).status_code for name in names}
        assert set(answers.values()) <= {200, 403, 404}

    def test_of_a_reverse_relation_is_refused(self) -> None:
        for field in Tag._meta.get_fields():
            if field.auto_created and field.is_relation:
                assert self.offers(member(SUPERUSER), Tag, field.name).status_code == 403

    @pytest.mark.parametrize("value", VALUES)
    def test_takes_any_page_and_term(self, client: Client, value: str) -> None:
        query = "app_label=campaigns&model_name=task&field_name=contacts"
        for more in (f"term={value}", f"page={value}"):
            assert client.get(f"{AUTOCOMPLETE}?{query}&{more}").status_code in (200, 404)


FORMS = [url for url in ADDRESSES if url.endswith("/add/")]
POSTED = ("", "x", "9" * 30, "\x00", "²", "-1", "[]", "😀" * 10, "2026-13-45", "a" * 3000)


@pytest.mark.parametrize("url", FORMS)
def test_odd_values_in_every_field_break_no_form(client: Client, url: str) -> None:
    page = client.get(url + ("?provider=smtp" if "emailservice" in url else ""))
    if page.status_code != 200:
        return
    names = [*page.context["adminform"].form.fields]
    for formset in page.context["inline_admin_formsets"]:
        prefix = formset.formset.prefix
        names += [
            f"{prefix}-{name}" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "0-id", "0-template")
        ]
    for value in POSTED:
        assert client.post(url, dict.fromkeys(names, value)).status_code < 500
