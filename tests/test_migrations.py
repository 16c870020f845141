"""What the migrations make, and that all of it can be taken back."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

pytestmark = pytest.mark.django_db

APPS = ("campaigns", "dispatch", "signin", "signup", "tracking")
PARTS = """
WITH ours AS (
    SELECT oid, relname, relpersistence, reloptions FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relname ~ %(ours)s
)
SELECT 'table', relname, concat_ws(' ', relpersistence, reloptions) FROM ours
UNION ALL SELECT 'column', relname, concat_ws(' ', attnum, attname, format_type(atttypid, atttypmod), attnotnull)
    FROM pg_attribute JOIN ours ON ours.oid = attrelid WHERE attnum > 0
UNION ALL SELECT 'constraint', conname, pg_get_constraintdef(c.oid)
    FROM pg_constraint c JOIN ours ON ours.oid = conrelid
UNION ALL SELECT 'index', indexrelid::regclass::text, pg_get_indexdef(indexrelid)
    FROM pg_index JOIN ours ON ours.oid = indrelid
UNION ALL SELECT 'trigger', tgname, pg_get_triggerdef(t.oid)
    FROM pg_trigger t JOIN ours ON ours.oid = tgrelid WHERE NOT tgisinternal
UNION ALL SELECT 'function', proname, prosrc
    FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND proname ~ %(ours)s
"""


def words(text: str) -> set[str]:
    return set(text.split())


def migrate(targets: list[tuple[str, str | None]]) -> None:
    MigrationExecutor(connection).migrate(targets)


def parts() -> set[tuple[str, str, str]]:
    """All that the database holds of these apps: its kind, its name, what it is."""
    with connection.cursor() as cursor:
        cursor.execute(PARTS, {"ours": f"^({'|'.join(APPS)})_"})
        return set(cursor.fetchall())


def named(kind: str) -> set[str]:
    return {name for its_kind, name, _ in parts() if its_kind == kind}


@pytest.mark.timeout(600)
def test_everything_can_be_taken_out_and_put_back() -> None:
    everything = MigrationExecutor(connection).loader.graph.leaf_nodes()
    made = parts()
    assert {kind for kind, _, _ in made} == {
        "table",
        "column",
        "constraint",
        "index",
        "trigger",
        "function",
    }

    with connection.cursor() as cursor:  # all of it is one transaction, in which Python is busy
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    migrate([(app, None) for app in APPS])
    assert parts() == set()

    migrate(everything)
    assert parts() == made


def test_triggers_keep_what_is_derived_and_guard_limits_contents_and_references() -> None:
    assert named("trigger") == {
        "contact_changed",
        "contact_import_changed",
        "contact_import_deleted",
        "contact_import_exists",
        "contact_owner_changed",
        "contact_owner_exists",
        "contact_search_insert",
        "contact_search_update",
        "contact_search_delete",
        "content_deleted",
        "emailservice_pace",
        "emailservice_limits_update",
        "engagement_times_delete",
        "engagement_times_insert",
        "engagement_times_update",
        "link_contact_changed",
        "link_contact_deleted",
        "link_contact_exists",
        "link_tag_changed",
        "link_tag_deleted",
        "link_tag_exists",
        "pace_freeze",
        "subtask_content_changed",
        "subtask_content_exists",
        "subtask_sent_insert",
        "subtask_sent_update",
        "subtask_sent_delete",
        "subtask_tally_insert",
        "subtask_tally_update",
        "subtask_tally_delete",
        "task_owner",
    }


@pytest.mark.parametrize(
    ("table", "stored"),
    [
        (
            "campaigns_subtask",
            "p {fillfactor=75,autovacuum_vacuum_scale_factor=0.01,autovacuum_vacuum_cost_delay=0,"
            "autovacuum_analyze_scale_factor=0.02}",
        ),
        (
            "dispatch_pace",
            "p {fillfactor=50,autovacuum_vacuum_scale_factor=0.0,autovacuum_vacuum_threshold=500,"
            "autovacuum_vacuum_cost_delay=0}",
        ),
        (
            "tracking_allowance",
            "u {fillfactor=50,autovacuum_vacuum_scale_factor=0.0,autovacuum_vacuum_threshold=5000}",
        ),
    ],
)
def test_a_hot_table_is_stored_for_being_hot(table: str, stored: str) -> None:
    assert ("table", table, stored) in parts()


def permissions_of(group: str) -> set[str]:
    return set(Permission.objects.filter(group__name=group).values_list("codename", flat=True))


def test_a_viewer_sees_everything_and_changes_nothing() -> None:
    assert permissions_of("viewer") == words("""
        see_everything view_abtest view_attachment view_attempt view_attribute view_brand view_contact view_emailservice
        view_event view_image view_operation view_rejectedrequests view_segment view_sender view_subtask
        view_savedblock view_seedlist view_suppression
        view_signup view_signupform
        view_tag view_task view_tasktemplate view_team view_template
    """)


def test_a_campaign_manager_also_does_all_that_a_campaign_takes() -> None:
    own = permissions_of("viewer") - {"see_everything", "view_team"}
    assert permissions_of("campaign manager") == own | words("""
        add_attribute change_attribute delete_attribute
        add_abtest change_abtest delete_abtest add_savedblock change_savedblock delete_savedblock
        add_seedlist change_seedlist delete_seedlist
        add_attachment change_attachment delete_attachment
        add_brand change_brand delete_brand add_image change_image delete_image
        add_contact add_sender add_tag add_task add_tasktemplate add_template
        change_contact change_sender change_tag change_task change_tasktemplate change_template
        delete_contact delete_sender delete_tag delete_task delete_tasktemplate delete_template
        add_segment change_segment delete_segment
        add_signupform change_signupform delete_signupform
        import_contact export_contact launch_task control_task approve_task retry_subtask decide_subtask
        add_suppression export_suppression
    """)


def test_an_operator_also_runs_services_and_the_suppression_list() -> None:
    assert permissions_of("operator") == permissions_of("viewer") | words("""
        add_emailservice change_emailservice delete_emailservice control_emailservice
        add_signupform change_signupform delete_signupform
        control_task approve_task retry_subtask decide_subtask
        add_suppression change_suppression delete_suppression export_suppression suppress_domain
        export_address erase_address
        add_team change_team delete_team
    """)
