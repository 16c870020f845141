"""Contacts come in from a file, step by step, and nothing changes before the last one."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User

from campaigns.models import Attribute, Contact, MailConsent, Operation, StoredFile, Suppression
from signin.models import Profile
from tests.campaigns.admin.imports.wizard import (
    ROWS,
    UPLOAD,
    Wizard,
    figures,
    page,
    run_the_cluster,
)
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    NOBODY,
    address,
    member,
    page_of,
    texts,
)
from tests.factories import ContactFactory

pytestmark = pytest.mark.django_db

MESSY = Path(__file__).parents[3] / "data" / "contacts_messy.csv"


class TestTheUpload:
    def test_leads_to_what_was_understood(self, wizard: Wizard) -> None:
        shown = page_of(wizard.upload(ROWS))
        assert "What was understood of “list.csv”" in shown
        assert "ada@example.com" in shown
        assert not Contact.objects.exists()

    def test_keeps_the_file_for_a_day(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        file = StoredFile.objects.get()
        assert file.expires_at is not None
        assert (file.expires_at - file.created_at).days == 1

    @pytest.mark.parametrize(
        ("content", "told"),
        [(b"%PDF-1.7", "The file is a PDF file"), (b"", "The submitted file is empty")],
    )
    def test_refuses_what_is_no_table(self, wizard: Wizard, content: bytes, told: str) -> None:
        assert told in page_of(wizard.upload(content))
        assert not Operation.objects.exists()

    def test_lists_what_was_begun(self, wizard: Wizard) -> None:
        wizard.upload(ROWS, "first.csv")
        assert "first.csv" in page_of(wizard.client.get(UPLOAD))

    def test_keeps_the_last_ten_only(self, wizard: Wizard) -> None:
        for number in range(12):
            wizard.upload(ROWS, f"list{number}.csv")
        titles = set(Operation.objects.values_list("title", flat=True))
        assert len(titles) == 10
        assert "list1.csv" not in titles


class TestTheColumns:
    def test_strike_out_what_does_not_come_in_and_say_why(self, wizard: Wizard, user: User) -> None:
        Attribute.objects.create(owner=user, key="plan", kind="choice", choices=["free"])
        wizard.upload("email,plan\nada@example.com,free\nbob@example.com,pro\n")
        shown = page_of(wizard.client.get(page("columns", wizard.operation)))
        assert ">pro</s>" in shown
        assert ">free</s>" not in shown
        assert "<li>The row came in without plan: “pro” is none of the choices." in shown

    def test_show_the_rows_as_they_will_come_in(self, wizard: Wizard) -> None:
        shown = page_of(wizard.upload(ROWS))
        assert "Rejected: " in shown
        assert "An email address must have an @-sign." in shown

    def test_can_be_given_another_meaning(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        wizard.columns(meaning_2="attribute", key_2="Home Town", meaning_1="ignored")
        wizard.options()
        wizard.start()
        ada = Contact.objects.get(email="ada@example.com")
        assert (ada.name, ada.attributes) == ("", {"home_town": "London"})

    def test_need_one_with_addresses(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        shown = page_of(wizard.columns(meaning_0="ignored"))
        assert "Choose the column that has the email addresses." in shown

    def test_are_guessed_anew_where_the_file_is_read_in_another_way(self, wizard: Wizard) -> None:
        wizard.upload("Email;Name\nada@example.com;Ada, the first\n")
        form = {**wizard.form(), "delimiter": ","}
        shown = page_of(wizard.client.post(page("columns", wizard.operation), form))
        assert "What its 1 column means" in shown

    def test_have_types(self, wizard: Wizard) -> None:
        wizard.upload("email,orders\nada@example.com,3\n")
        wizard.columns(meaning_1="attribute", key_1="orders", kind_1="number")
        wizard.options()
        wizard.start()
        assert Contact.objects.get().attributes == {"orders": 3}

    def test_are_remembered_for_files_with_the_same_headings(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        wizard.columns(meaning_2="ignored")
        shown = page_of(wizard.upload(ROWS.replace("London", "Paris"), "later.csv"))
        assert "Read as you chose on" in shown
        assert wizard.form()["meaning_2"] == "ignored"

    def test_are_not_remembered_for_another_owner(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        wizard.columns(meaning_2="ignored")
        assert "Read as you chose" not in page_of(Wizard(member(MANAGER)).upload(ROWS))

    def test_are_forgotten_on_request(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        wizard.columns(meaning_2="ignored")
        wizard.upload(ROWS)
        wizard.client.post(page("columns", wizard.operation), {"forget": "yes"})
        assert wizard.form()["meaning_2"] == "attribute"
        assert "Read as you chose" not in page_of(wizard.upload(ROWS))

    def test_that_stay_as_guessed_are_not_told_as_chosen(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        wizard.columns()
        assert "Read as you chose" not in page_of(wizard.upload(ROWS))


class TestTheOptions:
    def test_add_tags(self, wizard: Wizard) -> None:
        wizard.bring(ROWS, tags='spring, "press, radio"'.replace('"', ""))
        tags = Contact.objects.get(email="ada@example.com").tags
        assert set(tags.values_list("name", flat=True)) == {"spring", "press", "radio"}

    @pytest.mark.parametrize(
        ("existing", "name", "city"),
        [("update", "Ada", "London"), ("fill", "Augusta", "London"), ("skip", "Augusta", None)],
    )
    def test_say_what_becomes_of_contacts_that_exist(
        self, wizard: Wizard, user: User, existing: str, name: str, city: str | None
    ) -> None:
        ContactFactory(owner=user, email="ada@example.com", name="Augusta")
        wizard.bring(ROWS, existing=existing)
        ada = Contact.objects.get(email="ada@example.com")
        assert (ada.name, ada.attributes.get("city")) == (name, city)

    def test_record_that_all_agreed(self, wizard: Wizard) -> None:
        wizard.bring(ROWS, all_agreed="on", agreed_by="spring fair", agreed_on="2026-05-01")
        ada = Contact.objects.get(email="ada@example.com")
        assert (ada.mail_consent, ada.mail_consent_source) == (MailConsent.GIVEN, "spring fair")
        assert ada.mail_consent_at is not None
        assert ada.mail_consent_at.isoformat().startswith("2026-05-01")

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"all_agreed": "on"}, "Say where they agreed"),
            ({"all_agreed": "on", "agreed_by": "x", "agreed_on": "2999-01-01"}, "still to come"),
            ({"existing": "replace"}, "Select a valid choice"),
            ({"tags": "a\x00b"}, "Null characters"),
            ({"tags": "x" * 101}, "longer than 100"),
        ],
    )
    def test_are_explained_where_they_cannot_be(
        self, wizard: Wizard, options: dict[str, str], told: str
    ) -> None:
        wizard.upload(ROWS)
        wizard.columns()
        assert told in page_of(wizard.options(**options))


class TestTheCheck:
    def test_counts_and_changes_nothing(self, wizard: Wizard, user: User) -> None:
        ContactFactory(owner=user, email="ada@example.com", name="Ada")
        Suppression.objects.create(email="cy@example.com", reason="unsubscribed")
        wizard.upload(ROWS)
        wizard.columns()
        wizard.options()
        shown = wizard.check()
        assert figures(shown) == {
            "Created": 1, "Updated": 1, "Unchanged": 0, "Duplicates in the file": 0, "Rejected": 1,
        }  # fmt: skip
        assert "1 unsubscribed before: still not mailed" in shown
        assert "1 row: An email address must have an @-sign." in shown
        assert Contact.objects.get().attributes == {}

    def test_has_the_numbers_that_the_import_has(self, wizard: Wizard) -> None:
        """Of the first rows of a messy file; the browser tests import the whole of it."""
        text = MESSY.read_bytes().decode("utf-8-sig")
        start = text[: text.index("user1000@")].rsplit("\n", 1)[0]
        wizard.upload(start, MESSY.name)
        wizard.columns()
        wizard.options(tags="spring")
        before = figures(wizard.check())
        assert figures(wizard.start()) == before
        assert before["Created"] == Contact.objects.count()
        assert sum(before.values()) == len(list(csv.reader(StringIO(start)))) - 1 == 1_000

    def test_is_needed_again_once_something_changes(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        wizard.columns()
        wizard.options()
        wizard.columns(meaning_2="ignored")
        response = wizard.client.post(
            page("check", wizard.operation), {"start": "yes"}, follow=True
        )
        assert "What to do with" in page_of(response)
        assert not Contact.objects.exists()


class TestTheImport:
    def test_tells_what_became_of_the_rows(self, wizard: Wizard) -> None:
        shown = wizard.bring(ROWS)
        assert (figures(shown)["Created"], figures(shown)["Rejected"]) == (2, 1)
        assert f"imported_by={wizard.operation.pk}" in shown
        assert "Rejected rows, to correct" in shown

    def test_leads_from_the_check_to_all_rows_that_would_be_rejected(self, wizard: Wizard) -> None:
        wrong = "".join(f"Cy,wrong{n:03},Rome\n" for n in range(120))
        wizard.upload(f"name,email,city\nAda,ada@example.com,Rome\n{wrong}".encode())
        wizard.columns()
        wizard.options()
        shown = wizard.check()
        assert "The first 20 of 120 are shown." in shown
        assert not Contact.objects.exists()
        check = Operation.objects.get(params__dry_run=True)
        url = address("campaigns.operation", "file", check.pk, "rejected")
        assert f'href="{url}"' in shown
        rows = b"".join(iter(wizard.client.get(url))).decode().splitlines()
        assert (len(rows), "wrong119" in rows[-1]) == (121, True)

    def test_marks_the_contacts_that_it_made(self, wizard: Wizard, user: User) -> None:
        ContactFactory(owner=user, email="ada@example.com")
        wizard.bring(ROWS)
        made = Contact.objects.filter(imported_by=wizard.operation.pk)
        assert [contact.email for contact in made] == ["cy@example.com"]

    def test_brings_corrected_rows_back(self, wizard: Wizard) -> None:
        wizard.bring(ROWS)
        file = wizard.operation.files.get(role="rejected")
        url = address("campaigns.operation", "file", file.operation_id, "rejected")
        raw = b"".join(iter(wizard.client.get(url)))
        assert "nobody" in raw.decode()
        shown = wizard.bring(raw.replace(b"nobody", b"bob@example.com"), "corrected.csv")
        assert figures(shown)["Created"] == 1
        bob = Contact.objects.get(email="bob@example.com")
        assert (bob.name, bob.attributes) == ("Bob", {"city": "Rome"})

    def test_starts_once_however_often_the_button_is_pressed(self, wizard: Wizard) -> None:
        wizard.bring(ROWS)
        for name in ("check", "options", "columns"):
            response = wizard.client.post(page(name, wizard.operation), {"start": "y"}, follow=True)
            assert "This import was started already." in texts(response)
        assert Operation.objects.filter(kind="import").count() == 1

    def test_is_cancelled_after_a_question(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        wizard.columns()
        wizard.options()
        wizard.client.post(page("check", wizard.operation), {"start": "yes"})
        cancel = page("cancel", wizard.operation)
        assert "What came in until then stays" in page_of(wizard.client.get(cancel))
        assert wizard.operation.state == "queued"
        wizard.client.post(cancel, CONFIRM)
        run_the_cluster()
        assert wizard.operation.state == "cancelled"
        assert not Contact.objects.exists()

    def test_shows_how_far_it_is(self, wizard: Wizard) -> None:
        wizard.upload(ROWS)
        wizard.columns()
        wizard.options()
        wizard.client.post(page("check", wizard.operation), {"start": "yes"})
        assert page("progress", wizard.operation) in wizard.result()
        Operation.objects.filter(pk=wizard.operation.pk).update(state="running", done=10, total=40)
        part = page_of(wizard.client.get(page("progress", wizard.operation)))
        assert "10 of 40 rows" in part
        assert page("cancel", wizard.operation) in part

    def test_tells_in_the_language_of_the_reader_why_rows_were_rejected(
        self, wizard: Wizard, user: User
    ) -> None:
        wizard.bring(ROWS)
        Profile.objects.create(user=user, language="zh-hans")
        told = wizard.result()
        assert "邮箱地址必须包含 @。" in told
        assert "@-sign" not in told


class TestWhatAFileSaysOfPeople:
    RAW = "email,status\nada@b.example,unsubscribed\nbob@b.example,pending\ncy@b.example,odd\n"

    def test_is_said_before_anything_is_changed(self, wizard: Wizard) -> None:
        wizard.upload(self.RAW)
        wizard.columns()
        wizard.options()
        shown = wizard.check()
        assert (figures(shown)["Suppressed"], figures(shown)["Kept out"]) == (1, 1)
        assert "“status: unsubscribed”" in shown
        assert "“status” says “odd” in 1 row" in shown
        assert not Contact.objects.exists()
        assert not Suppression.objects.exists()

    def test_is_heeded(self, wizard: Wizard) -> None:
        shown = wizard.bring(self.RAW)
        assert (figures(shown)["Suppressed"], figures(shown)["Kept out"]) == (1, 1)
        assert Suppression.objects.get().email == "ada@b.example"

    def test_suppresses_no_one_where_it_is_not_wanted(self, wizard: Wizard) -> None:
        shown = wizard.bring(self.RAW, may_suppress="")
        assert figures(shown)["Kept out"] == 2
        assert not Suppression.objects.exists()

    def test_suppresses_no_one_for_a_user_who_may_not(self) -> None:
        user = member(NOBODY)
        names = ["import_contact", "view_contact"]
        user.user_permissions.set(Permission.objects.filter(codename__in=names))
        ContactFactory(owner=user, email="ada@b.example")
        shown = Wizard(user).bring(self.RAW, may_suppress="on")
        assert figures(shown)["Kept out"] == 2
        assert "still mailed" in shown
        assert not Suppression.objects.exists()
