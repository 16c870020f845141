"""Which language a recipient gets."""

from __future__ import annotations

import pytest

from campaigns.languages import choosing
from campaigns.languages.tags import canonical, named
from campaigns.models import SubTask
from tests.campaigns.languages.making import add_contacts, got, in_languages

# The second column is what RFC 4647 section 3.4 says of the languages "", zh-Hans, zh, de-CH, fr.
LOOKED_UP = [
    ("zh-Hans-CN", "zh-Hans"),
    ("zh-hans", "zh-Hans"),
    ("ZH_HANS_CN.UTF-8", "zh-Hans"),
    ("zh-Hant-TW", "zh"),
    ("zh-TW", "zh"),
    ("zh", "zh"),
    ("zha", ""),
    ("de-CH-1996", "de-CH"),
    ("de-DE", ""),
    ("de", ""),
    ("fr-CA@euro", "fr"),
    (" fr ", "fr"),
    ("fr-CA,fr;q=0.9", "fr"),
    ("ja", ""),
    ("", ""),
    ("Français", ""),
    (None, ""),
]
WRITTEN = ["", "zh-Hans", "zh", "de-CH", "fr"]


@pytest.mark.django_db
def test_each_recipient_gets_the_longest_tag_that_fits() -> None:
    task = in_languages(*WRITTEN)
    add_contacts(task, *(tag for tag, _ in LOOKED_UP))
    assert got(task) == [language for _, language in LOOKED_UP]


@pytest.mark.django_db
def test_without_a_row_for_everyone_else_the_first_language_is_the_default() -> None:
    task = in_languages("zh-Hans", "zh", "en")
    add_contacts(task, "ja", None, "zh-Hans-SG", "zh-TW", "en-GB")
    assert got(task) == ["zh-Hans", "zh-Hans", "zh-Hans", "zh", "en"]


@pytest.mark.django_db
def test_rows_of_one_language_share_its_recipients_by_weight() -> None:
    task = in_languages("en", "de")
    choice = task.tasktemplate_set.get(language="de")
    task.tasktemplate_set.create(
        template=choice.template, language="DE", subject="Also", weight=2_000_000_000
    )
    add_contacts(task, *["de"] * 30, "en")
    got(task)
    subjects = SubTask.objects.filter(task=task).values_list("content__subject", flat=True)
    assert sorted(subjects) == ["Also"] * 30 + ["In en"]


@pytest.mark.django_db
def test_a_later_change_of_language_changes_nothing_that_was_launched() -> None:
    task = in_languages("", "de")
    add_contacts(task, "de")
    before = got(task)
    task.tasktemplate_set.filter(language="de").update(language="fr", subject="Nothing else")
    content = SubTask.objects.get(task=task).content
    assert (before, content.language, content.subject) == (["de"], "de", "In de")


@pytest.mark.parametrize(("tag", "language"), [(t, x) for t, x in LOOKED_UP if t and t[0] in "zdj"])
def test_a_preview_chooses_alike(tag: str, language: str) -> None:
    languages = choosing.languages_of(WRITTEN)
    assert choosing.chosen(languages, tag) == language.lower()


@pytest.mark.parametrize(
    ("written", "tag"),
    [("ZH_hans_cn", "zh-Hans-CN"), ("EN-gb", "en-GB"), (" de ", "de"), ("de-1996", "de-1996")],
)
def test_a_tag_is_kept_as_it_is_usually_written(written: str, tag: str) -> None:
    assert canonical(written) == tag


def test_a_language_is_named() -> None:
    assert [named("de"), named("zh-hans"), named("xx-nonsense")] == [
        "German (de)",
        "Chinese (Simplified) (zh-Hans)",
        "xx-nonsense",
    ]
