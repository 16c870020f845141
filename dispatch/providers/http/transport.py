"""Hand messages to a provider's HTTP API over a connection that is kept alive between them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import requests
from django.utils.translation import gettext_noop

from dispatch.errors import DeliveryError, OutcomeUnknown, ServiceError
from dispatch.message.message import Accepted, Message
from dispatch.providers.base import Provider, Transport
from dispatch.providers.classification import Reply, Rule, first_match
from dispatch.providers.echoes import hidden, readable
from dispatch.providers.http.checks import check
from dispatch.providers.http.connection import HandOverSession
from dispatch.providers.http.refusals import Rules, failure, refusal

CONNECT_TIMEOUT = 10.0  # seconds
REPLY_TIMEOUT = 60.0  # seconds; when it passes, the message is in doubt

ADVICE = (
    # What a person who tests a connection can do about it.
    Rule(
        gettext_noop(
            "%(reason)s. %(provider)s does not know the address: check the region and "
            "the names entered."
        ),
        "3..|404|405|410",
    ),
    Rule(
        gettext_noop(
            "%(reason)s. %(provider)s does not accept the credentials: check them, and "
            "the region or data centre."
        ),
        "401|403",
    ),
    Rule(
        gettext_noop("%(reason)s. %(provider)s takes no more requests for now: try again later."),
        "408|42.",
    ),
    Rule(gettext_noop("%(reason)s. %(provider)s has trouble of its own: try again later."), "5.."),
    Rule(gettext_noop("%(reason)s. %(provider)s refused the request.")),
)
Request = dict[str, Any]
"""Arguments of `requests.request`."""


class UnclearAnswer(Exception):
    """An answer that says neither yes nor no."""


UNCLEAR = (UnclearAnswer, ValueError, LookupError, TypeError, AttributeError, RecursionError)


class HttpProvider(Provider):
    """A provider with an HTTP API. `refusals` are its own rules, before the general ones."""

    place_fields = frozenset({"region", "api_url"})
    urls: ClassVar[Mapping[str, str]]
    """The root of the API, by the region that staff choose; the first is the default."""
    refusals: ClassVar[Rules] = ()

    def root(self, settings: Mapping[str, Any]) -> str:
        """`settings` may hold an `api_url` that is used instead, for tests and gateways."""
        region = settings.get("region") or next(iter(self.urls))
        return str(settings.get("api_url") or self.urls[region])

    @abstractmethod
    def transport(self, settings: Mapping[str, Any]) -> HttpTransport: ...

    @abstractmethod
    def account_request(self, settings: Mapping[str, Any]) -> Request:
        """A cheap request that needs the permission to send."""

    @abstractmethod
    def describe_account(self, answer: Any, settings: Mapping[str, Any]) -> str:
        """What the answer to it says, in a sentence. May raise ServiceError, or a KeyError and its
        like when the answer is not what is documented.
        """

    def describe_connection(self, settings: Mapping[str, Any]) -> str:
        transport = self.transport(settings)
        try:
            transport.open()
            response = transport.ask(self.account_request(settings))
            said = self.describe_account(response.json(), settings)
            return readable(hidden(said, transport.secrets))
        except UNCLEAR as error:
            raise ServiceError(
                gettext_noop(
                    "%(label)s answered something unexpected; is there a proxy in between?"
                )
                % {"label": self.label}
            ) from error
        finally:
            transport.close()


class HttpTransport(Transport):
    """One connection to the API of a provider."""

    def __init__(self, provider: HttpProvider, settings: Mapping[str, Any]) -> None:
        """`settings` may also hold `connect_timeout` and `reply_timeout`, in seconds. Raises
        ServiceError when something is missing in them.
        """
        _check_complete(provider, settings)
        self.provider = provider
        self.settings = settings
        self._session: HandOverSession | None = None
        self._timeouts = (
            float(settings.get("connect_timeout", CONNECT_TIMEOUT)),
            float(settings.get("reply_timeout", REPLY_TIMEOUT)),
        )

    @abstractmethod
    def request_for(self, message: Message) -> Request:
        """What is to be posted. Raises MessageError or RecipientError."""

    @abstractmethod
    def accepted(self, response: requests.Response, message: Message) -> Accepted:
        """What an answer of success says. Raises RecipientError for a recipient that was refused
        all the same, and one of UNCLEAR.
        """

    def open(self) -> None:
        """Connections are made by the first message, just before it is written."""
        if self._session is None:
            self._session = HandOverSession()

    def close(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()

    def send(self, message: Message, starting: Callable[[], None]) -> Accepted:
        check(message)
        request = self.request_for(message)
        response = self._exchange(request, starting)
        if response.status_code // 100 != 2:
            raise refusal(response, self.provider.refusals, self.secrets)
        try:
            return self.accepted(response, message)
        except UNCLEAR as error:
            refused = refusal(response, self.provider.refusals, self.secrets)
            if not isinstance(refused, OutcomeUnknown):
                raise refused from error
            told = gettext_noop("The answer says neither yes nor no: %(reason)s") % {
                "reason": refused.reply
            }
            raise OutcomeUnknown(told, code=response.status_code) from error

    def ask(self, request: Request) -> requests.Response:
        """Ask for something that changes nothing. Raises ServiceError unless it succeeds."""
        try:
            response = self._exchange(request, None)
        except OutcomeUnknown as error:
            raise ServiceError(error.reply) from error
        if response.status_code // 100 != 2:
            refused = refusal(response, self.provider.refusals, self.secrets)
            needs_person = getattr(refused, "needs_person", True)
            told = self._advised(refused)
            raise ServiceError(told, code=refused.code, needs_person=needs_person)
        return response

    def _advised(self, refused: DeliveryError) -> str:
        """What the provider says, with what to do about it."""
        advice = first_match(ADVICE, Reply(refused.reply, str(refused.code)))
        return advice % {"reason": refused.reply.rstrip("."), "provider": self.provider.label}

    def _exchange(self, request: Request, starting: Callable[[], None] | None) -> requests.Response:
        self.open()
        session = self._session
        assert session is not None
        try:
            return session.hand_over({"timeout": self._timeouts, **request}, starting)
        except requests.RequestException as error:
            self.close()
            raise failure(error, session.departure.has_left) from error

    @property
    def secrets(self) -> list[str]:
        return [str(self.settings.get(name) or "") for name in self.provider.secret_fields]


def _check_complete(provider: HttpProvider, settings: Mapping[str, Any]) -> None:
    fields = provider.settings_form.base_fields
    missing = [name for name, field in fields.items() if field.required and not settings.get(name)]
    if missing:
        names = ", ".join(name.replace("_", " ") for name in missing)
        raise ServiceError(
            gettext_noop("The service's settings lack: %(names)s.") % {"names": names},
            needs_person=True,
        )
