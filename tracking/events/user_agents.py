"""Tell people from machines by the user agent.

A forged user agent is not detected here; `tracking.events.scanners` compares visits.
"""

from __future__ import annotations

import re
from functools import lru_cache

from tracking.event_kinds import Actor

# Apple's privacy proxy fetches every image of every message and sends only this.
_APPLE_PROXY = "Mozilla/5.0"
_PROXIES = re.compile(r"GoogleImageProxy|ggpht\.com|YahooMailProxy", re.IGNORECASE)
_MACHINES = re.compile(
    r"(?<!cu)bot\b|bot/|spider|crawl|slurp|scan(?!d)|preview|prefetch|monitor|validator|checker"
    r"|headless|phantomjs|python|curl|wget|libwww|lwp|java/|jakarta|okhttp|httpclient|http-client|httpx"
    r"|aiohttp|urllib|axios|node-fetch|undici|got \(|guzzle|go-http|ruby\b|perl\b|php/|postman"
    r"|httpie|dart/|faraday|lynx/|zgrab|nmap|inspect|externalhit|whatsapp/|embedly|discovery\b"
    r"|barracuda|proofpoint|mimecast|safelinks|symantec|fireeye|trendmicro|sophos|forcepoint"
    r"|ironport|zscaler|cloudmark|spam|virus|trend micro|bitdefender|talos|smartscreen",
    re.IGNORECASE,
)


@lru_cache(maxsize=1_000)
def actor_of(user_agent: str) -> Actor:
    """The actor that a user agent stands for. People's programs all send one."""
    if user_agent.strip() == _APPLE_PROXY or _PROXIES.search(user_agent):
        return Actor.PROXY
    if not user_agent.strip() or _MACHINES.search(user_agent):
        return Actor.MACHINE
    return Actor.PERSON


def surest(*actors: Actor) -> Actor:
    """The most cautious of several results: a machine, else a proxy, else a person."""
    return max(actors, key=list(Actor).index)
