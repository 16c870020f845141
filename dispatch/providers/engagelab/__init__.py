"""EngageLab Email, REST API v1. Plainly on our HTTP transport: its requests are one JSON object,
and django-anymail has nothing for it beyond what that does.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_noop

from admin_kit.words.numbers import number
from dispatch.providers.classification import Blame, Rule
from dispatch.providers.engagelab.events import incoming
from dispatch.providers.engagelab.forms import EngageLabForm
from dispatch.providers.engagelab.transport import EngageLabTransport
from dispatch.providers.hooks import Post
from dispatch.providers.http.transport import HttpProvider, Request
from tracking.events.incoming import Incoming


class EngageLabProvider(HttpProvider):
    name = "engagelab"
    label = "EngageLab"
    largest_message = 10_000_000  # of the files together
    settings_form = EngageLabForm
    secret_fields = frozenset({"api_key", "webhook_app_key"})
    takes_webhooks = True
    webhook_secrets = ("webhook_app_key",)
    tells_quota = True
    idempotency_window_seconds = 60 * 60
    urls = {
        "singapore": "https://email.api.engagelab.cc/",
        "turkey": "https://emailapi-tr.engagelab.com/",
    }
    refusals = (
        # By the code, at any HTTP status.
        Rule(Blame.PERSON, text=r'"code":\s*30000\b'),  # authentication, or the other data centre
        Rule(Blame.PERSON, text=r'"code":\s*30801\b'),  # no sender
        Rule(Blame.MESSAGE, text=r'"code":\s*(30862|30893)\b'),  # forbidden header, custom_args
        Rule(Blame.SERVICE, "4..", text=r"quota|rate limit|too many|frequen"),
    )

    def transport(self, settings: Mapping[str, Any]) -> EngageLabTransport:
        return EngageLabTransport(self, settings)

    def account_request(self, settings: Mapping[str, Any]) -> Request:
        return {
            "method": "GET",
            "url": self.root(settings) + "v1/account/quota",
            "auth": (settings["api_user"], settings["api_key"]),
        }

    def describe_account(self, answer: Any, settings: Mapping[str, Any]) -> str:
        return gettext_noop(
            "EngageLab answered: %(used)s of %(quota)s messages used today, "
            "%(left)s in the account."
        ) % {
            "used": number(answer["daily_quota_used"]),
            "quota": number(answer["daily_quota"]),
            "left": number(answer["account_quota"]),
        }

    def incoming(self, post: Post) -> list[Incoming]:
        return incoming(post)


__all__ = ["EngageLabProvider"]
