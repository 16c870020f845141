from __future__ import annotations

import io

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection
from django.db.migrations.state import ProjectState
from pytest_django import Settings

from campaigns.db.enum_type import CreateEnumType
from campaigns.models import SubTaskStatus

pytestmark = pytest.mark.django_db

NINE = [
    "pending",
    "allocated",
    "sending",
    "sent",
    "delivered",
    "bounced",
    "opened",
    "clicked",
    "failed",
]


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def labels_of(type_name: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT enumlabel FROM pg_enum JOIN pg_type t ON t.oid = enumtypid "
            "WHERE typname = %s ORDER BY enumsortorder",
            [type_name],
        )
        return [label for (label,) in cursor.fetchall()]


def create_type(name: str, labels: list[str]) -> None:
    quoted = ", ".join(f"'{label}'" for label in labels)
    execute(f"CREATE TYPE {connection.ops.quote_name(name)} AS ENUM ({quoted})")


def migrate_type() -> None:
    operation = CreateEnumType("SUBTASK_STATUS_TYPE", SubTaskStatus.values)
    with connection.schema_editor() as editor:
        operation.database_forwards("campaigns", editor, ProjectState(), ProjectState())


def check() -> str:
    """What the command says. Raises SystemCheckError."""
    call_command("check", databases=["default"], stdout=(said := io.StringIO()))
    return said.getvalue()


def test_the_code_has_exactly_the_nine_statuses() -> None:
    assert SubTaskStatus.values == NINE


def test_the_database_type_has_exactly_the_nine_statuses_in_order() -> None:
    assert labels_of(django_settings.SUBTASK_STATUS_TYPE) == NINE


@pytest.mark.parametrize("table", ["campaigns_subtask", "campaigns_tally"])
def test_the_status_column_is_a_real_enum(table: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT data_type, udt_name FROM information_schema.columns "
            "WHERE table_name = %s AND column_name = 'status'",
            [table],
        )
        assert cursor.fetchone() == ("USER-DEFINED", django_settings.SUBTASK_STATUS_TYPE)


def test_the_check_is_content_when_code_and_database_agree() -> None:
    assert "no issues" in check()


def test_the_check_names_a_status_that_the_database_lacks(settings: Settings) -> None:
    create_type("eight", NINE[:-1])
    settings.SUBTASK_STATUS_TYPE = "eight"
    with pytest.raises(SystemCheckError, match=r"“eight”.*the database lacks failed\."):
        check()


def test_the_check_names_a_status_that_the_code_does_not_know() -> None:
    execute(f"ALTER TYPE {django_settings.SUBTASK_STATUS_TYPE} ADD VALUE 'processing'")
    with pytest.raises(SystemCheckError, match=r"the code does not know processing\."):
        check()


def test_the_check_names_every_difference_at_once() -> None:
    type_name = django_settings.SUBTASK_STATUS_TYPE
    execute(f"ALTER TYPE {type_name} RENAME VALUE 'opened' TO 'viewed'")
    execute(f"ALTER TYPE {type_name} RENAME VALUE 'clicked' TO 'visited'")
    with pytest.raises(SystemCheckError) as caught:
        check()
    assert "the database lacks clicked, opened" in str(caught.value)
    assert "the code does not know viewed, visited" in str(caught.value)
    assert "campaigns.E001" in str(caught.value)


def test_the_check_accepts_the_statuses_in_another_order(settings: Settings) -> None:
    create_type("shuffled", list(reversed(NINE)))
    settings.SUBTASK_STATUS_TYPE = "shuffled"
    assert "no issues" in check()


def test_the_check_has_nothing_to_say_before_the_type_is_made(settings: Settings) -> None:
    settings.SUBTASK_STATUS_TYPE = "not_made_yet"
    assert "no issues" in check()


def test_the_migration_makes_a_type_of_the_name_in_the_setting(settings: Settings) -> None:
    settings.SUBTASK_STATUS_TYPE = "Sub Task States"
    migrate_type()
    assert labels_of("Sub Task States") == NINE


def test_the_migration_keeps_a_type_that_is_there_already(settings: Settings) -> None:
    create_type("legacy", ["pending", "somebody_elses"])
    settings.SUBTASK_STATUS_TYPE = "legacy"
    migrate_type()
    assert labels_of("legacy") == ["pending", "somebody_elses"]


def test_taking_the_migration_back_leaves_the_type(settings: Settings) -> None:
    create_type("legacy", NINE)
    settings.SUBTASK_STATUS_TYPE = "legacy"
    operation = CreateEnumType("SUBTASK_STATUS_TYPE", NINE)
    with connection.schema_editor() as editor:
        operation.database_backwards("campaigns", editor, ProjectState(), ProjectState())
    assert labels_of("legacy") == NINE


def test_the_migration_says_what_it_does() -> None:
    assert "SUBTASK_STATUS_TYPE" in CreateEnumType("SUBTASK_STATUS_TYPE", NINE).describe()
