"""Comparisons that cannot work are found when a template is saved or launched."""

from __future__ import annotations

from typing import Any

import pytest

from campaigns.launching import launch
from campaigns.models import SubTask, Task, TaskStatus
from campaigns.rendering import content, template_work
from campaigns.rendering.content import TemplateError
from tests.factories import ContactFactory, TaskFactory


def compared(html: str) -> list[Any]:
    found = template_work.numbers_needed({"html": html})
    return [(tuple(keys), line) for _, line, keys in found]


@pytest.mark.parametrize(
    ("html", "keys"),
    [
        ("{% if score > 10 %}{% endif %}", ("score",)),
        ("{% if 10.5 <= score %}{% endif %}", ("score",)),
        ("{% unless a and score < -1 %}{% endunless %}", ("score",)),
        ("{% if a %}{% elsif score >= 1 %}{% endif %}", ("score",)),
        ("{% for i in list %}{% if score > 1 %}{% endif %}{% endfor %}", ("score",)),
        ("{% case a %}{% when 1 %}{% if score > 1 %}{% endif %}{% endcase %}", ("score",)),
        ("{% if shop.orders[0].total > 10 %}{% endif %}", ("shop", "orders", 0, "total")),
        ("{% if score > forloop.index %}{% endif %}", ("score",)),
        ("{% assign most = 10 %}{% if score > most %}{% endif %}", ("score",)),
        ("{% assign most = a | plus: 1 %}{% if score > most %}{% endif %}", ("score",)),
        ("{% assign s = score %}{% if s > 10 %}{% endif %}", ("score",)),
        ("{% capture x %}{% if score > 10 %}{% endif %}{% endcapture %}", ("score",)),
    ],
)
def test_an_attribute_that_is_compared_with_a_number_is_found(
    html: str, keys: tuple[str, ...] | tuple[str, str, int, str]
) -> None:
    assert compared(html) == [(keys, 1)]


@pytest.mark.parametrize(
    "html",
    [
        "{% if score == 10 %}{% endif %}",
        "{% case score %}{% when 10 %}{% endcase %}",
        '{% if score > "10" %}{% endif %}',
        "{% if score > other %}{% endif %}",
        "{% assign score = score | plus: 0 %}{% if score > 10 %}{% endif %}",
        "{% for score in list %}{% if score > 10 %}{% endif %}{% endfor %}",
        "{% if a[b] > 10 %}{% endif %}",
        '{% if "12" > 10 %}{% endif %}',
        "{% raw %}{% if score > 10 %}{% endif %}{% endraw %}",
    ],
)
def test_what_is_no_error_or_none_of_the_recipients_is_not(html: str) -> None:
    assert compared(html) == []


def test_a_text_in_the_template_that_is_no_number_is_an_error_at_save() -> None:
    with pytest.raises(TemplateError, match="HTML, line 2: “ten” is no number and cannot be"):
        content.check("Hi", '<p>\n{% if score > 1 and "ten" < 11 %}{% endif %}', "")


@pytest.mark.django_db
class TestAtTheLaunch:
    def launched(self, *contacts: dict[str, Any], **parts: str) -> Task:
        task: Task = TaskFactory(
            status=TaskStatus.QUEUED, **{f"template__{name}": text for name, text in parts.items()}
        )
        for n, attributes in enumerate(contacts):
            name = attributes.pop("name", "Ann")
            ContactFactory(owner=task.owner, email=f"c{n}@x.test", name=name, attributes=attributes)
        launch.expand(task.pk)
        task.refresh_from_db()
        return task

    def test_recipients_without_a_number_are_named(self) -> None:
        task = self.launched(
            {"score": "n/a"},
            {"score": "12"},
            {"score": "1,5"},
            html="<p>\n{% if score > 10 %}x{% endif %}",
        )
        assert task.status == TaskStatus.DRAFT
        assert (
            "HTML, line 2: “score” is compared with a number, and 2 of the recipients have another "
            "text there, such as “n/a” of c0@x.test." in task.note
        )
        assert not SubTask.objects.exists()

    def test_numbers_nothing_and_other_kinds_are_no_hindrance(self) -> None:
        values = ["12", " -3.50 ", "", "  ", 7, 1.5, None, True, [1], {"a": "b"}]
        contacts = [{"score": value} for value in values]
        task = self.launched(*contacts, {}, html="{% if score > 10 %}x{% endif %}")
        assert task.status == TaskStatus.SENDING

    @pytest.mark.parametrize("part", ["subject", "preview_text", "text"])
    def test_every_part_is_looked_at(self, part: str) -> None:
        parts = {"html": "<p>", part: "Hi {% if a.b[1] > 10 %}x{% endif %}"}
        task = self.launched({"a": {"b": [1, "two"]}}, **parts)
        assert task.status == TaskStatus.DRAFT
        assert "“a.b.1” is compared with a number, and 1 of the recipients" in task.note

    def test_the_name_of_a_contact_is_looked_at(self) -> None:
        task = self.launched({"name": "Ann", "score": "1"}, html="{% if name > 1 %}x{% endif %}")
        assert "“name” is compared with a number" in task.note

    def test_only_recipients_count(self) -> None:
        task: Task = TaskFactory(
            status=TaskStatus.QUEUED, template__html="{% if score > 1 %}x{% endif %}"
        )
        ContactFactory(owner=task.owner, attributes={"score": "2"})
        ContactFactory(attributes={"score": "n/a"})
        launch.expand(task.pk)
        task.refresh_from_db()
        assert task.status == TaskStatus.SENDING
