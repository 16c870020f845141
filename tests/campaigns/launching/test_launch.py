from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.db.models.functions import Now
from django_q.models import OrmQ

from campaigns.launching import launch
from campaigns.models import (
    Contact,
    Content,
    Launch,
    Sender,
    SubTask,
    Suppression,
    Tag,
    Task,
    TaskStatus,
    TaskTemplate,
)
from campaigns.state import lifecycle
from tests.concurrency import run_together
from tests.factories import ContactFactory, TagFactory, TaskFactory, TemplateFactory

pytestmark = pytest.mark.django_db


def queued(*emails: str, **kwargs: Any) -> Task:
    """A task that has just been launched, whose owner has these contacts."""
    task = TaskFactory(status=TaskStatus.QUEUED, launched_at=Now(), **kwargs)
    for email in emails:
        ContactFactory(owner=task.owner, email=email)
    return task


def many(count: int, **kwargs: Any) -> Task:
    return queued(*(f"r{n}@example.com" for n in range(count)), **kwargs)


def recipients(task: Task) -> list[str]:
    return sorted(SubTask.objects.filter(task=task).values_list("recipient_email", flat=True))


def status(task: Task) -> str:
    return Task.objects.get(pk=task.pk).status


def tag(task: Task, name: str, *emails: str) -> Tag:
    label = TagFactory(owner=task.owner, name=name)
    label.contacts.set(Contact.objects.filter(owner=task.owner, email__in=emails))
    return label


class TestAudience:
    ALL = ("ada@example.com", "bob@example.com", "cem@example.com")

    def test_all_means_every_contact_of_the_owner_and_nobody_elses(self) -> None:
        task = queued(*self.ALL)
        ContactFactory(email="stranger@example.com")
        launch.expand(task.pk)
        assert recipients(task) == list(self.ALL)

    def test_tags_mean_contacts_with_any_of_them(self) -> None:
        task = queued(*self.ALL, audience="tags")
        task.include_tags.add(tag(task, "a", self.ALL[0]), tag(task, "b", self.ALL[1]))
        launch.expand(task.pk)
        assert recipients(task) == list(self.ALL[:2])

    def test_a_contact_with_two_of_the_tags_is_mailed_once(self) -> None:
        task = queued(*self.ALL, audience="tags")
        task.include_tags.add(tag(task, "a", self.ALL[0]), tag(task, "b", self.ALL[0]))
        launch.expand(task.pk)
        assert recipients(task) == [self.ALL[0]]

    @pytest.mark.parametrize("audience", ["all", "tags", "chosen"])
    def test_a_contact_with_an_excluded_tag_is_never_mailed(self, audience: str) -> None:
        task = queued(*self.ALL, audience=audience)
        task.include_tags.add(tag(task, "in", *self.ALL))
        task.contacts.set(Contact.objects.all())
        task.exclude_tags.add(tag(task, "out", self.ALL[1]))
        launch.expand(task.pk)
        assert recipients(task) == [self.ALL[0], self.ALL[2]]

    def test_chosen_means_just_those(self) -> None:
        task = queued(*self.ALL, audience="chosen")
        task.contacts.set(Contact.objects.filter(email=self.ALL[2]))
        launch.expand(task.pk)
        assert recipients(task) == [self.ALL[2]]

    def test_exclusion_is_not_cut_off_at_a_page(self) -> None:
        task = many(120)
        task.exclude_tags.add(tag(task, "out", *(f"r{n}@example.com" for n in range(119))))
        launch.expand(task.pk)
        assert recipients(task) == ["r119@example.com"]

    def test_contacts_added_after_the_launch_are_not_mailed(self) -> None:
        task = queued(*self.ALL)
        launch.prepare(task)
        ContactFactory(owner=task.owner, email="late@example.com")
        launch.expand(task.pk)
        assert recipients(task) == list(self.ALL)


