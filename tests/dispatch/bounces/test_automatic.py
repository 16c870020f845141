"""What machines say for their owners (RFC 3834, and what came before it), and what delivers mail."""

from __future__ import annotations

from email.message import Message

import pytest

from dispatch.bounces import automatic, mail


def letter(*headers: str) -> Message:
    """A letter with these headers and a text that says nothing."""
    return mail.parse("\n".join([*headers, "", "Hello."]).encode())


@pytest.mark.parametrize(
    "sender",
    [
        "MAILER-DAEMON",
        "<MAILER-DAEMON>",
        "mailer-daemon@relay.example",
        "Mailer_Daemon@relay.example",
        "mailerdaemon@relay.example",
        "mail-daemon@relay.example",
        "mmdf-daemon@relay.example",
        "uucp-daemon@relay.example",
        "postmaster@relay.example",
        "Post-Master@relay.example",
        "mail-delivery@relay.example",
        "maildelivery-reports@relay.example",
        "MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@relay.example",
        "bounce-handler@relay.example",
        "bounces_handler@relay.example",
        "bouncedhandler@relay.example",
        "Mail Delivery Subsystem <robot@relay.example>",
        "Postmaster <robot@relay.example>",
    ],
)
def test_what_delivers_mail_is_known_by_its_address_or_its_name(sender: str) -> None:
    assert automatic.is_from_daemon(letter(f"From: {sender}"))


@pytest.mark.parametrize(
    "sender",
    [
        "ada@receiver.example",
        "ada@postmaster.example",
        "postmasters-friend@receiver.example",
        "my-mailer-daemon@receiver.example",
        "microsoftexchange12@receiver.example",
        "Ada, your postmaster <ada@receiver.example>",
    ],
)
def test_a_person_is_not_taken_for_what_delivers_mail(sender: str) -> None:
    assert not automatic.is_from_daemon(letter(f"From: {sender}"))


def test_what_names_failed_recipients_delivers_mail() -> None:
    assert automatic.is_from_daemon(
        letter("From: ada@receiver.example", "X-Failed-Recipients: bob@receiver.example")
    )


@pytest.mark.parametrize(
    ("headers", "has_none"),
    [
        (["Return-Path: <>"], True),
        (["Return-Path: < >"], True),
        (["Return-Path:   <  >  "], True),
        (["return-path: <>"], True),
        (["Return-Path: <ada@receiver.example>"], False),
        (["Return-Path:"], False),
        (["From: ada@receiver.example"], False),
    ],
)
def test_an_empty_return_path_is_none(headers: list[str], has_none: bool) -> None:
    assert automatic.has_no_return_path(letter(*headers)) is has_none


@pytest.mark.parametrize(
    ("written", "is_reply"),
    [
        ("auto-generated", True),
        ("auto-replied", True),
        ("Auto-Replied", True),
        ("auto-replied (vacation)", True),
        ("auto-notified; owner-email=ada@receiver.example", True),
        ("no", False),
        ("No", False),
        ("no; a=b", False),
        ("no ; a=b", False),
        ("", False),
    ],
)
def test_auto_submitted_tells_unless_it_is_no(written: str, is_reply: bool) -> None:
    assert automatic.is_reply(letter(f"Auto-Submitted: {written}")) is is_reply


@pytest.mark.parametrize(
    "mark",
    [
        "X-Autoreply",
        "X-Autorespond",
        "X-Autoresponder",
        "X-Auto-Reply",
        "X-AutoReply-From",
        "X-Vacation",
        "X-Mail-Autoreply",
        "X-FC-MachineGenerated",
    ],
)
def test_each_mark_from_before_the_standard_tells(mark: str) -> None:
    assert automatic.is_reply(letter(f"{mark}: yes"))
    assert automatic.is_reply(letter(f"{mark.upper()}: yes"))
    assert not automatic.is_reply(letter(f"{mark}-Not: yes"))


@pytest.mark.parametrize(
    ("precedence", "is_reply"),
    [
        ("auto_reply", True),
        ("auto-reply", True),
        ("autoreply", True),
        ("Auto_Reply", True),
        ("bulk", False),
        ("list", False),
        ("junk", False),
    ],
)
def test_some_precedences_tell(precedence: str, is_reply: bool) -> None:
    assert automatic.is_reply(letter(f"Precedence: {precedence}")) is is_reply


@pytest.mark.parametrize(
    "subject",
    [
        "Out of office",
        "Out of the Office: Ada Example",
        "Automatic reply: What is new",
        "Auto-reply: What is new",
        "autoreply",
        "Auto Response",
        "Automated reply",
        "Automatic response",
        "On vacation until Monday",
        "Away from my mail",
        "Away from the office",
        "Away from my desk",
        "I am away",
        "I am on leave",
        "Vacation reply",
        "Vacation notice",
        "Automatische Antwort: What is new",
        "Abwesenheitsnotiz",
        "Abwesend bis Montag",
        "Nicht im Büro",
        "NICHT IM BUERO",
        "Réponse automatique : What is new",
        "Reponse automatique",
        "Absence du bureau",
        "Absent du bureau",
        "Respuesta automática: What is new",
        "Respuesta automatica",
        "Fuera de la oficina",
        "Fuera de oficina",
        "Risposta automatica: What is new",
        "Fuori sede",
        "Fuori ufficio",
        "Resposta automática: What is new",
        "Resposta automatica",
        "Fora do escritório",
        "Fora do escritorio",
        "Automatisch antwoord: What is new",
        "Afwezig",
        "Automatiskt svar: What is new",
        "Frånvaro",
        "Franvaro",
        "Autosvar: What is new",
        "Automaattinen vastaus: What is new",
        "Automatyczna odpowiedź: What is new",
        "Automatyczna odpowiedz",
        "Автоответ: What is new",
        "АВТОМАТИЧЕСКИЙ ОТВЕТ",
        "自动回复：What is new",
        "自動回覆",
        "自动答复",
        "休假",
        "不在办公室",
        "自動応答",
        "自動返信",
        "不在通知",
        "자동 회신",
        "자동회신",
        "부재중",
        "Re: Out of office",
        "AW: Abwesenheitsnotiz",
        "Fwd: Fw: Automatic reply",
        "Antw: Afwezig",
        "SV: Autosvar",
        "回复：自动回复",
        "答复: 自动答复",
        "[Out of office]",
    ],
)
def test_a_subject_tells_in_each_language(subject: str) -> None:
    assert automatic.is_reply(letter(f"Subject: {subject}"))


@pytest.mark.parametrize(
    "subject",
    ["What is new in February", "Re: What is new", "Is your out of office on?", "Reply", ""],
)
def test_another_subject_does_not_tell(subject: str) -> None:
    assert not automatic.is_reply(letter(f"Subject: {subject}"))


def test_a_subject_is_decoded_and_has_at_most_500_characters() -> None:
    assert automatic.subject(letter("Subject: =?utf-8?q?R=C3=A9ponse?=")) == "Réponse"
    assert automatic.subject(letter(f"Subject: {'a' * 600}")) == "a" * 500
