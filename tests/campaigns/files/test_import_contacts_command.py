"""`manage.py import_contacts`."""

from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import CommandError, call_command

from campaigns.models import Contact, Tag

pytestmark = pytest.mark.django_db


@pytest.fixture
def path(tmp_path: Path) -> Path:
    User.objects.create_user("ann")
    path = tmp_path / "contacts.csv"
    path.write_text("email,name\nann@example.com,Ann\nbad,Bob\n")
    return path


def test_it_prints_what_came_in_and_what_did_not(
    path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("import_contacts", str(path), "--owner=ann", "--tag=spring")
    out = capsys.readouterr().out
    assert "Rejected: line 3: bad: An email address must have an @-sign." in out
    assert "1 contact created, 0 updated, 0 unchanged, 0 duplicates, 1 row rejected." in out
    assert set(
        Tag.objects.filter(contacts__email="ann@example.com").values_list("name", flat=True)
    ) == {"spring"}


def test_a_dry_run_changes_nothing(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("import_contacts", str(path), "--owner=ann", "--dry-run")
    assert "1 contact created" in capsys.readouterr().out
    assert not Contact.objects.exists()


@pytest.mark.parametrize("content", ["name\nAnn\n", "email\nbad\n"])
def test_an_unusable_file_is_an_error(path: Path, content: str) -> None:
    path.write_text(content)
    with pytest.raises(CommandError):
        call_command("import_contacts", str(path), "--owner=ann")


def test_a_missing_file_is_an_error(path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be opened"):
        call_command("import_contacts", str(path.with_name("none.csv")), "--owner=ann")


def test_an_unknown_owner_is_an_error(path: Path) -> None:
    with pytest.raises(CommandError, match="no user called 'nobody'"):
        call_command("import_contacts", str(path), "--owner=nobody")