class TestSuppression:
    def test_a_suppressed_address_is_dropped(self) -> None:
        task = queued("ada@example.com", "bob@example.com")
        Suppression.objects.create(email="ada@example.com")
        launch.expand(task.pk)
        assert recipients(task) == ["bob@example.com"]

    def test_every_address_of_a_suppressed_domain_is_dropped(self) -> None:
        task = queued("ada@example.com", "bob@example.org", "cem@mail.example.com")
        Suppression.objects.create(email="@example.com")
        launch.expand(task.pk)
        assert recipients(task) == ["bob@example.org", "cem@mail.example.com"]

    def test_those_dropped_are_counted_by_reason(self) -> None:
        task = queued("ada@example.com", "bob@example.com", "cem@example.net", "dan@example.org")
        Suppression.objects.create(email="ada@example.com", reason="unsubscribed")
        Suppression.objects.create(email="bob@example.com", reason="hard_bounce")
        Suppression.objects.create(email="@example.net", reason="unsubscribed")
        launch.expand(task.pk)
        assert Launch.objects.get().suppressed == {"unsubscribed": 2, "hard_bounce": 1}

    def test_counts_of_several_chunks_are_added(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(launch, "CHUNK", 2)
        task = queued("a@example.com", "b@example.com", "c@example.com", "d@example.net")
        Suppression.objects.create(email="@example.com", reason="complaint")
        launch.expand(task.pk)
        assert Launch.objects.get().suppressed == {"complaint": 3}

    def test_an_address_suppressed_twice_over_is_counted_once(self) -> None:
        task = queued("ada@example.com", "bob@example.org")
        Suppression.objects.create(email="ada@example.com", reason="complaint")
        Suppression.objects.create(email="@example.com", reason="manual")
        launch.expand(task.pk)
        assert Launch.objects.get().suppressed == {"complaint": 1}

    def test_a_task_whose_whole_audience_is_suppressed_is_a_draft_that_says_so(self) -> None:
        task = queued("ada@example.com")
        Suppression.objects.create(email="ada@example.com")
        launch.expand(task.pk)
        task.refresh_from_db()
        assert (task.status, task.launched_at) == (TaskStatus.DRAFT, None)
        assert "suppression list" in task.note
        assert not Launch.objects.exists()
        assert not Content.objects.exists()

    def test_a_launch_killed_before_it_gave_up_is_given_up_by_the_next(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        task = queued("ada@example.com")
        Suppression.objects.create(email="ada@example.com")
        launch.prepare(task)

        def killed(*args: object) -> None:
            raise KeyboardInterrupt

        with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
            patch.setattr(launch, "give_up", killed)
            launch.expand(task.pk)
        launch.expand(task.pk)
        assert status(task) == TaskStatus.DRAFT


class TestFreezing:
    def test_the_content_is_that_of_the_template_and_sender_at_the_launch(self) -> None:
        template = TemplateFactory(subject="Old", html="<p>Old</p>", preview_text="Old preview")
        task = queued("ada@example.com", template=template)
        launch.expand(task.pk)
        template.subject, template.html, template.preview_text = "New", "<p>New</p>", "New"
        template.save()
        Sender.objects.filter(owner=task.owner).update(local_part="other", display_name="Other")
        content = SubTask.objects.get().content
        assert (content.subject, content.preview_text) == ("Old", "Old preview")
        assert "Old" in content.html
        assert "Old" in content.text
        assert (content.sender_local_part, content.sender_name) == ("news", "Example News")

    def test_a_text_part_of_the_templates_own_is_kept_as_it_is(self) -> None:
        words = "My own words, and {{ unsubscribe_url }}"
        task = queued("ada@example.com", template=TemplateFactory(text=words))
        launch.expand(task.pk)
        assert Content.objects.get().text == words

    def test_the_variables_are_those_of_the_contact_at_the_launch(self) -> None:
        task = queued()
        contact = ContactFactory(
            owner=task.owner, email="ada@example.com", name="Ada", attributes={"city": "Ulm"}
        )
        launch.expand(task.pk)
        contact.name, contact.attributes = "Changed", {}
        contact.save()
        own = {"name": "Ada", "email": "ada@example.com", "tracking_consent": False}
        expected = {**own, "city": "Ulm"}
        assert SubTask.objects.get().variables == expected

    def test_the_variables_are_what_the_contact_says_they_are(self) -> None:
        task = queued()
        contact = ContactFactory(owner=task.owner, attributes={"name": "other", "n": 1, "ü": "%s"})
        launch.expand(task.pk)
        assert SubTask.objects.get().variables == contact.merge_variables()

    def test_a_deleted_contact_is_still_mailed(self) -> None:
        task = queued("ada@example.com")
        launch.expand(task.pk)
        Contact.objects.all().delete()
        assert recipients(task) == ["ada@example.com"]

    def test_a_template_deleted_from_the_task_stays_in_its_content(self) -> None:
        task = queued("ada@example.com")
        launch.expand(task.pk)
        TaskTemplate.objects.all().delete()
        assert SubTask.objects.get().content.subject == "Hello {{ name }}"

    def test_a_template_that_does_not_compile_leaves_a_draft_that_says_which(self) -> None:
        template = TemplateFactory(html="<p>{% if %}</p>")
        task = queued("ada@example.com", template=template)
        launch.expand(task.pk)
        task.refresh_from_db()
        assert task.status == TaskStatus.DRAFT
        assert "HTML" in task.note
        assert not SubTask.objects.exists()


class TestWeights:
    def shares(self, light: int, heavy: int, count: int) -> float:
        task = many(count, template__subject="light")
        TaskTemplate.objects.update(weight=light)
        TaskTemplate.objects.create(
            task=task, template=TemplateFactory(subject="heavy"), weight=heavy
        )
        launch.expand(task.pk)
        return SubTask.objects.filter(content__subject="heavy").count() / count

    def test_each_recipient_gets_one_of_the_templates(self) -> None:
        assert 0.25 < self.shares(1, 1, 400) < 0.75

    def test_a_heavier_template_is_picked_more_often(self) -> None:
        assert 0.75 < self.shares(1, 9, 400) < 1.0

    def test_a_template_of_almost_all_the_weight_is_picked_always(self) -> None:
        assert self.shares(1, 2_000_000_000, 200) == 1.0


class TestGoingOn:
    @pytest.fixture(autouse=True)
    def small_chunks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(launch, "CHUNK", 10)

    @pytest.mark.parametrize("count", [1, 9, 10, 11, 20, 25])
    def test_every_contact_gets_one_subtask_wherever_the_chunks_end(self, count: int) -> None:
        task = many(count)
        launch.expand(task.pk)
        assert SubTask.objects.count() == count
        assert status(task) == TaskStatus.SENDING

    def test_a_launch_killed_half_way_goes_on_where_it_was(self) -> None:
        task = many(25)
        launch.prepare(task)
        launch.expand_chunk(task)
        assert SubTask.objects.count() == 10
        launch.expand(task.pk)
        assert len(set(recipients(task))) == SubTask.objects.count() == 25
        assert Launch.objects.get().inserted == 25

    def test_a_task_is_not_sent_before_all_its_subtasks_exist(self) -> None:
        task = many(25)
        launch.prepare(task)
        launch.expand_chunk(task)
        assert status(task) == TaskStatus.QUEUED

    def test_a_chunk_that_was_already_made_is_harmless(self) -> None:
        task = many(15)
        launch.prepare(task)
        launch.expand_chunk(task)
        Launch.objects.update(last_contact_id=0, walked=0)
        launch.expand(task.pk)
        assert len(set(recipients(task))) == SubTask.objects.count() == 15

    def test_expanding_again_after_the_end_changes_nothing(self) -> None:
        task = many(5)
        launch.expand(task.pk)
        launch.expand(task.pk)
        assert SubTask.objects.count() == 5
        assert Content.objects.count() == 1

    def test_a_launch_that_is_out_of_time_lets_another_worker_go_on(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(launch, "SLICE_SECONDS", -1.0)
        task = many(25)
        launch.expand(task.pk)
        assert SubTask.objects.count() == 10
        assert OrmQ.objects.count() == 1

    def test_a_task_cancelled_half_way_is_expanded_no_further(self) -> None:
        task = many(25)
        launch.prepare(task)
        launch.expand_chunk(task)
        lifecycle.cancel(task)
        launch.expand(task.pk)
        assert SubTask.objects.count() == 10
        assert status(task) == TaskStatus.CANCELLED

    def test_progress_tells_how_far_it_is(self) -> None:
        task = many(25)
        Suppression.objects.create(email="r3@example.com")
        launch.prepare(task)
        launch.expand_chunk(task)
        progress = Launch.objects.get()
        assert (progress.walked, progress.inserted, progress.audience_size) == (10, 9, 25)
        assert progress.finished_at is None

    def test_progress_is_complete_at_the_end(self) -> None:
        task = many(25)
        launch.expand(task.pk)
        progress = Launch.objects.get()
        assert progress.walked == progress.inserted == progress.audience_size == 25
        assert progress.finished_at is not None

    @pytest.mark.parametrize("state", ["draft", "scheduled", "sending", "paused", "cancelled"])
    def test_only_a_task_that_is_being_launched_is_expanded(self, state: str) -> None:
        task = many(3)
        Task.objects.update(status=state, scheduled_at=Now())
        launch.expand(task.pk)
        assert not SubTask.objects.exists()


@pytest.mark.django_db(transaction=True)
class TestAtTheSameTime:
    def test_two_workers_on_one_launch_make_every_subtask_once(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(launch, "CHUNK", 10)
        task = many(95)
        run_together(lambda: launch.expand(task.pk), lambda: launch.expand(task.pk))
        assert len(set(recipients(task))) == SubTask.objects.count() == 95
        assert Launch.objects.get().inserted == Launch.objects.get().walked == 95
        assert status(task) == TaskStatus.SENDING

    def test_two_workers_on_a_launch_that_comes_to_nothing_both_end(self) -> None:
        task = queued("ada@example.com")
        Suppression.objects.create(email="ada@example.com")
        run_together(lambda: launch.expand(task.pk), lambda: launch.expand(task.pk))
        assert status(task) == TaskStatus.DRAFT


class TestStalled:
    LONG_AGO = Now() - dt.timedelta(seconds=11)

    def test_a_launch_that_nobody_began_is_queued_again(self) -> None:
        task = many(1)
        Task.objects.update(launched_at=self.LONG_AGO)
        assert launch.requeue_stalled() == 1
        assert OrmQ.objects.get().name() == f"launch task {task.pk}"

    def test_a_launch_that_does_not_get_on_is_queued_again(self) -> None:
        launch.prepare(many(1))
        Task.objects.update(launched_at=self.LONG_AGO)
        Launch.objects.update(progressed_at=self.LONG_AGO)
        assert launch.requeue_stalled() == 1

    def test_a_launch_that_was_queued_again_is_given_time(self) -> None:
        launch.prepare(many(1))
        Task.objects.update(launched_at=self.LONG_AGO)
        Launch.objects.update(progressed_at=self.LONG_AGO)
        launch.requeue_stalled()
        assert launch.requeue_stalled() == 0

    def test_a_launch_that_gets_on_is_left_alone(self) -> None:
        launch.prepare(many(1))
        Task.objects.update(launched_at=self.LONG_AGO)
        assert launch.requeue_stalled() == 0

    def test_a_launch_that_has_just_been_asked_for_is_left_alone(self) -> None:
        many(1)
        assert launch.requeue_stalled() == 0
