"""Mailbox providers by the domains of their addresses."""

from __future__ import annotations

from django.utils.translation import gettext_noop

DOMAINS = {
    "Gmail": "gmail.com googlemail.com",
    "Outlook and Hotmail": (
        "outlook.com hotmail.com live.com msn.com outlook.de hotmail.de live.de outlook.fr "
        "hotmail.fr live.fr hotmail.co.uk live.co.uk hotmail.it live.it hotmail.es live.nl "
        "outlook.jp"
    ),
    "Yahoo and AOL": (
        "yahoo.com ymail.com rocketmail.com aol.com yahoo.co.uk yahoo.fr yahoo.de yahoo.it "
        "yahoo.es yahoo.ca yahoo.com.br yahoo.co.in yahoo.com.hk yahoo.com.tw aim.com"
    ),
    "Apple iCloud": "icloud.com me.com mac.com",
    "QQ": "qq.com vip.qq.com foxmail.com",
    "NetEase": "163.com 126.com yeah.net vip.163.com vip.126.com 188.com",
    "Sina": "sina.com sina.cn vip.sina.com",
    "Sohu": "sohu.com vip.sohu.com",
    gettext_noop("China Mobile"): "139.com",
    "Aliyun": "aliyun.com",
    "GMX and WEB.DE": "gmx.de gmx.net gmx.at gmx.ch gmx.com web.de",
    "T-Online": "t-online.de magenta.de",
    "Orange": "orange.fr wanadoo.fr",
    "Yandex": "yandex.ru yandex.com ya.ru",
    "Mail.ru": "mail.ru bk.ru inbox.ru list.ru",
    "Proton": "proton.me protonmail.com pm.me",
}


def by_domain() -> tuple[list[str], list[str]]:
    """All known domains, and the name of the provider of each."""
    pairs = [(domain, name) for name, known in DOMAINS.items() for domain in known.split()]
    domains, names = zip(*pairs, strict=True)
    return list(domains), list(names)
