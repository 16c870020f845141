"""What stands behind each door, up to where the database is needed: called in a worker."""

from __future__ import annotations

import datetime as dt
import json
import re
import socket
import threading
from typing import Any, NamedTuple

import requests
from django.test import RequestFactory

from addressing.message_ids import subtask_id_in
from campaigns.rendering import content
from campaigns.rendering.html import hrefs, plain_text
from dispatch.bounces import return_path
from dispatch.providers import get_provider, hooks
from dispatch.providers.engagelab import events as engagelab
from dispatch.providers.hooks import Post
from dispatch.providers.http import refusals as http_refusals
from dispatch.providers.ses import events as ses
from dispatch.providers.ses import sns
from dispatch.providers.smtp import replies
from dispatch.providers.smtp.client import Phase, SmtpClient, SmtpSettings
from tracking import rejected_requests
from tracking.events import sanitize, user_agents
from tracking.links import tokens
from tracking.links.tokens import Purpose
from tracking.views import public

TOPIC = "arn:aws:sns:eu-west-1:123456789012:campaign-events"
SMTP = SmtpSettings(host="mx.example", port=25)


def _not_asked(*_: Any, **__: Any) -> None:
    """In the place of what needs the database, or proves who sent something."""


def read_webhook(body: bytes, provider_name: str) -> None:
    rejected_requests.count = _not_asked
    engagelab._check_signature = hooks.check_password = sns.check = _not_asked
    ses._confirm = _not_asked
    provider: Any = get_provider(provider_name)
    provider.authenticate = _not_asked
    request = RequestFactory().post("/hooks/x", body, content_type="application/json")
    now = dt.datetime.now(dt.UTC)
    for event in provider.incoming(Post(request, 1, {"topic_arn": TOPIC}, now)):
        sanitize.payload(event.raw)
        sanitize.key(event.dedupe_key, 200)


def read_engagelab(body: bytes) -> None:
    read_webhook(body, "engagelab")


def read_brevo(body: bytes) -> None:
    read_webhook(body, "brevo")


def read_mailgun(body: bytes) -> None:
    read_webhook(body, "mailgun")


def read_mailjet(body: bytes) -> None:
    read_webhook(body, "mailjet")


def read_postmark(body: bytes) -> None:
    read_webhook(body, "postmark")


def read_resend(body: bytes) -> None:
    read_webhook(body, "resend")


def read_sendgrid(body: bytes) -> None:
    read_webhook(body, "sendgrid")


def read_ses(body: bytes) -> None:
    read_webhook(body, "ses")


def read_sparkpost(body: bytes) -> None:
    read_webhook(body, "sparkpost")


def read_smtp_reply(raw: bytes) -> None:
    """As it comes from the server, then as what it means in each phase."""
    client = SmtpClient(SMTP)
    client.sock, theirs = socket.socketpair()
    client.sock.setblocking(False)
    talker = threading.Thread(target=_say, args=(theirs, raw), daemon=True)
    talker.start()
    try:
        code, said = client.getreply()
    finally:
        client.sock.close()
        talker.join()
    text = said.decode("utf-8", "replace")
    enhanced, words = replies.parse(text)
    replies.accepted_id(text)
    for phase in Phase:
        replies.classify(phase, code, enhanced, words)


def _say(sock: socket.socket, raw: bytes) -> None:
    with sock:
        try:
            sock.sendall(raw)
        except OSError:
            return


def read_http_answer(raw: bytes) -> None:
    """An answer that is no acceptance; its headers come first."""
    head, _, body = raw.partition(b"\n\n")
    response = requests.Response()
    response.status_code = 500
    response._content = body
    for line in head.decode("latin-1").splitlines()[:100]:
        name, _, value = line.partition(":")
        response.headers[name] = value.strip()
    http_refusals.refusal(response)


def read_request(raw: bytes) -> None:
    """What a public address may be asked: its token, its form, and who says to ask."""
    text = raw.decode("utf-8", "surrogateescape")
    for purpose in Purpose:
        tokens.read(purpose, text)
        tokens.read_caseless(purpose, text)
    subtask_id_in(text)
    return_path.tokens_in(text)
    user_agents.actor_of(text)
    sanitize.text(text, 500)
    sanitize.key(text, 200)
    sanitize.network(text)
    for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=b"):
        public._can_be_read(RequestFactory().post("/u/x", raw, content_type=kind))


def read_payload(raw: bytes) -> None:
    """An event as it is kept."""
    sanitize.payload(json.loads(raw))


class Template(NamedTuple):
    """As much of one as is rendered."""

    subject: str
    preview_text: str
    html: str
    text: str


VARIABLES = {"name": "Ada", "n": 3, "list": ["a", "b", "c"] * 20, "url": "https://b.example/?a=1"}


def read_html(raw: bytes) -> None:
    html = raw.decode("utf-8", "replace")
    hrefs.hrefs_in(html)
    plain_text.compile_text(html)


def check_template(raw: bytes) -> None:
    html = raw.decode("utf-8", "replace")
    content.check("Hello {{ name }}", html, "", html[:200])


def render_template(raw: bytes) -> None:
    html = raw.decode("utf-8", "replace")
    rendered = content.render(Template("Hello {{ name }}", html[:100], html, ""), VARIABLES)
    assert len(rendered.html) + len(rendered.text) < 10_000_000


# Three that are wrong on purpose.


def slow_for_blanks(raw: bytes) -> None:
    re.search(rb"\s+$", raw)


def keeps_too_much(raw: bytes) -> None:
    [raw[:at] for at in range(0, len(raw), 1_000)]


def breaks_at_nul(raw: bytes) -> None:
    if b"\0" in raw:
        raise ZeroDivisionError


def compile_mjml(source: bytes) -> None:
    """As the form of a template does."""
    content.compile_mjml(source.decode("utf-8", "replace"))
