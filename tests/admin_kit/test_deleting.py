"""What is in use cannot be deleted, and the page says why and where it is used."""

from __future__ import annotations

from concurrent.futures import Future
from contextlib import ExitStack
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.db import IntegrityError
from django.db.models import Model, ProtectedError

from campaigns.admin.contacts.tags import TagAdmin
from campaigns.admin.templates.template_admin import TemplateAdmin
from campaigns.models import Contact, Sender, Tag, Task, Template
from dispatch.models import EmailService, Turn
from notices.models import Notice
from tests.campaigns.admin.staff import (
    MANAGER,
    OPERATOR,
    SUPERUSER,
    address,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.concurrency import running, wait_until_somebody_waits_for_a_lock
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SenderFactory,
    TagFactory,
    TaskFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
YES = {"post": "yes"}


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def url(row: Model, page: str = "delete") -> str:
    args = () if page == "changelist" else (row.pk,)
    return address(row._meta.label_lower, page, *args)


def used(kind: type[Model], owner: User, status: str = "draft") -> tuple[Any, Task]:
    """A row, and the task that uses it."""
    task = TaskFactory(owner=owner, name="Spring", status=status, audience="chosen")
    if kind is Template:
        return task.templates.get(), task
    if kind is Sender:
        return task.sender, task
    if kind is Tag:
        tag = TagFactory(owner=owner)
        task.exclude_tags.add(tag)
        return tag, task
    contact = ContactFactory(owner=owner)
    task.contacts.add(contact)
    return contact, task


KINDS = pytest.mark.parametrize("kind", [Template, Sender, Tag, Contact])


@KINDS
def test_one_that_a_task_uses_stays_and_the_page_leads_to_the_task(
    kind: type[Contact] | type[Sender] | type[Tag] | type[Template], user: User
) -> None:
    row, task = used(kind, user)
    client = signed_in(user)
    for page in (page_of(client.get(url(row))), page_of(client.post(url(row), YES), 403)):
        assert "cannot be deleted, because it is in use" in page
        assert f'href="{url(task, "change")}">Spring</a> (draft) uses “' in page
    assert kind.objects.filter(pk=row.pk).exists()


@KINDS
def test_many_of_which_one_is_used_stay(
    kind: type[Contact] | type[Sender] | type[Tag] | type[Template], user: User
) -> None:
    row, task = used(kind, user)
    factory: Any = {
        Template: TemplateFactory, Sender: SenderFactory, Tag: TagFactory, Contact: ContactFactory
    }[kind]  # fmt: skip
    other = factory(owner=user)
    form = {"action": "delete_selected", "_selected_action": [row.pk, other.pk], **YES}
    page = page_of(signed_in(user).post(url(row, "changelist"), form))
    assert "cannot be deleted, because some are in use" in page
    assert f'href="{url(task, "change")}">Spring</a> (draft) uses “' in page
    assert kind.objects.filter(pk__in=[row.pk, other.pk]).count() == 2


@pytest.mark.parametrize("kind", [Tag, Contact])
def test_what_only_a_launched_task_names_can_be_deleted(
    kind: type[Contact] | type[Tag], user: User
) -> None:
    row, _ = used(kind, user, status="completed")
    signed_in(user).post(url(row), YES)
    assert not kind.objects.filter(pk=row.pk).exists()


def test_a_service_that_a_task_is_limited_to_stays() -> None:
    operator = member(OPERATOR)
    service, task = EmailServiceFactory(), TaskFactory(name="Spring", status="queued")
    task.services.add(service)
    response = signed_in(operator).post(url(service), YES)
    assert "Spring</a> (launching) uses “" in page_of(response, 403)
    assert EmailService.objects.exists()


def test_a_service_that_has_sent_says_what_to_do_instead() -> None:
    service = EmailServiceFactory(name="North")
    Turn.objects.create(service=service, task_id=1, served_at="2026-01-01T00:00Z")
    page = page_of(signed_in(member(OPERATOR)).get(url(service)))
    assert "“North” has sent messages" in page
    assert "Take away “Enabled” instead." in page


def test_tasks_that_the_user_may_not_see_are_counted_only(user: User) -> None:
    template = TemplateFactory(owner=user)
    TaskFactory(name="Secret plan", template=template)
    page = page_of(signed_in(user).get(url(template)))
    assert "Secret plan" not in page
    assert "1 more campaign that you may not see" in page


def test_an_account_in_use_says_what_it_has(user: User) -> None:
    account = UserFactory()
    contact = ContactFactory(owner=account)
    EmailServiceFactory(name="North").users.add(account)
    page = page_of(signed_in(member(SUPERUSER)).get(url(account)))
    assert f'href="{url(contact, "change")}">{contact}</a>' in page
    assert ">North</a>" in page
    assert "Switch “May sign in” off instead" in page


def test_only_what_staff_know_is_said_to_go_with_it() -> None:
    account = UserFactory(username="leaver")
    Notice.objects.create(
        owner=account, kind="finished", key="finished:1", happened_at="2026-01-01T00:00Z"
    )
    page = page_of(signed_in(member(SUPERUSER)).get(url(account)))
    assert "Delete the user “leaver”? This cannot be undone." in page
    assert "What goes with it" not in page
    assert "finished:1" not in page


def test_a_tag_says_how_many_contacts_lose_it(user: User) -> None:
    tag = TagFactory(owner=user, name="customers")
    tag.contacts.set([ContactFactory(owner=user), ContactFactory(owner=user)])
    page = page_of(signed_in(user).get(url(tag)))
    assert "What goes with it" in page
    assert "<li>Contacts that lose a tag: 2</li>" in page


def test_several_are_named_before_they_are_deleted(user: User) -> None:
    tags = [TagFactory(owner=user, name=name) for name in ("customers", "colleagues")]
    form = {"action": "delete_selected", "_selected_action": [tag.pk for tag in tags]}
    page = page_of(signed_in(user).post(url(tags[0], "changelist"), form))
    assert "Delete these tags? This cannot be undone." in page
    assert page.count("<li>customers</li>") == page.count("<li>colleagues</li>") == 1


def test_a_group_with_members_stays(user: User) -> None:
    group = Group.objects.get(name=MANAGER)
    page = page_of(signed_in(member(SUPERUSER)).post(url(group), YES), 403)
    assert f'href="{url(user, "change")}">{user}</a>' in page
    assert Group.objects.filter(pk=group.pk).exists()
    assert User.objects.filter(groups=group).exists()


def test_what_comes_into_use_meanwhile_is_refused_and_not_logged(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = TemplateFactory(owner=user)

    def too_late(*args: Any) -> None:
        raise ProtectedError("in use", set())

    monkeypatch.setattr(TemplateAdmin, "delete_queryset", too_late)
    form = {"action": "delete_selected", "_selected_action": [template.pk], **YES}
    response = signed_in(user).post(url(template, "changelist"), form, follow=True)
    assert "Nothing was deleted." in texts(response)
    assert not LogEntry.objects.exists()


def test_what_came_into_use_is_explained_at_the_second_look(
    user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = TaskFactory(owner=user, name="Spring")
    looks: list[tuple[list[str], dict[str, int], set[str], list[str]]] = [([], {}, set(), [])]
    look = TemplateAdmin.get_deleted_objects

    def looked(*args: Any) -> Any:
        return looks.pop() if looks else look(*args)

    monkeypatch.setattr(TemplateAdmin, "get_deleted_objects", looked)
    response = signed_in(user).post(url(task.templates.get()), YES)
    assert ">Spring</a> (draft) uses" in page_of(response, 403)
    assert task.templates.exists()


@pytest.mark.django_db(transaction=True)
def test_what_comes_into_use_after_the_look_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    user = member(SUPERUSER)
    tag, task = TagFactory(owner=user), TaskFactory(owner=user)
    look = TagAdmin.uses_of

    def then_used(*args: Any) -> list[str]:
        found = look(*args)
        saved.append(stack.enter_context(running(lambda: task.exclude_tags.add(tag))))
        wait_until_somebody_waits_for_a_lock()
        return found

    saved: list[Future[None]] = []
    with ExitStack() as stack:
        monkeypatch.setattr(TagAdmin, "uses_of", then_used)
        signed_in(user).post(url(tag), YES)
        with pytest.raises(IntegrityError):
            saved[0].result()
