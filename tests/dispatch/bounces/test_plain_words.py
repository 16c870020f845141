"""Bounces in no standard format: by which words they are known, and what is kept of them."""

from __future__ import annotations

import pytest

from dispatch.bounces import mail, plain_words
from dispatch.bounces.delivery_status import Notification
from tracking.event_kinds import EventKind

K = EventKind


def read(subject: str, text: str, sender: str = "robot@relay.example") -> Notification | None:
    head = f"From: {sender}\nSubject: {subject}\nContent-Type: text/plain; charset=utf-8\n\n"
    return plain_words.read(mail.parse(f"{head}{text}\n".encode()))


@pytest.mark.parametrize(
    "words",
    [
        "It could not be delivered",
        "Your mail wasn't delivered",
        "It has not yet been delivered",
        "We did not reach ada",
        "It was not sent",
        "Undelivered Mail Returned to Sender",
        "Undeliverable: What is new",
        "It cannot be delivered",
        "We cannot send it",
        "We cannot deliver it",
        "Delivery Status Notification",
        "Delivery failure",
        "Delivery failed",
        "Delivery has failed",
        "Delivery error",
        "Delivery problem",
        "Delivery report",
        "Delivery Notification",
        "Mail delivery failed",
        "Message failure",
        "Mail error",
        "Returned mail: see below",
        "Returning message",
        "Return: returned to sender",
        "We are unable to deliver it",
        "We were unable to send it",
        "Non-delivery",
        "Nondeliverable",
        "Your mail bounced",
        "It failed to deliver",
        "Failure notice",
        "Failed mail",
        "Mail not delivered",
        "Mail System Error",
        "An error occurred while we tried to deliver",
        "A problem came up when it should be delivered",
        "Fatal errors",
        "Permanent errors",
        "It did not reach the recipient",
        "See the error message below",
        "Transcript of session follows",
        "The addresses had permanent fatal errors",
        "配信できません",
        "配信不能",
        "配信エラー",
        "エラー通知",
        "送信できませんでした",
        "配送エラー",
        "お届けできません",
        "送信に失敗しました",
    ],
)
def test_words_for_mail_that_could_not_be_delivered(words: str) -> None:
    assert plain_words.is_failure(words, "")
    assert plain_words.is_failure(words.upper(), "")
    assert plain_words.is_failure("Hello", f"Hello. {words}")


@pytest.mark.parametrize("words", ["What is new", "I was delivered a parcel", "Return soon", ""])
def test_other_words_are_none(words: str) -> None:
    assert not plain_words.is_failure(words, words)


def test_a_bounce_says_that_it_is_one_in_its_first_3000_characters() -> None:
    words = "bounced"
    assert plain_words.is_failure("", f"{' ' * (3_000 - len(words))}{words}")
    assert not plain_words.is_failure("", f"{' ' * (3_001 - len(words))}{words}")


@pytest.mark.parametrize(
    "words",
    [
        "Delayed mail",
        "This is a warning message",
        "We are still trying",
        "It is still being sent",
        "We will keep at it",
        "We will continue",
        "It will be retried",
        "The server will retry",
        "It has not yet been delivered",
        "You do not need to resend it",
        "You do not have to resend it",
        "Could not send message for past 4 hours",
    ],
)
def test_words_for_mail_that_is_late(words: str) -> None:
    late = read("Delivery problem", f"Hello. {words}.")
    assert late == Notification(K.DEFERRED, f"Hello. {words}.")
    assert read(f"Delivery problem: {words.upper()}", "Hello.") == Notification(
        K.DEFERRED, "Hello."
    )


def test_a_reply_of_a_server_is_kept_from_its_code_on() -> None:
    found = read("Delivery failed", "We are sorry.\nThe server said:\n550 5.1.1 user unknown")
    assert found == Notification(K.HARD_BOUNCED, "550 5.1.1 user unknown")
    found = read("Delivery failed", "We are sorry.\nThe server said:\n550 user unknown")
    assert found == Notification(K.HARD_BOUNCED, "550 user unknown")


def test_a_number_that_is_no_reply_is_kept_with_what_is_before_it() -> None:
    found = read("Delivery failed", "See page 1550 for more. User unknown")
    assert found == Notification(K.HARD_BOUNCED, "See page 1550 for more. User unknown")


def test_a_bounce_without_text_is_judged_by_its_subject() -> None:
    found = read("Delivery failed: user unknown", "")
    assert found == Notification(K.HARD_BOUNCED, "Delivery failed: user unknown")


def test_the_subject_counts_beside_the_text() -> None:
    found = read("Delivery failed: user unknown", "We are sorry.")
    assert found == Notification(K.HARD_BOUNCED, "We are sorry.")


def test_at_most_300_characters_are_kept() -> None:
    for subject in ("Delivery failed", "Delivery failed: still trying"):
        found = read(subject, "a" * 400)
        assert found is not None
        assert found.detail == "a" * 300


def test_an_unknown_user_after_the_text_was_sent_is_a_refusal_of_the_text() -> None:
    text = "The server said:\n550 Unknown user"
    assert read("Delivery failed", text) == Notification(K.HARD_BOUNCED, "550 Unknown user")
    found = read("Delivery failed", f"Error from remote mail server after end of data:\n{text}")
    assert found == Notification(K.REJECTED, "550 Unknown user")


def test_mail_without_such_words_is_not_recognised() -> None:
    assert read("What is new", "Hello.") is None


@pytest.mark.parametrize(
    "subject",
    ["退信", "您的邮件被退回", "邮件无法送达", "未能投递", "不能发送", "投递失败", "发送失败"],
)
def test_a_server_gives_mail_back_in_chinese(subject: str) -> None:
    text = "退信原因：用户不存在。\n请看。\n解决方案：请清空邮箱，邮箱已满。建议：等待。"
    found = read(subject, text, "postmaster@relay.example")
    assert found == Notification(K.HARD_BOUNCED, "用户不存在。 请看。")
    assert read(subject, text, "ada@relay.example") is None


@pytest.mark.parametrize("before", ["退信原因：", "失败原因: ", "错误信息：", "退信信息："])
@pytest.mark.parametrize("advice", ["解决方案", "解决办法", "解决方法", "处理建议", "建议"])
def test_the_reason_stands_between_its_name_and_the_advice(before: str, advice: str) -> None:
    found = read(
        "退信", f"抱歉。{before}用户不存在 {advice}：邮箱已满。", "postmaster@relay.example"
    )
    assert found == Notification(K.HARD_BOUNCED, "用户不存在")


def test_a_bounce_that_only_the_library_knows_is_one() -> None:
    text = (
        "Hi. This is the qmail-send program at b.example.\n"
        "I'm afraid I wasn't able to deliver your message to the following addresses.\n"
        "This is a permanent error; I've given up. Sorry it didn't work out.\n\n"
        "<ada@b.example>:\n550 user unknown\n\n--- Below this line is a copy of the message.\n"
    )
    assert not plain_words.is_failure("Hello", text)
    assert read("Hello", text) == Notification(K.HARD_BOUNCED, "550 user unknown")


def test_what_makes_the_library_fail_is_logged_and_read_without_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise LookupError("no such charset")

    monkeypatch.setattr(plain_words, "all_failures", fail)
    with caplog.at_level("INFO"):
        assert read("Delivery failed", "User unknown") is not None
    assert caplog.messages == ["flufl.bounce failed: LookupError: no such charset"]
