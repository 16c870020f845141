"""One message through the request that django-anymail makes for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import requests
from anymail.backends.base_requests import AnymailRequestsBackend, RequestsPayload
from anymail.exceptions import AnymailError
from django.core.mail import EmailMultiAlternatives
from django.utils.translation import gettext_noop

from dispatch.errors import MessageError, RecipientError
from dispatch.message.headers import any_address, ascii_address
from dispatch.message.message import Accepted, Message
from dispatch.providers.anymail import places
from dispatch.providers.anymail.api import AnymailApi
from dispatch.providers.echoes import readable
from dispatch.providers.http.checks import mailbox, refuse_braces, with_literal_braces
from dispatch.providers.http.refusals import explanation
from dispatch.providers.http.transport import HttpTransport, Request, UnclearAnswer

REFUSED = frozenset({"invalid", "rejected", "failed"})
SUBTASK = "subtask"
"""The name of the SubTask's id in what comes back with events."""


class AnymailTransport(HttpTransport):
    """One backend of django-anymail, kept between messages. It never opens a session of its own:
    its requests go over ours.
    """

    provider: AnymailApi

    def __init__(self, provider: AnymailApi, settings: Mapping[str, Any]) -> None:
        super().__init__(provider, settings)
        options = provider.backend_options(settings)
        self._backend: AnymailRequestsBackend = provider.backend(
            debug_api_requests=False, **options
        )
        self._payload: RequestsPayload | None = None
        self._mail: EmailMultiAlternatives | None = None

    def request_for(self, message: Message) -> Request:
        self._mail = self._email(message)
        try:
            self._payload = self._backend.build_message_payload(self._mail, {})
            request: Request = self._payload.get_request_params(self._backend.api_url)
        except AnymailError as error:
            raise MessageError(readable(str(error))) from error
        headers = self.provider.http_headers(message)
        request = {**request, "headers": {**(request["headers"] or {}), **headers}}
        return places.filled(request, message.attached) if message.attached else request

    def accepted(self, response: requests.Response, message: Message) -> Accepted:
        try:
            statuses = self._backend.parse_recipient_status(response, self._payload, self._mail)
        except AnymailError as error:
            raise UnclearAnswer from error
        # There is one recipient: where an answer spells the address in another way, django-anymail
        # has a second status for it, without an id.
        (status,) = [each for each in statuses.values() if each.message_id] or statuses.values()
        if status.status in REFUSED:
            told = explanation(response, self.secrets)
            raise RecipientError(told, code=response.status_code, permanent=True)
        is_accepted = response.status_code in self.provider.accepts_with and status.message_id
        if not is_accepted or status.status not in ("sent", "queued"):
            raise UnclearAnswer
        return Accepted(status.message_id, response.status_code, status.status)

    def _email(self, message: Message) -> EmailMultiAlternatives:
        provider, html = self.provider, message.html
        if provider.fills_in_braces:
            refuse_braces("subject", message.subject, provider.label)
            refuse_braces(gettext_noop("text part"), message.text, provider.label)
            html = with_literal_braces(html)
        mail = EmailMultiAlternatives(
            subject=message.subject,
            body=message.text,
            from_email=mailbox(message.from_name, ascii_address(message.from_email)),
            to=[mailbox(message.to_name, any_address(message.to_email))],
            reply_to=[ascii_address(message.reply_to)] if message.reply_to else None,
            headers={**_headers(message, provider), **provider.mail_headers(message)},
        )
        if html:
            mail.attach_alternative(html, "text/html")
        if message.attached:
            mail.attachments.extend(places.held(message.attached))
        _expand(mail, message, provider)
        return mail


def _headers(message: Message, provider: AnymailApi) -> dict[str, str]:
    return {
        name: value
        for name, value in message.headers.items()
        if name.lower() not in provider.refused_headers
    }


def _expand(mail: Any, message: Message, provider: AnymailApi) -> None:
    """What django-anymail reads from attributes that Django's class does not have."""
    if message.subtask_id is not None:
        mail.metadata = {SUBTASK: str(message.subtask_id)}
    if provider.switches_tracking:
        mail.track_opens = mail.track_clicks = False
    if extra := provider.esp_extra(message):
        mail.esp_extra = extra
