"""Migrations that change names alone."""

from __future__ import annotations

from typing import Any

from django.db import migrations, models
from django.db.migrations.state import ModelState, ProjectState

from access.names import NamesOnly


def test_a_field_has_its_new_name_and_the_database_is_told_nothing() -> None:
    state = ProjectState()
    fields: list[tuple[str, models.Field[Any, Any]]] = [
        ("id", models.BigAutoField(primary_key=True)),
        ("key", models.TextField()),
    ]
    state.add_model(ModelState("garden", "Seed", fields))
    assert state.apps.get_model("garden", "seed")._meta.get_field("key").verbose_name == "key"
    named = models.TextField(verbose_name="name")
    operation = NamesOnly([migrations.AlterField("seed", "key", named)])
    operation.state_forwards("garden", state)
    assert state.apps.get_model("garden", "seed")._meta.get_field("key").verbose_name == "name"
    assert operation.database_operations == []
