"""What SpamAssassin says of a message, where it is installed. It never has to be.

Its rules that ask the network are left out. It reads the message in a process of its own, which is
ended after a few seconds, and which gets neither this process's environment nor its files.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import threading
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage
from email.parser import BytesHeaderParser
from email.utils import format_datetime, formataddr, localtime

from django.utils.translation import gettext

from campaigns.models import Contact, Sender, Template
from campaigns.preflight import samples
from campaigns.rendering import content
from sandbox import Failed

SECONDS = 8
MOST_BYTES = 500_000
"""What spamc takes at most, too: filters pass over larger messages."""
_STATUS = re.compile(r"\bscore=(-?[\d.]++)\s++required=([\d.]++)\s++tests=")
_AFTER_TESTS = re.compile(r"\s(?:autolearn|version)=")
_ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"}
_reading = threading.Lock()
_COMMAND = ("--local", "--nocreate-prefs")
_LIMITS = ("--cpu=8", "--as=1000000000", "--core=0", "--fsize=10000000")
# Tests about the way of a message, which a sample has not gone.
_OF_SAMPLES = frozenset({"NO_RECEIVED", "NO_RELAYS", "ALL_TRUSTED", "none"})


@dataclass(frozen=True, slots=True)
class Score:
    """`problem` says why there is none."""

    score: float = 0.0
    required: float = 5.0
    tests: tuple[str, ...] = ()
    problem: str = ""

    @property
    def is_spam(self) -> bool:
        return self.score >= self.required


def is_installed() -> bool:
    return _program() is not None


def of_template(template: Template, contact: Contact | None, sender: Sender) -> Score:
    """Of what this contact would get."""
    try:
        rendered = samples.render(template, contact, sender)
    except content.ContentError as error:
        return Score(problem=str(error))
    except Failed:
        return Score(problem=str(content.NOT_NOW))
    to = contact.email if contact else samples.VALUES["email"]
    return of_bytes(bytes(_message(rendered, sender, to)))


def _message(rendered: content.Rendered, sender: Sender, to: str) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    domain = "example.com"
    message["From"] = formataddr((sender.display_name, f"{sender.local_part}@{domain}"))
    message["To"] = f"<{to}>"
    message["Subject"] = rendered.subject
    message["Date"] = format_datetime(localtime())
    message["Message-ID"] = f"<20260101.1234567890.sample@{domain}>"
    message["List-Unsubscribe"] = f"<https://{domain}/u>"
    message.set_content(rendered.text)
    message.add_alternative(rendered.html, subtype="html")
    return message


def of_bytes(message: bytes) -> Score:
    """One at a time in a process: a web server has few threads."""
    if not _reading.acquire(blocking=False):
        return Score(
            problem=gettext("SpamAssassin is reading another message. Ask again in a moment.")
        )
    try:
        return _score(message)
    finally:
        _reading.release()


def _score(message: bytes) -> Score:
    program = _program()
    if program is None:
        return Score(problem=gettext("SpamAssassin is not installed on this machine."))
    if len(message) > MOST_BYTES:
        return Score(problem=gettext("The message is larger than 500 kB: filters do not read it."))
    limits = [found, *_LIMITS] if (found := shutil.which("prlimit")) else []
    try:
        said = _run([*limits, program, *_COMMAND], message)
    except subprocess.TimeoutExpired:
        return Score(
            problem=gettext("SpamAssassin took longer than %(seconds)s seconds, and was ended.")
            % {"seconds": SECONDS}
        )
    except OSError:
        return Score(problem=gettext("SpamAssassin could not be started."))
    return _read(said)


def _program() -> str | None:
    return shutil.which("spamassassin")


def _run(command: list[str], message: bytes) -> bytes:
    """Ends the processes that it has begun, too."""
    with subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=_ENVIRONMENT,
        cwd="/",
        start_new_session=True,
    ) as process:
        try:
            return process.communicate(message, timeout=SECONDS)[0]
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise


def _read(said: bytes) -> Score:
    status = BytesHeaderParser().parsebytes(said).get("X-Spam-Status", "")
    found = _STATUS.search(str(status))
    if found is None:
        return Score(problem=gettext("SpamAssassin gave no score."))
    told = _AFTER_TESTS.split(found.string[found.end() :], maxsplit=1)[0]
    tests = (each.strip() for each in told.split(","))
    named = tuple(each for each in tests if each and each not in _OF_SAMPLES)
    return Score(float(found[1]), float(found[2]), named)
