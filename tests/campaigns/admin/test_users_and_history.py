"""Accounts and groups, what groups may do, and the page that tells who did what."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, User
from django.test import RequestFactory
from django.urls import reverse

from admin_kit.history import log_each
from campaigns.models import Task
from signin.models import Profile
from tests.campaigns.admin.staff import (
    MANAGER,
    NOBODY,
    OPERATOR,
    SUPERUSER,
    VIEWER,
    address,
    member,
    page_of,
    signed_in,
)
from tests.factories import ContactFactory, TagFactory, TaskFactory, UserFactory

pytestmark = pytest.mark.django_db

HISTORY = reverse("admin:admin_logentry_changelist")


class TestAccounts:
    def delete(self, account: Any) -> int:
        client = signed_in(member(SUPERUSER))
        return client.post(address("auth.user", "delete", account.pk), {"post": "yes"}).status_code

    def test_one_that_was_never_used_can_be_deleted(self) -> None:
        account = UserFactory()
        self.delete(account)
        assert not User.objects.filter(pk=account.pk).exists()

    @pytest.mark.parametrize("factory", [ContactFactory, TagFactory, TaskFactory])
    def test_one_that_owns_something_stays(
        self, factory: type[ContactFactory] | type[TagFactory] | type[TaskFactory]
    ) -> None:
        account = UserFactory()
        factory(owner=account)
        assert self.delete(account) == 403
        assert User.objects.filter(pk=account.pk).exists()

    def test_one_that_is_in_the_history_stays(self) -> None:
        account = member(MANAGER)
        signed_in(account).post(address("campaigns.tag", "add"), {"name": "spring"})
        client = signed_in(member(SUPERUSER))
        [tag_entry] = LogEntry.objects.filter(user=account)
        client.post(address("campaigns.tag", "delete", tag_entry.object_id), {"post": "yes"})
        assert self.delete(account) == 403

    def test_many_at_once_cannot_be_deleted(self) -> None:
        account = UserFactory()
        form = {"action": "delete_selected", "_selected_action": account.pk, "post": "yes"}
        signed_in(member(SUPERUSER)).post(address("auth.user", "changelist"), form)
        assert User.objects.filter(pk=account.pk).exists()

    @pytest.mark.parametrize("role", [MANAGER, OPERATOR, VIEWER, NOBODY])
    def test_are_for_superusers_only(self, role: str) -> None:
        client = signed_in(member(role))
        for model in ("auth.user", "auth.group"):
            assert client.get(address(model, "changelist")).status_code == 403
            assert client.get(address(model, "add")).status_code == 403

    def test_get_their_groups_in_the_form(self) -> None:
        account, group = UserFactory(), Group.objects.get(name=VIEWER)
        form = {
            "username": account.username, "is_staff": "on", "is_active": "on", "groups": group.pk,
            "date_joined_0": "2026-01-01", "date_joined_1": "00:00",
        }  # fmt: skip
        signed_in(member(SUPERUSER)).post(address("auth.user", "change", account.pk), form)
        assert account.groups.get() == group


class TestGroups:
    def may(self, role: str, *permissions: str) -> set[str]:
        user = member(role)
        return {permission for permission in permissions if user.has_perm(permission)}

    STEERING = ("campaigns.launch_task", "campaigns.control_task", "campaigns.retry_subtask",
                "campaigns.decide_subtask", "dispatch.control_emailservice")  # fmt: skip

    def test_a_campaign_manager_works_on_their_own_campaigns(self) -> None:
        every = set(self.STEERING)
        assert self.may(MANAGER, *every) == every - {"dispatch.control_emailservice"}
        assert not self.may(MANAGER, "campaigns.see_everything", "dispatch.change_emailservice")
        assert self.may(MANAGER, "campaigns.import_contact", "campaigns.add_task")

    def test_an_operator_runs_services_and_steers_every_task(self) -> None:
        every = set(self.STEERING)
        assert self.may(OPERATOR, *every) == every - {"campaigns.launch_task"}
        assert self.may(OPERATOR, "campaigns.see_everything", "dispatch.change_emailservice")
        assert not self.may(OPERATOR, "campaigns.change_task", "campaigns.import_contact")

    def test_a_viewer_sees_everything_and_changes_nothing(self) -> None:
        viewer = member(VIEWER)
        assert viewer.has_perm("campaigns.see_everything")
        verbs = {p.split(".")[1].split("_")[0] for p in viewer.get_all_permissions()}
        assert verbs == {"view", "see"}

    @pytest.mark.parametrize("role", [MANAGER, OPERATOR, VIEWER])
    def test_nobody_in_them_touches_accounts_or_the_task_queue(self, role: str) -> None:
        apps = {permission.split(".")[0] for permission in member(role).get_all_permissions()}
        assert apps - {"access"} == {"campaigns", "dispatch", "signup", "tracking"}

    def test_only_operators_make_teams_and_viewers_see_them(self) -> None:
        every = {f"access.{verb}_team" for verb in ("view", "add", "change", "delete")}
        assert self.may(OPERATOR, *every) == every
        assert self.may(VIEWER, *every) == {"access.view_team"}
        assert self.may(MANAGER, *every) == set()


class TestTheHistory:
    def do_something(self, role: str) -> Any:
        user = member(role)
        form = {"name": f"by {user}", "owner": user.pk}
        signed_in(user).post(address("campaigns.tag", "add"), form)
        return user

    def test_shows_what_one_did_oneself(self) -> None:
        user, other = self.do_something(MANAGER), self.do_something(MANAGER)
        page = page_of(signed_in(user).get(HISTORY))
        assert f"by {user}" in page
        assert f"by {other}" not in page

    def test_shows_what_everybody_did_to_whoever_sees_everything(self) -> None:
        user = self.do_something(MANAGER)
        page = page_of(signed_in(member(VIEWER)).get(HISTORY))
        assert f"by {user}" in page
        assert "Added." in page

    def test_shows_changes_of_accounts_only_to_whoever_sees_accounts(self) -> None:
        client = signed_in(member(SUPERUSER))
        client.post(address("auth.group", "add"), {"name": "secret group"})
        assert "secret group" in page_of(client.get(HISTORY))
        assert "secret group" not in page_of(signed_in(member(VIEWER)).get(HISTORY))

    def test_of_a_row_without_changes_says_so(self) -> None:
        user = member(MANAGER)
        tag = TagFactory(owner=user)
        assert "Nothing has been changed here yet." in page_of(
            signed_in(user).get(address("campaigns.tag", "history", tag.pk))
        )

    def test_has_no_history_of_its_own(self) -> None:
        user = self.do_something(MANAGER)
        entry = LogEntry.objects.get(user=user)
        url = address("admin.logentry", "change", entry.pk)
        page = page_of(signed_in(user).get(url))
        assert url.replace("change", "history") not in page
        assert "History" in page

    def test_cannot_be_changed_by_anybody(self) -> None:
        self.do_something(SUPERUSER)
        entry = LogEntry.objects.get()
        client = signed_in(member(SUPERUSER))
        for page in ("change", "delete"):
            url = address("admin.logentry", page, entry.pk)
            assert client.post(url, {"post": "yes"}).status_code == 403
        assert client.get(address("admin.logentry", "add")).status_code == 403

    @pytest.mark.parametrize(
        "query", ["kind=x", "kind=%C2%B2", "kind=99999999999999999999", "q=%00"]
    )
    def test_takes_any_query(self, query: str) -> None:
        self.do_something(SUPERUSER)
        assert (
            signed_in(member(SUPERUSER)).get(f"{HISTORY}?{query}", follow=True).status_code == 200
        )

    def test_can_be_narrowed_to_a_kind_of_row(self) -> None:
        self.do_something(SUPERUSER)
        known = LogEntry.objects.get().content_type_id
        assert known is not None
        client = signed_in(member(SUPERUSER))
        for kind, found in ((known, 1), (known + 1, 0)):
            response = client.get(HISTORY, {"kind": kind})
            assert len(response.context["cl"].result_list) == found

    def test_of_a_row_counts_its_own_entries_where_the_rows_are_not_counted(self) -> None:
        contact = ContactFactory()
        client = signed_in(member(SUPERUSER))
        form = {"owner": contact.owner_id, "email": contact.email, "name": "B", "attributes": "{}"}
        client.post(address("campaigns.contact", "change", contact.pk), form)
        response = client.get(address("campaigns.contact", "history", contact.pk))
        assert response.context["action_list"].paginator.count == 1
        assert not response.context["pagination_required"]

    def test_is_written_for_any_number_of_rows(self, rf: RequestFactory) -> None:
        request = rf.get("/")
        request.user = member(SUPERUSER)
        tasks = TaskFactory.create_batch(3)
        log_each(request, Task.objects.all(), "Done.")
        assert {entry.object_id for entry in LogEntry.objects.all()} == {str(t.pk) for t in tasks}


def role_page(group: Group) -> str:
    return address("auth.group", "change", group.pk)


class TestARoleOfOurs:
    def test_has_its_name_in_the_language_of_the_reader_and_keeps_it(self) -> None:
        user, group = member(SUPERUSER), Group.objects.get(name=MANAGER)
        Profile.objects.create(user=user, language="zh-hans")
        client = signed_in(user)
        page = page_of(client.get(role_page(group)))
        assert 'value="活动经理"' in page
        assert MANAGER not in page
        client.post(role_page(group), {"name": "活动经理", "permissions": []}, follow=True)
        assert Group.objects.get(pk=group.pk).name == MANAGER

    def test_can_have_another_name(self) -> None:
        group = Group.objects.get(name=VIEWER)
        signed_in(member(SUPERUSER)).post(role_page(group), {"name": "guests", "permissions": []})
        assert Group.objects.get(pk=group.pk).name == "guests"


def test_an_account_says_that_a_password_is_set_and_not_how_it_is_stored() -> None:
    account = UserFactory()
    account.set_password("a long passphrase")
    account.save()
    page = page_of(signed_in(member(SUPERUSER)).get(address("auth.user", "change", account.pk)))
    assert "pbkdf2" not in page
    assert re.search(r'class="readonly[^>]*> Set <', page)
