"""The whole message as our own bytes: SES takes MIME as it is, except for its own Message-ID."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import requests

from dispatch.message.headers import any_address, ascii_address, in_base64
from dispatch.message.message import Accepted, Message
from dispatch.providers.http.transport import HttpTransport, Request
from dispatch.providers.ses.signature import SignatureV4

METADATA = "X-Metadata"
"""A header of the message that SES repeats in its events."""


class SesTransport(HttpTransport):
    def request_for(self, message: Message) -> Request:
        if message.subtask_id is not None:
            metadata = json.dumps({"subtask": str(message.subtask_id)})
            message = replace(message, headers={**message.headers, METADATA: metadata})
        body: dict[str, Any] = {
            "FromEmailAddress": ascii_address(message.from_email),
            "Destination": {"ToAddresses": [any_address(message.to_email)]},
            "Content": {"Raw": {"Data": in_base64(message).decode("ascii")}},
        }
        if configuration_set := self.settings.get("configuration_set"):
            body["ConfigurationSetName"] = configuration_set
        return {
            "method": "POST",
            "url": self.provider.root(self.settings) + "v2/email/outbound-emails",
            "data": json.dumps(body),
            "headers": {"Content-Type": "application/json"},
            "auth": SignatureV4.from_settings(self.settings, "ses"),
        }

    def accepted(self, response: requests.Response, message: Message) -> Accepted:
        return Accepted(str(response.json()["MessageId"]), response.status_code)
