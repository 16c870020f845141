"""Amazon SES, API v2. On our own connection and with our own signature rather than boto3: that
package is 37 MB, reads credentials and settings from many places, and does not tell whether a
request had left when it failed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from dispatch.errors import ServiceError
from dispatch.providers.classification import Blame, Rule
from dispatch.providers.hooks import Post
from dispatch.providers.http.transport import HttpProvider, Request
from dispatch.providers.ses.events import incoming
from dispatch.providers.ses.forms import SesForm
from dispatch.providers.ses.signature import SignatureV4
from dispatch.providers.ses.transport import SesTransport
from tracking.events.incoming import Incoming

NOT_READY = (
    r"not verified|MailFromDomainNotVerified|AccountSuspended|SendingPaused|NotFoundException"
)


class SesProvider(HttpProvider):
    name = "ses"
    label = "Amazon SES"
    largest_message = 40_000_000
    settings_form = SesForm
    secret_fields = frozenset({"secret_access_key", "webhook_password"})
    takes_webhooks = True
    webhook_secrets = ("topic_arn", "webhook_password")
    tells_quota = True
    refusals = (
        Rule(Blame.PERSON, "4..", text=NOT_READY),
        Rule(Blame.SERVICE, "4..", text=r"TooManyRequests|LimitExceeded"),
        Rule(Blame.SERVICE, "4..", text=r"Throttling|rate exceeded|quota"),
        Rule(Blame.REFUSED, "400", text=r"suppression list"),
        Rule(
            Blame.BOUNCE,
            "400",
            text=r"(?s)(illegal|invalid|missing).{0,40}(address|domain|recipient)",
        ),
    )

    def root(self, settings: Mapping[str, Any]) -> str:
        default = f"https://email.{settings.get('region')}.amazonaws.com/"
        return str(settings.get("api_url") or default)

    def transport(self, settings: Mapping[str, Any]) -> SesTransport:
        return SesTransport(self, settings)

    def account_request(self, settings: Mapping[str, Any]) -> Request:
        return {
            "method": "GET",
            "url": self.root(settings) + "v2/email/account",
            "auth": SignatureV4.from_settings(settings, "ses"),
        }

    def describe_account(self, answer: Any, settings: Mapping[str, Any]) -> str:
        quota = answer["SendQuota"]
        if not answer["SendingEnabled"]:
            raise ServiceError(
                gettext_noop("Amazon has paused sending for this account."), needs_person=True
            )
        used, most, rate = (
            quota[name] for name in ("SentLast24Hours", "Max24HourSend", "MaxSendRate")
        )
        text = gettext_noop(
            "Amazon SES answered: %(used)s of %(most)s messages in 24 hours, %(rate)s a second."
        )
        if not answer["ProductionAccessEnabled"]:
            text = gettext_noop(
                "Amazon SES answered: %(used)s of %(most)s messages in 24 hours, %(rate)s a "
                "second. Still in the sandbox."
            )
        return text % {"used": f"{used:,.0f}", "most": f"{most:,.0f}", "rate": f"{rate:g}"}

    def incoming(self, post: Post) -> list[Incoming]:
        return incoming(post)


__all__ = ["SesProvider"]
