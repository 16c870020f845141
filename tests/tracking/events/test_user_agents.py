from __future__ import annotations

import pytest

from tracking.event_kinds import Actor
from tracking.events.user_agents import actor_of, surest

PEOPLE = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Thunderbird/140.0",
    "Microsoft Office/16.0 (Windows NT 10.0; Microsoft Outlook 16.0.19029; Pro)",
    "Mozilla/5.0 (Linux; Android 15; SM-S921B) AppleWebKit/537.36 Chrome/138.0.7204.63 Mobile Safari/537.36",
    "Outlook-iOS/2.0",
    "Mozilla/5.0 (Linux; Android 11; CUBOT X30 Build/RP1A) AppleWebKit/537.36 Chrome/100.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Linux; Android 13; Scandia) AppleWebKit/537.36 Chrome/110.0 Mobile Safari/537.36",
]
PROXIES = [
    "Mozilla/5.0",
    "Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)",
    "YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html",
]
MACHINES = [
    "",
    " ",
    "curl/8.7.1",
    "Wget/1.24.5",
    "python-requests/2.32.4",
    "Python-urllib/3.12",
    "python-httpx/0.28.1",
    "Go-http-client/2.0",
    "Java/17.0.9",
    "Apache-HttpClient/4.5.14 (Java/17.0.9)",
    "okhttp/4.12.0",
    "node-fetch/1.0",
    "axios/1.7.2",
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm) Chrome/116.0.1938.76",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/120.0.0.0 Safari/537.36",
    "BarracudaCentral/1.0",
    "Mozilla/5.0 (compatible; ProofPoint URL Defense)",
    "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
    "WhatsApp/2.23 LinkPreview",
    "WhatsApp/2.23.20.0",
    "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
    "Microsoft Office Protocol Discovery",
    "Mozilla/5.0 (compatible; CensysInspect/1.1; +https://about.censys.io/)",
    "Mozilla/5.0 zgrab/0.x",
    "HTTPie/3.2",
    "Dart/3.2 (dart:io)",
    "Faraday v2.9.0",
    "Ruby",
    "Bitdefender/1",
]


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_browsers_and_mail_programs_are_people(user_agent: str) -> None:
    assert actor_of(user_agent) == Actor.PERSON


@pytest.mark.parametrize("user_agent", PROXIES)
def test_what_fetches_images_for_people_is_a_proxy(user_agent: str) -> None:
    assert actor_of(user_agent) == Actor.PROXY


@pytest.mark.parametrize("user_agent", MACHINES)
def test_libraries_scanners_and_whoever_says_nothing_are_machines(user_agent: str) -> None:
    assert actor_of(user_agent) == Actor.MACHINE


def test_of_several_opinions_the_one_that_claims_least_counts() -> None:
    assert surest(Actor.PERSON, Actor.PROXY) == Actor.PROXY
    assert surest(Actor.MACHINE, Actor.PERSON, Actor.PROXY) == Actor.MACHINE
