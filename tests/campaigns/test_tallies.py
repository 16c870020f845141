from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.models.functions import Now
from django.template import Context, Template
from pytest_django import DjangoAssertNumQueries

from campaigns import tallies
from campaigns.models import SubTask, SubTaskStatus, Tally, Task
from campaigns.models.tally import TaskCounts
from tests.concurrency import run_together, second_connection
from tests.factories import (
    ContentFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    SubTaskFactory,
    in_doubt,
)


def make(count: int = 3, **kwargs: Any) -> Task:
    task = SendingTaskFactory()
    SubTaskFactory.create_batch(count, task=task, content=ContentFactory(task=task), **kwargs)
    return task


def tallied(task: Task) -> dict[str, int]:
    return {status: n for status, n in Tally.objects.counts(task.pk).by_status.items() if n}


def counted(task: Task) -> dict[str, int]:
    return dict(Counter(SubTask.objects.filter(task=task).values_list("status", flat=True)))


def execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.django_db
class TestWhoeverWrites:
    def test_inserted_subtasks_are_counted(self) -> None:
        assert tallied(make(3)) == {"pending": 3}

    def test_bulk_inserted_subtasks_are_counted(self) -> None:
        task = SendingTaskFactory()
        content = ContentFactory(task=task)
        SubTask.objects.bulk_create(
            SubTask(task=task, content=content, recipient_email=f"r{n}@example.com")
            for n in range(5)
        )
        assert tallied(task) == {"pending": 5}

    def test_an_insert_that_skips_conflicts_counts_what_it_inserted(self) -> None:
        task = make(1, recipient_email="ada@example.com")
        SubTask.objects.bulk_create(
            [
                SubTask(task=task, content=task.contents.get(), recipient_email=email)
                for email in ("ada@example.com", "bob@example.com")
            ],
            ignore_conflicts=True,
        )
        assert tallied(task) == {"pending": 2}

    def test_an_update_of_one_moves_one(self) -> None:
        task = make(3)
        first = SubTask.objects.earliest("id")
        first.status, first.failure_reason = SubTaskStatus.FAILED, "invalid"
        first.save()
        assert tallied(task) == {"pending": 2, "failed": 1}

    def test_an_update_of_many_moves_many(self) -> None:
        task = make(3)
        SubTask.objects.update(status="failed", failure_reason="cancelled")
        assert tallied(task) == {"failed": 3}

    def test_an_update_by_raw_sql_is_counted(self) -> None:
        task = make(3)
        execute("UPDATE campaigns_subtask SET status = 'failed', failure_reason = 'rejected'")
        assert tallied(task) == {"failed": 3}

    def test_an_update_that_changes_no_status_writes_nothing(self) -> None:
        make(3)
        before = Tally.objects.count()
        SubTask.objects.update(available_at=Now())
        assert Tally.objects.count() == before

    def test_an_update_of_no_rows_writes_nothing(self) -> None:
        make(1)
        before = Tally.objects.count()
        SubTask.objects.filter(pk=-1).update(status="failed", failure_reason="invalid")
        assert Tally.objects.count() == before

    def test_deleted_subtasks_are_no_longer_counted(self) -> None:
        task = make(3)
        SubTask.objects.earliest("id").delete()
        assert tallied(task) == {"pending": 2}

    def test_subtasks_deleted_by_raw_sql_are_no_longer_counted(self) -> None:
        task = make(3)
        execute("DELETE FROM campaigns_subtask")
        assert tallied(task) == {}

    def test_what_is_rolled_back_is_not_counted(self) -> None:
        task = make(3)
        with transaction.atomic():
            SubTask.objects.update(status="failed", failure_reason="invalid")
            transaction.set_rollback(True)
        assert tallied(task) == {"pending": 3}

    def test_one_statement_over_two_tasks_counts_each_for_its_own(self) -> None:
        one, other = make(2), make(3)
        SubTask.objects.update(status="failed", failure_reason="invalid")
        assert (tallied(one), tallied(other)) == ({"failed": 2}, {"failed": 3})

    def test_one_statement_writes_one_row_for_each_group_and_not_for_each_subtask(self) -> None:
        make(20)
        before = Tally.objects.count()
        SubTask.objects.update(status="failed", failure_reason="invalid")
        assert Tally.objects.count() == before + 2


