"""Staff who may not see everything see, choose and change nothing of anybody else's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from campaigns.models import (
    Attribute,
    Brand,
    Contact,
    Image,
    SavedBlock,
    Sender,
    SubTask,
    Tag,
    Task,
    Template,
)
from dispatch.models import Attempt, EmailService, SeedList
from tests.campaigns.admin.staff import (
    MANAGER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    OperationFactory,
    SenderFactory,
    SubTaskFactory,
    TagFactory,
    TaskFactory,
    TemplateFactory,
)
from tests.signup.making import sign_up_of

pytestmark = pytest.mark.django_db


def attempt_of(owner: User) -> Attempt:
    attempt: Attempt = Attempt.objects.create(
        subtask=SubTaskFactory(task__owner=owner),
        service=EmailServiceFactory(),
        dispatcher_id=1,
        claim_token="00000000-0000-0000-0000-000000000001",
        slot_at="2030-01-01T00:00Z",
        started_at="2030-01-01T00:00Z",
        outcome="accepted",
    )
    return attempt


def service_of(owner: User) -> EmailService:
    """A service that only its user may use."""
    service: EmailService = EmailServiceFactory()
    service.users.add(owner)
    return service


def image_of(owner: User) -> Image:
    fields = {"name": "Logo", "alt": "Logo", "width": 1, "height": 1, "octets": 1}
    return Image.objects.get_or_create(owner=owner, file=f"{0:040}.png", defaults=fields)[0]


def brand_of(owner: User) -> Brand:
    return Brand.objects.get_or_create(owner=owner, defaults={"name": "Acme"})[0]


def saved_block_of(owner: User) -> SavedBlock:
    block = {"id": "a", "kind": "divider"}
    return SavedBlock.objects.get_or_create(
        owner=owner, name="Greeting", defaults={"block": block}
    )[0]


MAKE: dict[str, Callable[[User], Model]] = {
    "campaigns.contact": lambda owner: ContactFactory(owner=owner),
    "campaigns.tag": lambda owner: TagFactory(owner=owner),
    "campaigns.sender": lambda owner: SenderFactory(owner=owner),
    "campaigns.template": lambda owner: TemplateFactory(owner=owner),
    "campaigns.task": lambda owner: TaskFactory(owner=owner),
    "campaigns.subtask": lambda owner: SubTaskFactory(task__owner=owner),
    "campaigns.attribute": lambda owner: Attribute.objects.create(owner=owner, key="points"),
    "campaigns.operation": lambda owner: OperationFactory(owner=owner),
    "campaigns.brand": brand_of,
    "campaigns.image": image_of,
    "campaigns.savedblock": saved_block_of,
    "dispatch.attempt": attempt_of,
    "dispatch.emailservice": service_of,
    "dispatch.seedlist": lambda owner: SeedList.objects.create(
        owner=owner, name=f"Seeds {SeedList.objects.count()}", addresses=["seed@example.com"]
    ),
    "signup.signupform": lambda owner: sign_up_of(owner).form,
    "signup.signup": sign_up_of,
}
OWNED = ("contact", "tag", "sender", "template", "task")


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def listed(client: Client, model: str, query: str = "") -> list[Any]:
    response = client.get(address(model, "changelist") + query)
    return [row.pk for row in response.context["cl"].result_list]


@pytest.mark.parametrize("model", MAKE)
def test_a_list_shows_ones_own_rows_only(model: str, user: User) -> None:
    own = MAKE[model](user)
    foreign = MAKE[model](member(MANAGER)) if model != "dispatch.attempt" else None
    if foreign is None:
        assert isinstance(own, Attempt)
        foreign = Attempt.objects.create(
            subtask=SubTaskFactory(), service=own.service, dispatcher_id=1, outcome="accepted",
            claim_token="00000000-0000-0000-0000-000000000002", slot_at="2030-01-01T00:00Z",
        )  # fmt: skip
    found = listed(signed_in(user), model)
    assert own.pk in found
    assert foreign.pk not in found


@pytest.mark.parametrize("model", MAKE)
def test_a_viewer_sees_the_rows_of_everybody(model: str) -> None:
    row = MAKE[model](member(MANAGER))
    assert row.pk in listed(signed_in(member(VIEWER)), model)


@pytest.mark.parametrize("model", MAKE)
@pytest.mark.parametrize("page", ["change", "history", "delete"])
def test_a_foreign_row_is_not_found_by_its_address(model: str, page: str, user: User) -> None:
    row = MAKE[model](member(MANAGER))
    client = signed_in(user)
    response = client.get(address(model, page, row.pk), follow=True)
    assert response.status_code == 403 or "doesn’t exist" in texts(response)
    client.post(address(model, page, row.pk), {"post": "yes", "name": "mine"})
    assert type(row)._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("name", OWNED)
def test_bulk_deletion_reaches_no_foreign_row(name: str, user: User) -> None:
    row = MAKE[f"campaigns.{name}"](member(MANAGER))
    form = {"action": "delete_selected", "_selected_action": row.pk, "post": "yes"}
    signed_in(user).post(address(f"campaigns.{name}", "changelist"), form)
    signed_in(user).post(address(f"campaigns.{name}", "changelist"), {**form, "select_across": "1"})
    assert type(row)._default_manager.filter(pk=row.pk).exists()


@pytest.mark.parametrize("name", OWNED)
def test_a_new_row_is_ones_own_whatever_is_posted(name: str, user: User) -> None:
    fields = {
        "contact": {"email": "ada@example.com", "attributes": "{}"},
        "tag": {"name": "new"},
        "sender": {"local_part": "news"},
        "template": {"name": "new", "subject": "Hi", "html": "<p>Hi</p>"},
        "task": {
            "name": "new", "priority": "0", "audience": "all",
            "tasktemplate_set-TOTAL_FORMS": "0", "tasktemplate_set-INITIAL_FORMS": "0",
        },
    }[name]  # fmt: skip
    other = member(MANAGER)
    response = signed_in(user).post(
        address(f"campaigns.{name}", "add"), {**fields, "owner": other.pk}, follow=True
    )
    assert "was added successfully" in texts(response)
    model: dict[str, type[Contact | Tag | Sender | Template | Task]]
    model = {"contact": Contact, "tag": Tag, "sender": Sender, "template": Template, "task": Task}
    assert model[name]._default_manager.get().owner == user


@pytest.mark.parametrize(
    ("model", "field", "remote"),
    [
        ("task", "contacts", "campaigns.contact"),
        ("task", "include_tags", "campaigns.tag"),
        ("task", "sender", "campaigns.sender"),
        ("task", "services", "dispatch.emailservice"),
        ("tasktemplate", "template", "campaigns.template"),
        ("subtask", "task", "campaigns.task"),
        ("contact", "tags", "campaigns.tag"),
    ],
)
def test_autocompletes_offer_ones_own_rows_only(
    model: str, field: str, remote: str, user: User
) -> None:
    own, _ = MAKE[remote](user), MAKE[remote](member(MANAGER))
    query = {"app_label": "campaigns", "model_name": model, "field_name": field, "term": ""}
    response = signed_in(user).get(reverse("admin:autocomplete"), query)
    assert [result["id"] for result in response.json()["results"]] == [str(own.pk)]


def test_autocompletes_need_a_permission() -> None:
    query = {"app_label": "campaigns", "model_name": "task", "field_name": "contacts", "term": ""}
    client = signed_in(member("nobody"))
    assert client.get(reverse("admin:autocomplete"), query).status_code == 403


def test_a_popup_that_adds_a_related_row_makes_it_ones_own(user: User) -> None:
    form = {"local_part": "news", "owner": member(MANAGER).pk, "_popup": "1"}
    response = signed_in(user).post(address("campaigns.sender", "add") + "?_popup=1", form)
    assert response.status_code == 200
    assert Sender.objects.get().owner == user


def test_a_popup_shows_and_changes_no_foreign_row(user: User) -> None:
    sender = SenderFactory(display_name="Secret name")
    client = signed_in(user)
    popup = address("campaigns.sender", "change", sender.pk) + "?_to_field=id&_popup=1"
    assert "Secret name" not in page_of(client.get(popup, follow=True))
    client.post(popup, {"local_part": "stolen", "_popup": "1"})
    assert Sender.objects.get().local_part == "news"


def test_filters_find_no_foreign_row(user: User) -> None:
    contact = ContactFactory()
    tag = TagFactory(owner=contact.owner)
    contact.tags.add(tag)
    subtask = SubTaskFactory()
    client = signed_in(user)
    assert listed(client, "campaigns.contact", f"?tags__id__exact={tag.pk}") == []
    assert listed(client, "campaigns.subtask", f"?task__id__exact={subtask.task_id}") == []
    assert listed(client, "campaigns.subtask", f"?q={subtask.recipient_email}") == []


@pytest.mark.parametrize(
    ("model", "query"),
    [
        ("contact", "?owner__password__startswith=p"),
        ("subtask", "?task__owner__email=x"),
        ("contact", "?id__exact=1"),
    ],
)
def test_lists_cannot_be_asked_for_what_is_no_filter_of_theirs(
    model: str, query: str, user: User
) -> None:
    url = address(f"campaigns.{model}", "changelist")
    assert signed_in(user).get(url + query).status_code == 400


def test_bulk_actions_reach_no_foreign_subtask(user: User) -> None:
    subtask = SubTaskFactory(status="failed", failure_reason="rejected")
    form = {
        "action": "retry_failed_subtasks",
        "_selected_action": subtask.pk,
        "confirmed": "yes",
        "select_across": "1",
    }
    signed_in(user).post(address("campaigns.subtask", "changelist"), form)
    assert SubTask.objects.get().status == "failed"
