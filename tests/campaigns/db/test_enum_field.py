from __future__ import annotations

import pytest
from django.db import DataError, connection, models, transaction
from django.db.models import Case, Value, When
from django.db.models.functions import Cast
from pytest_django import Settings

from campaigns.db.enum_field import DatabaseEnumField
from campaigns.models import SubTask, SubTaskStatus
from tests.factories import SubTaskFactory


class Colour(models.TextChoices):
    RED = "red", "Red"
    BLUE = "blue", "Blue"


@pytest.fixture
def field(settings: Settings) -> DatabaseEnumField:
    settings.COLOUR_TYPE = "Old Colours"
    return DatabaseEnumField(type_setting="COLOUR_TYPE", choices=Colour)


def test_the_column_has_the_type_that_the_setting_names(field: DatabaseEnumField) -> None:
    assert field.db_type(connection) == '"Old Colours"'


def test_a_cast_has_the_type_that_the_setting_names(field: DatabaseEnumField) -> None:
    assert field.cast_db_type(connection) == '"Old Colours"'


def test_the_labels_are_the_values_of_the_choices(field: DatabaseEnumField) -> None:
    assert field.labels == ["red", "blue"]


def test_a_migration_names_the_setting_and_not_the_type(field: DatabaseEnumField) -> None:
    _, path, _, kwargs = field.deconstruct()
    assert path == "campaigns.db.enum_field.DatabaseEnumField"
    assert kwargs["type_setting"] == "COLOUR_TYPE"
    assert "Old Colours" not in str(kwargs)


def test_a_field_can_be_made_again_from_its_migration(field: DatabaseEnumField) -> None:
    _, _, args, kwargs = field.deconstruct()
    again = DatabaseEnumField(*args, **kwargs)
    assert again.type_name == field.type_name
    assert again.labels == field.labels


@pytest.mark.django_db
class TestInTheDatabase:
    def test_a_stored_status_is_read_back_as_it_was(self) -> None:
        subtask = SubTaskFactory()
        assert SubTask.objects.get(pk=subtask.pk).status == SubTaskStatus.PENDING

    def test_rows_are_found_by_one_or_several_statuses(self) -> None:
        subtask = SubTaskFactory()
        assert SubTask.objects.get(status="pending") == subtask
        assert SubTask.objects.get(status__in=["pending", "sent"]) == subtask

    def test_rows_are_found_by_a_part_of_the_status(self) -> None:
        subtask = SubTaskFactory()
        assert SubTask.objects.get(status__icontains="PEND") == subtask

    def test_a_status_can_be_computed_in_an_update(self) -> None:
        SubTaskFactory()
        computed = Case(When(status="pending", then=Value("failed")), default=Value("sent"))
        status = Cast(computed, SubTask._meta.get_field("status"))
        SubTask.objects.update(status=status, failure_reason="invalid")
        assert SubTask.objects.get().status == SubTaskStatus.FAILED

    def test_bulk_update_writes_the_status(self) -> None:
        subtask = SubTaskFactory()
        subtask.status, subtask.failure_reason = SubTaskStatus.FAILED, "invalid"
        SubTask.objects.bulk_update([subtask], ["status", "failure_reason"])
        assert SubTask.objects.get().status == SubTaskStatus.FAILED

    def test_statuses_sort_in_the_order_of_a_life(self) -> None:
        SubTaskFactory(status=SubTaskStatus.FAILED, failure_reason="invalid")
        SubTaskFactory()
        found = SubTask.objects.order_by("status").values_list("status", flat=True)
        assert list(found) == ["pending", "failed"]

    def test_a_status_that_the_type_does_not_know_is_refused(self) -> None:
        subtask = SubTaskFactory()
        with pytest.raises(DataError, match="processing"), transaction.atomic():
            SubTask.objects.filter(pk=subtask.pk).update(status="processing")
