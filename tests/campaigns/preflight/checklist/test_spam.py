"""SpamAssassin's word on a message: read where it is installed, never needed, never waited for."""

from __future__ import annotations

from pathlib import Path

import pytest

from campaigns.models import Sender
from campaigns.preflight.checklist import spam
from campaigns.rendering.content import Rendered
from campaigns.rendering.precompiled import Pieces

SAID = """From: a@example.com
X-Spam-Status: Yes, score=7.3 required=5.0 tests=HTML_MESSAGE,MIME_HTML_ONLY,
\tNO_RELAYS,SUBJ_ALL_CAPS autolearn=no autolearn_force=no version=4.0.1

X-Spam-Status: No, score=0.0 required=5.0 tests=none version=4
"""


def install(path: Path, monkeypatch: pytest.MonkeyPatch, does: str) -> None:
    program = path / "spamassassin"
    program.write_text(f"#!/bin/sh\n{does}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{path}:/usr/bin:/bin")


def test_the_score_is_that_of_the_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "said").write_text(SAID)
    install(tmp_path, monkeypatch, f"cat >/dev/null; cat {tmp_path}/said")
    score = spam.of_bytes(b"Subject: x\n\nx")
    assert (score.score, score.required, score.is_spam) == (7.3, 5.0, True)
    assert score.tests == ("HTML_MESSAGE", "MIME_HTML_ONLY", "SUBJ_ALL_CAPS")


def test_one_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "exec tail -f /dev/null")
    monkeypatch.setattr(spam, "SECONDS", 0.2)
    assert "was ended" in spam.of_bytes(b"x").problem


def test_one_that_fails_gives_no_score(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, "exit 1")
    assert spam.of_bytes(b"x").problem == "SpamAssassin gave no score."


def test_without_it_that_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "is not installed" in spam.of_bytes(b"x").problem


def test_one_message_is_read_at_a_time() -> None:
    with spam._reading:
        assert "another message" in spam.of_bytes(b"x").problem


def test_it_is_told_nothing_of_this_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET", "told")
    install(tmp_path, monkeypatch, f"env > {tmp_path}/env")
    spam.of_bytes(b"x")
    assert "told" not in (tmp_path / "env").read_text()


def test_the_message_has_both_parts() -> None:
    rendered = Rendered("Hello", Pieces.of("<p>Hi</p>"), Pieces.of("Hi\n"))
    made = spam._message(rendered, Sender(local_part="news"), "ada@example.com")
    kinds = [part.get_content_type() for part in made.walk()]
    assert kinds == ["multipart/alternative", "text/plain", "text/html"]
