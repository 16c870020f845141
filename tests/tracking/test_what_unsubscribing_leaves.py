"""What a wish to get no more mail leaves behind: an event, a line in the log, words on the page."""

from __future__ import annotations

import pytest
from django.test import override_settings

from campaigns.models import SubTask
from tests.texts import group
from tests.tracking.making import sent
from tests.tracking.visiting import get, path, post
from tracking import rejected_requests, subscriptions
from tracking.links.personalise import TEST
from tracking.links.tokens import Purpose, read
from tracking.models import Event
from tracking.subscriptions import Subscriber

pytestmark = pytest.mark.django_db


@pytest.fixture
def subtask() -> SubTask:
    return sent(recipient_email="ann@example.com")


@pytest.fixture
def ann(subtask: SubTask) -> Subscriber:
    return Subscriber(subtask.pk, "ann@example.com")


def told() -> list[tuple[str, int | None, str]]:
    return list(Event.objects.order_by("pk").values_list("kind", "subtask", "detail"))


def test_the_event_is_of_the_message_and_says_why(ann: Subscriber) -> None:
    subscriptions.unsubscribe(ann, "never_asked")
    assert told() == [("unsubscribed", ann.subtask_id, "Never asked for it")]


def test_without_a_reason_and_on_the_way_back_it_says_nothing_more(ann: Subscriber) -> None:
    subscriptions.unsubscribe(ann)
    subscriptions.resubscribe(ann)
    assert told() == [("unsubscribed", ann.subtask_id, ""), ("resubscribed", ann.subtask_id, "")]


@override_settings(LANGUAGE_CODE="de")
def test_the_reason_is_kept_in_english_as_all_that_is_stored(ann: Subscriber) -> None:
    subscriptions.unsubscribe(ann, "too_often")
    assert Event.objects.get().detail == "Too many messages"


def test_the_log_says_it_with_a_token_that_can_be_read_back(
    ann: Subscriber, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("INFO", "tracking"):
        subscriptions.unsubscribe(ann)
    (said,) = [record.getMessage() for record in caplog.records]
    token = group(r"^unsubscribed: (\S+)$", said)
    assert read(Purpose.LOGGED, token) == (ann.subtask_id,)


def test_of_an_address_with_several_at_signs_the_domain_is_shown_and_one_letter() -> None:
    assert Subscriber(1, '"ann@home"@example.com').shown == '"…@example.com'


def test_one_message_leads_to_no_other_ones_recipient(subtask: SubTask) -> None:
    sent(recipient_email="bob@example.com")
    assert subscriptions.subscriber(subtask.pk) == Subscriber(subtask.pk, "ann@example.com")
    SubTask.objects.filter(pk=subtask.pk).delete()
    assert subscriptions.subscriber(subtask.pk) is None


class TestTheWords:
    def test_the_question_offers_each_reason(self, subtask: SubTask) -> None:
        page = get(path(Purpose.UNSUBSCRIBE, subtask.pk)).content.decode()
        for value, label in (
            ("too_often", "Too many messages"),
            ("not_relevant", "Not interesting"),
            ("never_asked", "Never asked for it"),
            ("other", "Another reason"),
        ):
            assert f'value="{value}"' in page
            assert label in page

    def test_who_is_unsubscribed_is_named_as_before(self, subtask: SubTask) -> None:
        page = post(path(Purpose.UNSUBSCRIBE, subtask.pk), {}).content.decode()
        assert "a…@example.com" in page

    def test_whose_subscription_it_is_is_named_too(self, subtask: SubTask) -> None:
        assert "a…@example.com" in get(path(Purpose.PREFERENCES, subtask.pk)).content.decode()

    @pytest.mark.parametrize(
        ("purpose", "words"),
        [
            (Purpose.UNSUBSCRIBE, "This link unsubscribes the recipient."),
            (Purpose.PREFERENCES, "This link shows the recipient&#x27;s subscription."),
        ],
    )
    def test_a_link_of_a_test_message_says_what_it_would_do(
        self, purpose: Purpose, words: str
    ) -> None:
        page = get(path(purpose, TEST)).content.decode()
        assert f"<p>{words} In this test it changes nothing" in page

    @pytest.mark.parametrize("choice", ["", "nonsense", "SUBSCRIBE"])
    def test_another_choice_changes_nothing_and_is_counted(
        self, subtask: SubTask, choice: str
    ) -> None:
        post(path(Purpose.PREFERENCES, subtask.pk), {"choice": choice})
        assert told() == []
        assert rejected_requests.totals() == {("preferences", "form"): 1}

    @pytest.mark.parametrize("endpoint", ["unsubscribe", "preferences"])
    def test_a_wrong_token_is_counted_where_it_was_shown(self, endpoint: str) -> None:
        purpose = Purpose[endpoint.upper()]
        assert get(path(purpose, 1)[:-1] + "!").status_code == 404
        assert rejected_requests.totals() == {(endpoint, "token"): 1}


class TestTooOften:
    """It is counted where it was, and one who asks to get no more mail is never told to wait."""

    @pytest.fixture(autouse=True)
    def _counted_at_once(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(rejected_requests, "LATER_SECONDS", 0.0)

    @override_settings(PAGES_PER_MINUTE=1)
    @pytest.mark.parametrize("endpoint", ["unsubscribe", "preferences"])
    def test_looking_at_a_page(self, subtask: SubTask, endpoint: str) -> None:
        url = path(Purpose[endpoint.upper()], subtask.pk)
        assert [get(url).status_code for _ in range(2)] == [200, 429]
        assert rejected_requests.totals() == {(endpoint, "limit"): 1}

    @override_settings(RESUBSCRIPTIONS_PER_HOUR=1)
    def test_subscribing_again(self, subtask: SubTask) -> None:
        url = path(Purpose.PREFERENCES, subtask.pk)
        answers = [
            post(url, {"choice": choice}).status_code
            for choice in ("subscribe", "unsubscribe", "subscribe", "unsubscribe")
        ]
        assert answers == [200, 200, 429, 200]
        assert rejected_requests.totals() == {("preferences", "limit"): 1}
