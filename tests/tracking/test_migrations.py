from __future__ import annotations

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.db.migrations.executor import MigrationExecutor


def migrate(targets: list[tuple[str, str | None]]) -> None:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)


def tables() -> set[str]:
    return {name for name in connection.introspection.table_names() if name.startswith("tracking_")}


@pytest.mark.django_db
def test_tracking_can_be_taken_out_and_put_back() -> None:
    everything = MigrationExecutor(connection).loader.graph.leaf_nodes()
    made = tables()
    assert {
        "tracking_event",
        "tracking_link",
        "tracking_eventtally",
        "tracking_rejectedrequests",
    } <= made

    migrate([("tracking", None)])
    assert tables() == set()

    migrate(everything)
    assert tables() == made


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["campaign manager", "operator", "viewer"])
def test_every_group_may_look_at_events(name: str) -> None:
    group = Group.objects.get(name=name)
    assert group.permissions.filter(codename="view_event").exists()
    assert not group.permissions.filter(
        content_type__app_label="tracking", codename__regex="^(add|change|delete)_"
    ).exists()
