"""The content of a campaign in its step: one message, a test, several languages, files."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile

from campaigns.models import ABTest, Attachment, Task, TaskTemplate
from tests.campaigns.ab_tests.making import planned
from tests.campaigns.admin.staff import page_of
from tests.campaigns.admin.steps.way import Way, step
from tests.campaigns.attachments.making import PDF, attach
from tests.campaigns.languages.making import add_contacts, in_languages
from tests.factories import EmailServiceFactory, TaskFactory, TemplateFactory

pytestmark = pytest.mark.django_db

SETTINGS = {
    "sample": "10", "sample_unit": "percent", "measure": "clicks", "link": "",
    "decide_after": "7200", "threshold": "0.95", "ends_early": "on", "otherwise": "ask",
}  # fmt: skip


def posted(task: Task, kind: str, *new: dict[str, Any], **more: Any) -> dict[str, Any]:
    """What a browser sends of the step: the saved rows as they are, some new ones, and one that is
    empty; the settings of a test; no file."""
    saved = list(TaskTemplate.objects.filter(task=task).order_by("pk"))
    rows = [
        {
            "id": row.pk, "template": row.template_id, "weight": row.weight,
            "language": row.language, "subject": row.subject, "sender": row.sender_id or "",
        }
        for row in saved
    ] + [{"template": "", "weight": 1, **fields} for fields in (*new, {})]  # fmt: skip
    tests = ABTest.objects.filter(task=task).count()
    return {
        "kind": kind,
        "sender": task.sender_id or "",
        "tasktemplate_set-TOTAL_FORMS": len(rows),
        "tasktemplate_set-INITIAL_FORMS": len(saved),
        "ab_test-TOTAL_FORMS": 1,
        "ab_test-INITIAL_FORMS": tests,
        "ab_test-0-task": task.pk,
        "attachments-TOTAL_FORMS": 0,
        "attachments-INITIAL_FORMS": 0,
        **{f"tasktemplate_set-{n}-{k}": v for n, row in enumerate(rows) for k, v in row.items()},
        **{f"ab_test-0-{name}": value for name, value in SETTINGS.items()},
        **more,
    }


def rows_of(task: Task, *names: str) -> list[Any]:
    rows = TaskTemplate.objects.filter(task=task).order_by("pk")
    return list(rows.values_list(*names, flat=len(names) == 1))


class TestAnABTest:
    def test_of_two_subjects_is_planned_with_one_template(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        [template] = rows_of(task, "template")
        fields = posted(task, "test", {"subject": "Sow now"}, differs="subject")
        assert way.save("content", task, **fields).url == step("delivery", task)
        assert rows_of(task, "template", "subject") == [(template, ""), (template, "Sow now")]
        test = ABTest.objects.get(task=task)
        assert (test.sample, test.measure, test.otherwise) == (10, "clicks", "ask")
        assert test.decide_after == dt.timedelta(hours=2)

    def test_of_two_messages_is_planned_with_two_templates(self, way: Way, user: User) -> None:
        task, other = TaskFactory(owner=user), TemplateFactory(owner=user)
        [first] = rows_of(task, "template")
        way.save("content", task, **posted(task, "test", {"template": other.pk}, differs="whole"))
        assert rows_of(task, "template") == [first, other.pk]

    def test_of_one_variant_is_not_gone_on_with(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        shown = page_of(way.save("content", task, **posted(task, "test", differs="subject")))
        assert "Its A/B test needs 2 to 5 variants, and it has 1" in shown
        assert not ABTest.objects.exists()

    def test_is_left_unfinished_and_come_back_to(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        EmailServiceFactory()
        way.save("content", task, **posted(task, "test", _next="", _leave="yes"))
        assert ABTest.objects.filter(task=task).exists()
        assert way.see("", task).url == step("content", task)
        shown = page_of(way.see("content", task))
        assert 'name="kind" value="test" checked' in shown
        assert "Variant B" in shown

    def test_gets_a_variant_more_by_its_button(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        fields = posted(task, "test", {"subject": "Sow now"}, differs="subject", _more="yes")
        url = way.save("content", task, **fields).url
        expected = f"{step('content', task)}?kind=test&differs=subject&rows=4#message-4"
        assert url == expected
        shown = page_of(way.client.get(url))
        assert "Variant D" in shown
        assert "Variant E" not in shown

    def test_has_five_variants_at_most(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        shown = page_of(way.client.get(f"{step('content', task)}?kind=test&rows=9"))
        assert "Variant E" in shown
        assert "Add a variant" not in shown

    def test_loses_the_variant_that_is_removed(self, way: Way, user: User) -> None:
        task = planned(3, variants=3, status="draft", owner=user)
        fields = posted(task, "test", differs="subject", _remove="1")
        assert way.save("content", task, **fields).url.startswith(step("content", task))
        assert rows_of(task, "subject") == ["", "Third subject"]

    @pytest.mark.parametrize("wait", ["9" * 20, "9" * 5000])
    def test_with_an_endless_wait_is_refused_in_words(
        self, way: Way, user: User, wait: str
    ) -> None:
        task = planned(3, variants=2, status="draft", owner=user)
        fields = {**posted(task, "test", differs="subject"), "ab_test-0-decide_after": wait}
        assert "Select a valid choice" in page_of(way.save("content", task, **fields))

    def test_ends_with_the_choice_of_one_message(self, way: Way, user: User) -> None:
        task = planned(3, variants=2, status="draft", owner=user)
        shown = page_of(way.see("content", task))
        assert "the first message alone stays with the campaign" in shown
        way.save("content", task, **posted(task, "one", differs="subject"))
        assert rows_of(task, "subject") == [""]
        assert not ABTest.objects.exists()

    def test_is_seen_as_each_of_its_variants(self, way: Way, user: User) -> None:
        task = planned(3, variants=2, status="draft", owner=user)
        fields = posted(task, "test", {"subject": "Third"}, differs="subject", _show="yes")
        labels = [
            label for _, label in way.save("content", task, **fields).context["beside"]["choices"]
        ]
        assert [label[:2] for label in labels] == ["A:", "B:", "C:"]
        assert "Third" in labels[2]

    def test_is_summed_up_by_the_check(self, way: Way, user: User) -> None:
        task = planned(200, variants=2, status="draft", owner=user, sample=30)
        EmailServiceFactory()
        plan = dict(way.see("check", task).context["plan"])
        name = str(TaskTemplate.objects.filter(task=task)[0].template)
        assert plan["Variant B"] == f"“Second subject”, {name}"
        assert plan["A/B test"].startswith("60 get the variants, at least 30 each, and 140 wait")


class TestSeveralLanguages:
    def test_are_planned_each_with_its_template(self, way: Way, user: User) -> None:
        task, german = TaskFactory(owner=user), TemplateFactory(owner=user)
        [first] = rows_of(task, "template")
        row = {"template": german.pk, "language": "DE"}
        way.save("content", task, **posted(task, "languages", row))
        assert rows_of(task, "template", "language") == [(first, ""), (german.pk, "de")]

    @pytest.mark.parametrize(
        ("written", "wrong"), [("xx-nonsense", "xx"), ("de-nonsense", "nonsense"), ("de-QX", "QX")]
    )
    def test_are_ones_that_are_known(self, way: Way, user: User, written: str, wrong: str) -> None:
        task, other = TaskFactory(owner=user), TemplateFactory(owner=user)
        row = {"template": other.pk, "language": written}
        shown = page_of(way.save("content", task, **posted(task, "languages", row)))
        assert f"“{written}” names no language that is known: “{wrong}” is wrong." in shown
        assert rows_of(task, "language") == [""]

    @pytest.mark.parametrize("tag", ["zh-Hans-CN", "pt-BR", "es-419", "sr-Latn", "gsw", "cmn"])
    def test_are_written_as_browsers_write_them(self, way: Way, user: User, tag: str) -> None:
        task, other = TaskFactory(owner=user), TemplateFactory(owner=user)
        way.save(
            "content", task, **posted(task, "languages", {"template": other.pk, "language": tag})
        )
        assert rows_of(task, "language") == ["", tag]

    def test_take_the_place_of_a_test(self, way: Way, user: User) -> None:
        task = planned(3, variants=2, status="draft", owner=user)
        row = {"template": TemplateFactory(owner=user).pk, "language": "de"}
        way.save("content", task, **posted(task, "languages", row))
        assert not ABTest.objects.exists()
        assert rows_of(task, "language") == ["", "", "de"]

    def test_are_counted_while_they_are_planned(self, way: Way, user: User) -> None:
        task = in_languages("", "de", "fr", status="draft", owner=user)
        add_contacts(task, "de-AT", "de", None)
        assert 'hx-get="?who=1"' in page_of(way.see("content", task))
        shown = page_of(way.client.get(f"{step('content', task)}?who=1"))
        assert "German (de): 2; French (fr): 0; for everyone else: 1" in shown
        assert "No recipient gets the message in French (fr)." in shown
        assert "No recipient gets the message in German (de)." not in shown

    def test_that_no_one_reads_are_in_the_checklist(self, way: Way, user: User) -> None:
        task = in_languages("", "de", status="draft", owner=user)
        EmailServiceFactory()
        add_contacts(task, "fr", None)
        found = [each["finding"].what for each in way.see("check", task).context["checklist"]]
        assert "No recipient gets the message in German (de)." in found


class TestFiles:
    def test_are_attached_together_and_shown_with_their_sizes(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        uploads = [SimpleUploadedFile(name, PDF) for name in ("a.pdf", "b.pdf")]
        response = way.save("content", task, **posted(task, "one"), uploads=uploads, _attach="yes")
        assert response.url == f"{step('content', task)}?kind=one#files"
        assert set(Attachment.objects.values_list("name", flat=True)) == {"a.pdf", "b.pdf"}
        assert "18 bytes" in page_of(way.see("content", task))

    def test_are_taken_with_whatever_saves_the_step(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        fields = posted(task, "one", uploads=SimpleUploadedFile("a.pdf", PDF))
        assert way.save("content", task, **fields).url == step("delivery", task)
        assert Attachment.objects.get(task=task).name == "a.pdf"

    def test_that_are_refused_are_named_with_the_reason(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        fields = posted(task, "one", uploads=SimpleUploadedFile("a.exe", b"MZ"))
        shown = page_of(way.save("content", task, **fields))
        assert "a.exe" in shown.split('id="files"')[1]
        assert "a.exe" not in Attachment.objects.values_list("name", flat=True)

    def test_that_are_far_too_many_leave_the_texts_as_they_are_written(
        self, way: Way, user: User
    ) -> None:
        task = TaskFactory(owner=user)
        uploads = [SimpleUploadedFile(f"{number}.pdf", PDF) for number in range(200)]
        fields = {**posted(task, "one"), "tasktemplate_set-0-subject": "Sow now"}
        shown = page_of(way.save("content", task, **fields, uploads=uploads))
        assert "A campaign has 10 files at most." in shown
        assert 'value="Sow now"' in shown
        assert not Attachment.objects.filter(task=task).exists()

    def test_are_removed(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        file = attach(task)
        fields = posted(
            task, "one", _remove_file="0",
            **{
                "attachments-TOTAL_FORMS": 1, "attachments-INITIAL_FORMS": 1,
                "attachments-0-id": file.pk, "attachments-0-task": task.pk,
            },
        )  # fmt: skip
        way.save("content", task, **fields)
        assert not Attachment.objects.filter(task=task).exists()


class TestSeveralAtRandom:
    def test_are_named_with_a_weight_of_their_own(self, user: User) -> None:
        task = TaskFactory(owner=user)
        row, template = task.tasktemplate_set.get(), task.templates.get()
        assert str(row) == template.name
        row.weight = 3
        assert str(row) == f"{template.name} × 3"

    def test_stay_as_they_were_planned(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        task.tasktemplate_set.create(template=TemplateFactory(owner=user), weight=3)
        shown = page_of(way.see("content", task))
        assert 'name="kind" value="split" checked' in shown
        way.save("content", task, **posted(task, "split"))
        assert rows_of(task, "weight") == [1, 3]


class TestWhatAnotherChoiceTakesAway:
    LANGUAGES = "the messages have no languages any more"
    TEST = "the campaign has no A/B test any more"
    TEMPLATES = "all variants have the template of the first"

    def said(self, way: Way, task: Task) -> list[str]:
        shown = page_of(way.see("content", task))
        return [each for each in (self.LANGUAGES, self.TEST, self.TEMPLATES) if each in shown]

    def test_is_nothing_of_one_message(self, way: Way, user: User) -> None:
        assert self.said(way, TaskFactory(owner=user)) == []

    def test_is_said_of_languages(self, way: Way, user: User) -> None:
        task = in_languages("", "de", status="draft", owner=user)
        assert self.said(way, task) == [self.LANGUAGES]

    def test_is_said_of_a_test_and_its_templates(self, way: Way, user: User) -> None:
        task = planned(3, variants=2, status="draft", owner=user)
        assert self.said(way, task) == [self.TEST]
        last = TaskTemplate.objects.filter(task=task).latest("pk")
        TaskTemplate.objects.filter(pk=last.pk).update(template=TemplateFactory(owner=user))
        assert self.said(way, task) == [self.TEST, self.TEMPLATES]


def test_one_message_is_not_saved_beside_one_that_came_meanwhile(way: Way, user: User) -> None:
    task = TaskFactory(owner=user)
    fields = posted(task, "one", **{"tasktemplate_set-0-subject": "Sow now"})
    task.tasktemplate_set.create(template=TemplateFactory(owner=user))
    shown = page_of(way.save("content", task, **fields))
    assert "Another message was added to the campaign since this page was opened" in shown
    assert 'value="Sow now"' in shown
    assert rows_of(task, "subject") == ["", ""]


def test_a_key_of_any_length_is_refused_in_words(way: Way, user: User) -> None:
    task = TaskFactory(owner=user)
    shown = page_of(way.save("content", task, **posted(task, "one", sender="1" * 5000)))
    assert "Select a valid choice" in shown