@pytest.mark.django_db
class TestCounts:
    def test_a_task_without_subtasks_has_zero_counts(self) -> None:
        counts = Tally.objects.counts(SendingTaskFactory().pk)
        assert (counts.total, counts.open, counts.accepted, counts.done_percent) == (0, 0, 0, 0)

    def test_those_in_doubt_are_counted_apart_from_those_being_sent(self) -> None:
        counts = Tally.objects.counts(in_doubt(EmailServiceFactory()).task_id)
        assert (counts["sending"], counts.in_doubt, counts.total) == (0, 1, 1)

    def test_failures_are_counted_by_reason(self) -> None:
        task = make(2, status="failed", failure_reason="rejected")
        SubTask.objects.filter(pk=SubTask.objects.earliest("id").pk).update(
            failure_reason="invalid"
        )
        counts = Tally.objects.counts(task.pk)
        assert {reason: n for reason, n in counts.by_reason.items() if n} == {
            "rejected": 1,
            "invalid": 1,
        }

    def test_the_states_add_up_to_the_total(self) -> None:
        service = EmailServiceFactory()
        task = make(2)
        content = task.contents.get()
        in_doubt(service, task=task, content=content)
        SubTaskFactory(task=task, content=content, status="opened", service=service)
        SubTaskFactory(task=task, content=content, status="failed", failure_reason="invalid")
        counts = Tally.objects.counts(task.pk)
        assert counts.total == 5
        assert counts.total == counts.open + counts.in_doubt + counts.accepted + counts["failed"]
        assert counts.done_percent == 40

    def test_the_counts_of_many_tasks_take_one_query(
        self, django_assert_num_queries: DjangoAssertNumQueries
    ) -> None:
        tasks = [make(1), make(2), make(3)]
        with django_assert_num_queries(1):
            counts = Tally.objects.counts_of([task.pk for task in tasks])
        assert [counts[task.pk].total for task in tasks] == [1, 2, 3]


