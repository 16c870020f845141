"""Versions of templates: kept at each save that changes something, compared, and restored."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User

from campaigns import template_versions
from campaigns.models import Task, Template, TemplateVersion
from tests.campaigns.admin.staff import (
    MANAGER,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
)
from tests.factories import SenderFactory, TemplateFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    return member(MANAGER)


def save(user: User, template: Template | None = None, **fields: str) -> Template:
    form = {"name": "Spring", "subject": "Hi", "html": "<p>Hi</p>", **fields}
    page = address("campaigns.template", "change", template.pk) if template else None
    response = signed_in(user).post(page or address("campaigns.template", "add"), form)
    assert response.status_code == 302, page_of(response)
    return Template.objects.latest("updated_at")


def kept(template: Template) -> list[tuple[int, list[str]]]:
    versions = TemplateVersion.objects.filter(template=template).order_by("number")
    return [(version.number, version.changed) for version in versions]


def restore(user: User, template: Template, number: int) -> Any:
    url = address("campaigns.template", "restore", template.pk, number)
    return signed_in(user).post(url, {"confirmed": "1"})


def difference(user: User, template: Template, number: int, query: str = "") -> Any:
    url = address("campaigns.template", "version", template.pk, number)
    return signed_in(user).get(url + query)


class TestWhatIsKept:
    def test_is_each_save_that_changes_something(self, user: User) -> None:
        template = save(user)
        save(user, template)
        save(user, template, html="<p>Ho</p>", subject="Ho")
        assert kept(template) == [(1, []), (2, ["subject", "html"])]
        assert TemplateVersion.objects.get(number=2).made_by == user

    def test_is_no_save_with_other_line_ends_alone(self, user: User) -> None:
        template = TemplateFactory(owner=user, name="Spring", subject="Hi", html="a\nb")
        save(user, template, html="a\r\nb")
        assert kept(template) == [(1, [])]

    def test_begins_with_what_was_there_before_versions_were_kept(self, user: User) -> None:
        template = TemplateFactory(owner=user, html="<p>Old</p>")
        save(user, template)
        first = TemplateVersion.objects.get(number=1)
        assert (first.made_by, first.snapshot["html"]) == (None, "<p>Old</p>")

    def test_is_nothing_that_was_only_looked_at(self, user: User) -> None:
        form = {"name": "Spring", "subject": "Hi", "html": "<p>Hi</p>", "_preview": ""}
        signed_in(user).post(address("campaigns.template", "add"), form)
        assert not TemplateVersion.objects.exists()

    def test_are_no_more_than_so_many(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(template_versions, "KEPT", 2)
        template = save(user)
        for subject in ("a", "b", "c"):
            save(user, template, subject=subject)
        assert [number for number, _ in kept(template)] == [3, 4]

    def test_ends_with_the_template(self, user: User) -> None:
        template = save(user)
        url = address("campaigns.template", "delete", template.pk)
        signed_in(user).post(url, {"post": "yes"})
        assert not TemplateVersion.objects.exists()


class TestThePages:
    def test_list_who_changed_what(self, user: User) -> None:
        template = save(user)
        save(user, template, preview_text="Soon")
        response = signed_in(user).get(address("campaigns.template", "versions", template.pk))
        assert user.username in page_of(response)
        assert "Preview text" in page_of(response)

    def test_outlive_the_users_who_saved(self, user: User) -> None:
        template = TemplateFactory()
        boss = member("superuser")
        save(boss, template, owner=str(template.owner_id))
        boss.delete()
        again = member(VIEWER)
        response = signed_in(again).get(address("campaigns.template", "versions", template.pk))
        assert "a deleted user" in page_of(response)

    def test_show_what_differs_line_by_line(self, user: User) -> None:
        template = save(user, html="a\nb\nc")
        save(user, template, html="a\nB\nc")
        page = difference(user, template, 2).content.decode()
        assert "<del>b</del><ins>B</ins>" in page
        assert "<div>a</div>" in page

    def test_show_what_changed_since(self, user: User) -> None:
        template = save(user, html="a")
        save(user, template, html="b")
        save(user, template, html="c")
        page = difference(user, template, 1, "?now").content.decode()
        assert "<del>a</del><ins>c</ins>" in page

    def test_do_not_name_a_sender_of_who_handed_the_template_on(self, user: User) -> None:
        sender = SenderFactory(owner=user, display_name="Ada of before")
        template = save(user, default_sender=str(sender.pk))
        assert "Ada of before" in difference(user, template, 1).content.decode()
        Template.objects.update(owner=(other := member(MANAGER)), sender=None)
        page = difference(other, template, 1).content.decode()
        assert "Ada of before" not in page and "of another owner" in page

    def test_write_markup_as_text(self, user: User) -> None:
        template = save(user, html="<script>alert(1)</script>")
        page = difference(user, template, 1).content.decode()
        assert "<script>alert(1)" not in page

    def test_say_when_texts_are_too_large_to_compare(self, user: User) -> None:
        lines = "".join(f"{n % 7}\n" for n in range(60_000))
        other = "".join(f"{n % 5}\n" for n in range(60_000))
        template = TemplateFactory(owner=user)
        for number, html in enumerate((lines, other), 1):
            snapshot = {"html": html}
            TemplateVersion.objects.create(template=template, number=number, snapshot=snapshot)
        response = difference(user, template, 2)
        assert response.status_code == 200
        assert "HTML" in page_of(response)

    @pytest.mark.parametrize("number", ["99", "0", "99999999999999999999"])
    def test_know_no_other_number(self, user: User, number: str) -> None:
        template = save(user)
        url = address("campaigns.template", "version", template.pk, 1).replace("/1/", f"/{number}/")
        assert signed_in(user).get(url).status_code == 404


class TestRestoring:
    def test_makes_a_new_version_of_the_old_text(self, user: User) -> None:
        template = save(user, html="old")
        save(user, template, html="new")
        restore(user, template, 1)
        template.refresh_from_db()
        assert template.html == "old"
        assert kept(template)[-1] == (3, ["html"])
        assert "Restored from version 1." in str(entries(template))

    def test_asks_first(self, user: User) -> None:
        template = save(user, html="old")
        save(user, template, html="new")
        url = address("campaigns.template", "restore", template.pk, 1)
        assert "Restore version 1" in page_of(signed_in(user).get(url))
        template.refresh_from_db()
        assert template.html == "new"

    def test_leaves_out_a_sender_that_is_gone(self, user: User) -> None:
        sender = SenderFactory(owner=user)
        template = save(user, default_sender=str(sender.pk))
        save(user, template, html="new")
        sender.delete()
        restore(user, template, 1)
        template.refresh_from_db()
        assert (template.sender, template.html) == (None, "<p>Hi</p>")

    def test_is_for_those_who_may_change_it(self, user: User) -> None:
        template = save(user, html="old")
        save(user, template, html="new")
        assert restore(member(VIEWER), template, 1).status_code == 403
        assert restore(member(MANAGER), template, 1).status_code == 404
        template.refresh_from_db()
        assert template.html == "new"


class TestCopies:
    def copy(self, user: User, template: Template) -> Any:
        url = address("campaigns.template", "duplicate", template.pk)
        return signed_in(user).post(url, {"confirmed": "1"})

    def test_have_the_same_text_and_folder(self, user: User) -> None:
        template = TemplateFactory(owner=user, name="x" * 200, folder="Spring", html="<p>a</p>")
        self.copy(user, template)
        copy = Template.objects.exclude(pk=template.pk).get()
        assert (copy.folder, copy.html, copy.owner) == ("Spring", "<p>a</p>", user)
        assert copy.name.endswith("x (copy)")
        assert kept(copy) == [(1, [])]

    def test_are_made_by_those_who_may_add_some(self, user: User) -> None:
        template = TemplateFactory(owner=user)
        assert self.copy(member(VIEWER), template).status_code == 403
        assert self.copy(member(MANAGER), template).status_code == 404
        assert Template.objects.count() == 1


class TestFolders:
    def test_filter_the_list(self, user: User) -> None:
        TemplateFactory(owner=user, name="Tulips", folder="Spring")
        TemplateFactory(owner=user, name="Leaves", folder="Autumn")
        TemplateFactory(name="Roses", folder="Secret")
        page = address("campaigns.template", "changelist")
        everything = page_of(signed_in(user).get(page))
        assert "Spring" in everything
        assert "Secret" not in everything
        some = page_of(signed_in(user).get(f"{page}?folder=Spring"))
        assert "Tulips" in some
        assert "Leaves" not in some

    def test_are_offered_in_the_form(self, user: User) -> None:
        TemplateFactory(owner=user, folder="Spring")
        page = signed_in(user).get(address("campaigns.template", "add")).content.decode()
        assert '<option value="Spring">' in page
        assert 'list="edm-folders"' in page


class TestTheSender:
    def task(self, user: User, template: Template, **fields: str) -> Task:
        form = {
            "name": "Spring mail",
            "priority": "0",
            "audience": "all",
            "tasktemplate_set-TOTAL_FORMS": "1",
            "tasktemplate_set-INITIAL_FORMS": "0",
            "tasktemplate_set-0-template": str(template.pk),
            "tasktemplate_set-0-weight": "1",
            **fields,
        }
        response = signed_in(user).post(address("campaigns.task", "add"), form)
        assert response.status_code == 302, page_of(response)
        return Task.objects.get()

    def test_of_a_template_is_what_a_task_begins_with(self, user: User) -> None:
        sender = SenderFactory(owner=user)
        assert self.task(user, TemplateFactory(owner=user, sender=sender)).sender == sender

    def test_of_the_task_stands(self, user: User) -> None:
        own, other = SenderFactory(owner=user), SenderFactory(owner=user)
        template = TemplateFactory(owner=user, sender=other)
        assert self.task(user, template, sender=str(own.pk)).sender == own
