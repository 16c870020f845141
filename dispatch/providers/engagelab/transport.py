"""`POST /v1/mail/send`, within the limits that EngageLab documents."""

from __future__ import annotations

import json
from typing import Any

import requests
from django.utils.translation import gettext_noop

from dispatch.errors import MessageError
from dispatch.message.headers import any_address, ascii_address
from dispatch.message.message import Accepted, Message
from dispatch.providers.http.checks import (
    forbid_headers,
    mailbox,
    refuse_braces,
    refuse_variables,
    with_literal_braces,
    with_literal_variables,
)
from dispatch.providers.http.transport import HttpTransport, Request

LONGEST_SUBJECT = 256  # characters
LARGEST_HEADERS = 1024  # bytes, all together
LARGEST_CUSTOM_ARGS = 1024  # bytes
LARGEST_MESSAGE = 70 * 1024 * 1024  # bytes
LONGEST_REQUEST_ID = 128  # characters
FORBIDDEN_HEADERS = frozenset(
    {
        "dkim-signature",
        "received",
        "sender",
        "date",
        "from",
        "to",
        "reply-to",
        "cc",
        "bcc",
        "subject",
        "content-type",
        "content-transfer-encoding",
        "return-path",
        "x-smtpapi",
    }
)
SETTINGS = {
    "send_mode": 0,
    "return_email_id": True,
    "sandbox": False,
    # The defaults are not documented, and the tracking is ours.
    "open_tracking": False,
    "click_tracking": False,
    "unsubscribe_tracking": False,
}
SUBTASK = "subtask"


class EngageLabTransport(HttpTransport):
    def request_for(self, message: Message) -> Request:
        forbid_headers(message.headers, FORBIDDEN_HEADERS, "EngageLab")
        data = json.dumps(self._payload(message)).encode("ascii")
        if len(data) > LARGEST_MESSAGE:
            raise MessageError(
                gettext_noop("The message is larger than the 70 MB that EngageLab takes.")
            )
        return {
            "method": "POST",
            "url": self.provider.root(self.settings) + "v1/mail/send",
            "data": data,
            "headers": {"Content-Type": "application/json"},
            "auth": (self.settings["api_user"], self.settings["api_key"]),
        }

    def accepted(self, response: requests.Response, message: Message) -> Accepted:
        (email_id,) = response.json()["email_ids"]
        return Accepted(str(email_id), response.status_code)

    def _payload(self, message: Message) -> dict[str, Any]:
        payload: dict[str, Any] = {
            "from": mailbox(message.from_name, ascii_address(message.from_email)),
            "to": [any_address(message.to_email)],
            "body": _body(message),
        }
        if message.subtask_id is not None:
            payload["custom_args"] = {SUBTASK: str(message.subtask_id)}
            _limit("custom_args", payload["custom_args"], LARGEST_CUSTOM_ARGS)
        if message.idempotency_key:
            payload["request_id"] = message.idempotency_key[:LONGEST_REQUEST_ID]
        return payload


def _body(message: Message) -> dict[str, Any]:
    """Raises MessageError for what exceeds a limit or would be taken for a variable."""
    if len(message.subject) > LONGEST_SUBJECT:
        raise MessageError(
            gettext_noop("The subject has %(count)s characters; EngageLab takes %(most)s.")
            % {"count": len(message.subject), "most": LONGEST_SUBJECT}
        )
    for part, words in (("subject", message.subject), (gettext_noop("text part"), message.text)):
        refuse_variables(part, words, "EngageLab")
        refuse_braces(part, words, "EngageLab")
    content = {
        "html": with_literal_variables(with_literal_braces(message.html)),
        "text": message.text,
    }
    body: dict[str, Any] = {
        "subject": message.subject,
        "content": {name: value for name, value in content.items() if value},
        "settings": SETTINGS,
    }
    if message.attached:
        body["attachments"] = _attachments(message)
    if message.reply_to:
        body["reply_to"] = [ascii_address(message.reply_to)]
    if message.headers:
        body["headers"] = dict(message.headers)
        _limit("headers", body["headers"], LARGEST_HEADERS)
    return body


def _attachments(message: Message) -> list[dict[str, str]]:
    attached = message.attached
    return [
        {
            "content": content,
            "type": file.content_type,
            "filename": file.name,
            "disposition": "attachment",
        }
        for file, content in zip(attached.files, attached.in_base64, strict=True)
    ]


def _limit(name: str, value: dict[str, str], largest: int) -> None:
    size = len(json.dumps(value, ensure_ascii=False).encode("utf-8"))
    if size > largest:
        raise MessageError(
            gettext_noop("The %(name)s have %(size)s bytes; EngageLab takes %(largest)s.")
            % {"name": name, "size": size, "largest": largest}
        )