@pytest.mark.django_db
class TestFolding:
    @pytest.fixture(autouse=True)
    def soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tallies, "FOLD_FROM", 3)

    def test_folding_keeps_every_sum(self) -> None:
        task = make(5)
        SubTask.objects.filter(pk=SubTask.objects.earliest("id").pk).update(
            status="failed", failure_reason="invalid"
        )
        tallies.fold()
        assert tallied(task) == counted(task) == {"pending": 4, "failed": 1}

    def test_folding_leaves_one_row_for_each_state(self) -> None:
        task = make(5)
        SubTask.objects.filter(pk=SubTask.objects.earliest("id").pk).update(
            status="failed", failure_reason="invalid"
        )
        tallies.fold()
        assert Tally.objects.filter(task_id=task.pk).count() == 2

    def test_folding_leaves_no_row_for_a_state_that_nothing_is_in(self) -> None:
        task = make(5)
        SubTask.objects.update(status="failed", failure_reason="invalid")
        tallies.fold()
        assert Tally.objects.get(task_id=task.pk).status == SubTaskStatus.FAILED

    def test_folding_keeps_doubt_and_reasons_apart(self) -> None:
        service = EmailServiceFactory()
        task = make(5)
        content = task.contents.get()
        in_doubt(service, task=task, content=content)
        SubTaskFactory(task=task, content=content, status="failed", failure_reason="invalid")
        SubTaskFactory(task=task, content=content, status="failed", failure_reason="rejected")
        tallies.fold()
        counts = Tally.objects.counts(task.pk)
        assert (counts.in_doubt, counts["sending"]) == (1, 0)
        assert counts.by_reason == {"invalid": 1, "rejected": 1}

    def test_tallies_of_few_rows_are_left_alone(self) -> None:
        task = make(2)
        before = list(Tally.objects.filter(task_id=task.pk).values_list("pk", flat=True))
        tallies.fold()
        assert list(Tally.objects.filter(task_id=task.pk).values_list("pk", flat=True)) == before

    def test_folding_again_changes_nothing(self) -> None:
        task = make(5)
        tallies.fold()
        tallies.fold()
        assert tallied(task) == {"pending": 5}

    def test_a_task_is_looked_at_only_while_its_counts_change(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tallies, "NEWEST", 2)
        slow, busy = make(3), make(5)
        tallies.fold()
        assert Tally.objects.filter(task_id=slow.pk).count() == 3
        assert Tally.objects.filter(task_id=busy.pk).count() == 1

    def test_a_task_whose_counts_change_rarely_is_folded_with_the_next_change(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(tallies, "NEWEST", 2)
        slow = make(3)
        make(5)
        SubTaskFactory(task=slow, content=slow.contents.get())
        tallies.fold()
        assert tallied(slow) == {"pending": 4}
        assert Tally.objects.filter(task_id=slow.pk).count() == 1

    def test_the_tallies_of_a_task_that_is_gone_go_too(self) -> None:
        Tally.objects.bulk_create(Tally(task_id=-1, status="sent", count=1) for _ in range(5))
        tallies.fold()
        assert not Tally.objects.filter(task_id=-1).exists()


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    @pytest.fixture(autouse=True)
    def soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(tallies, "FOLD_FROM", 3)

    def test_a_writer_does_not_wait_for_another_of_the_same_task(self) -> None:
        task = make(2)
        one, other = SubTask.objects.order_by("id")
        with second_connection() as session, session.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "UPDATE campaigns_subtask SET status = 'failed', failure_reason = 'invalid' "
                "WHERE id = %s",
                [one.pk],
            )
            with transaction.atomic():
                execute("SET LOCAL lock_timeout = '1ms'")
                SubTask.objects.filter(pk=other.pk).update(
                    status="failed", failure_reason="invalid"
                )
            cursor.execute("COMMIT")
        assert tallied(task) == {"failed": 2}

    def test_many_writers_at_once_leave_exact_tallies(self) -> None:
        task = make(40)
        ids = list(SubTask.objects.values_list("pk", flat=True))

        def fail(mine: Iterable[int]) -> Callable[[], None]:
            def run() -> None:
                for pk in mine:
                    SubTask.objects.filter(pk=pk).update(status="failed", failure_reason="invalid")

            return run

        run_together(fail(ids[:10]), fail(ids[10:20]), fail(ids[20:30]), tallies.fold)
        assert tallied(task) == counted(task) == {"pending": 10, "failed": 30}

    def test_a_reader_sees_the_same_sums_while_tallies_are_folded(self) -> None:
        task = make(5)
        with second_connection() as session, session.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(tallies.FOLD_SQL, [tallies.NEWEST, 3])
            during = tallied(task)
            cursor.execute("COMMIT")
        assert during == tallied(task) == {"pending": 5}

    def test_what_is_written_while_tallies_are_folded_is_kept(self) -> None:
        task = make(5)
        with second_connection() as session, session.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(tallies.FOLD_SQL, [tallies.NEWEST, 3])
            SubTask.objects.update(status="failed", failure_reason="invalid")
            cursor.execute("COMMIT")
        assert tallied(task) == {"failed": 5}

    def test_two_folds_at_once_count_nothing_twice(self) -> None:
        task = make(10)
        run_together(tallies.fold, tallies.fold)
        assert tallied(task) == {"pending": 10}


def test_a_template_reads_the_totals_of_the_counts_and_not_a_status_of_that_name() -> None:
    counts = TaskCounts({"pending": 2, "sent": 3}, in_doubt=1)
    template = Template("{{ c.total }} {{ c.open }} {{ c.accepted }} {{ c.in_doubt }} {{ c.sent }}")
    assert template.render(Context({"c": counts})) == "6 2 3 1 3"
