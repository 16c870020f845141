"""What the columns of another tool's export say about mailing a person."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from enum import Enum, auto
from functools import lru_cache
from typing import NamedTuple

from campaigns.contact_columns import folded, known_column, yes_or_no
from campaigns.models.contacts import SuppressionReason
from campaigns.wording import counted

_R = SuppressionReason
_LISTED = 20
_SHOWN = 60  # characters of a value
_HEADING = 100  # characters
_REMEMBERED = 10_000
"""Different cells of which the meaning is remembered: most files have a few, again and again."""


class Kind(Enum):
    """What a column's cells are: a status in words; a flag, date or reason against mailing; or a
    permission, yes or no.
    """

    STATUS = auto()
    AGAINST = auto()
    PERMISSION = auto()


class Column(NamedTuple):
    position: int
    heading: str
    kind: Kind
    reason: SuppressionReason | None
    is_strict: bool
    """Whether a value that is not known keeps the person out: its heading is about mailing."""


class Verdict(NamedTuple):
    """Why a person is suppressed, or kept out (no reason); `told` is what the file says."""

    told: str
    reason: SuppressionReason | None

    def explain(self, may_suppress: bool = True) -> str:
        """`may_suppress` says whether who imports may add to the suppression list."""
        became = "kept out"
        if self.reason and may_suppress:
            became = f"suppressed as “{self.reason.label}”"
        elif self.reason:
            became = "kept out, as you may not add to the suppression list"
        return f"{self.quoted}: {became}."

    @property
    def quoted(self) -> str:
        shown = self.told if len(self.told) <= 2 * _SHOWN else f"{self.told[: 2 * _SHOWN - 1]}…"
        return f"The file says “{shown}”"


def _stems(text: str) -> re.Pattern[str]:
    return re.compile("|".join(text.split()))


# Stems within folded words: of headings, and of the values of a status. The first that fits counts.
_COMPLAINT = _stems("complain spam abuse junk plainte beschwerde queja 投诉 投訴 举报 垃圾")
_UNSUBSCRIBED = _stems(
    "unsub optout optedout optedoff abgemeldet abbestell austrag ausgetragen desabon desinscri "
    "désabon désinscri descadastr cancelad anulad dadodebaja ^bajas?$ disiscri отпис 退订 退訂 "
    "uitgeschreven afgemeld wypisan avregistrer avmeld odhlá "
    "^解除済み?$ 配信解除 取消订阅 取消訂閱 取消关注 取消關注 配信停止 購読解除 구독취소 수신거부"
)
_HARD_BOUNCE = _stems(
    "bounce ^cleaned ^clean(time|date|campaign) ^hard$ invalid ungültig ungueltig undeliver "
    "unzustell nonexist notexist doesntexist unreachable "
    "rebot rebond 退信 硬退 无效 無效 不存在 反弹 弹回"
)
_BY_STAFF = _stems(
    "suppress blacklist blocklist denylist ^(is|email)?blocked ^banned gesperrt donotemail "
    "donotcontact donotmail donotsend dontemail dontmail ^dnc$ ^dne$ noemail nomail excluded "
    "exclusion bloqué ^bloque 黑名单 黑名單 屏蔽 拒收 禁用 禁止 勿扰 拉黑 封禁"
)
_NEGATIVE = (
    (_COMPLAINT, _R.COMPLAINT),
    (_UNSUBSCRIBED, _R.UNSUBSCRIBED),
    (_HARD_BOUNCE, _R.HARD_BOUNCE),
    (_BY_STAFF, _R.MANUAL),
)
_SOFT = _stems("soft transient temporary mailboxfull quota 软退 軟退 [邮信]箱已?满")
_STAYS_OUT = _stems(
    "inactive inaktiv inactif inactiv unconfirmed notconfirmed unbestätigt pending await "
    "waiting nonsub notsub neversub notopted nonmarketing nopermission notset unset transactional "
    "delet remov archiv disabled suspend paused expired unengaged dormant unmailable held "
    "noconfirm noconsent notconsent withdrawn widerruf revoked unverified gelöscht "
    "supprim eliminad "
    "未订阅 未訂閱 未确认 未確認 待确认 待確認 未激活 未验证 已删除 删除 停用 冻结 失效 暂停 "
    "不活跃 非活跃 不活躍 待激活 待验证 待驗證 待审核 不订阅 不訂閱 拒绝 拒絕 hold$"
)
_MAILABLE_WORDS = """
    subscribed active confirmed optin optedin enabled valid deliverable ok good clean normal
    singleoptin doubleoptin implicit express explicit implied granted given aktiv abonniert
    angemeldet bestätigt actif abonné activo suscrito suscripto attivo iscritto ativo inscrito
    marketingcontact verified engaged sent delivered opened clicked new vip email any all
    正常 订阅 已订阅 訂閱 已訂閱 有效 活跃 激活 已激活 启用 已确认 可用
    订阅中 訂閱中 已关注 成功 发送成功 投递成功 送达 已送达"""
_MAILABLE = frozenset(_MAILABLE_WORDS.split())
_OTHER_CHANNEL = re.compile("sms|phone|mobile|whatsapp|push|postal|^call|短信|手机")
_NO_VERDICT = _stems(
    "url link token count number total rate score percent bounces$ soft emailsbounced cancelad "
    "anulad order pedido 链接 次数 率$"
)
_PERMISSION = _stems(
    "^(is|has|email|emails|newsletter|marketing)*(opt|opted)in(email|emails|marketing|newsletter)?$"
    " ^(is|email|newsletter)*subscribed(to.*)?$ ^subscribe$ ^accepts.*marketing$ ^newsletter$ "
    "^(email|marketing)*(consent|permission)(status)?$ ^canemail$ ^mailable$ ^emailable$ "
    "^(email)?marketing(allowed|optin)$ ^emailmarketing$ ^can(be)?(send|emailed|mailed)$ "
    "^klaviyoemailconsent$ ^(newsletter|email|werbe)?einwilligung$ ^zustellbar$ "
    "^receives?(emails?|newsletter)$ "
    "^(is|email|mail|address)*(valid|deliverable|confirmed|verified|active|enabled)$ "
    "^(是否)?(订阅|接收邮件|可发送|有效|可用|正常|已?激活|已?启用)$"
)
_OUT = _stems(
    "^(is|was)?(inactive|disabled|deleted|removed|unconfirmed|unverified|suspended|archived|paused)"
    "(at|on|date|time)?$ ^(是否)?已?(删除|停用|冻结|失效|暂停)(时间|日期)?$"
)
"""Flags and dates that keep a person out, but are no reason to suppress an address for all."""
_STATUS = _stems(
    "subscri.*(status|state)$ ^(e?mail|newsletter|list|marketing|global|recipient|permission)"
    ".*(status|state)$ ^status(email|mail) (订阅|訂閱|邮件|邮箱|地址|发送).*(状态|狀態)"
)
_ANY_STATUS = _stems(
    "^(zb|zerobounce|neverbounce|kickbox|debounce|bouncer)(sub)?(status|result|response)$ "
    "^(email|address)?(verification|validation)(result|status)?$ ^상태$ "
    "^(contact|member|customer|user|subscriber)?status$ ^(contact|subscriber)?state$ "
    "^状态$ ^狀態$ ^statut$ ^stato$ ^estado$ "
    "^статус$ ^ステータス$ ^reason$ ^原因$"
)
_PLACES = frozenset(["state", "estado", "stato"])
"""Headings that may as well stand for a part of a country: other values are no news."""
_NOTHING = frozenset(["", "null", "none", "nil", "na", "never", "无", "空", "没有"])
_DATE = re.compile(r"\d{4}[-/.年]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}")
"""Not 5.1.1, which is what a mail server said."""
_ZERO = re.compile(r"[0\W_]+")


def columns_of(header: list[str]) -> list[Column]:
    """The columns that say whom not to mail."""
    found = (_column(position, heading) for position, heading in enumerate(header))
    return [column for column in found if column]


def _column(position: int, heading: str) -> Column | None:
    name, shown = folded(heading), heading.strip()[:_HEADING]
    if known_column(heading) or _OTHER_CHANNEL.search(name):
        return None
    if _STATUS.search(name):
        return Column(position, shown, Kind.STATUS, None, True)
    if _ANY_STATUS.search(name):
        return Column(position, shown, Kind.STATUS, None, False)
    if _PERMISSION.search(name):
        return Column(position, shown, Kind.PERMISSION, None, False)
    reason = _negative(name)
    if _OUT.search(name) or (reason and not _NO_VERDICT.search(name)):
        return Column(position, shown, Kind.AGAINST, reason, False)
    return None


def _negative(word: str) -> SuppressionReason | None:
    return next((reason for stems, reason in _NEGATIVE if stems.search(word)), None)


class Finding(NamedTuple):
    """What one cell means; `is_known` is false where a person should look at it."""

    verdict: Verdict | None
    is_known: bool = True


class Judge:
    """Reads the columns of each row, and keeps count of the values that it does not know."""

    def __init__(self, header: list[str]) -> None:
        self._columns = columns_of(header)
        self._unknown: Counter[tuple[str, str]] = Counter()
        self._others = 0

    def verdict(self, cells: list[str]) -> Verdict | None:
        """The worst that the row says; None when its person may be mailed."""
        found = [verdict for verdict in self._verdicts(cells) if verdict]
        suppressed = [verdict for verdict in found if verdict.reason]
        worse = [verdict for verdict in suppressed if verdict.reason != _R.UNSUBSCRIBED]
        return next(iter([*worse, *suppressed, *found]), None)

    def notes(self) -> Iterator[str]:
        """What staff should look at."""
        for (heading, value), rows in self._unknown.most_common(_LISTED):
            yield (
                f"“{heading}” says “{value}” in {counted(rows, 'row')}, and what that means is not "
                "known: look below whether these were kept out, and check whether they may be "
                "mailed."
            )
        others = self._others + sum(n for _, n in self._unknown.most_common()[_LISTED:])
        if others:
            yield f"{others:,} more rows have other values that are not known here."

    def _verdicts(self, cells: list[str]) -> Iterator[Verdict | None]:
        for column in self._columns:
            if column.position < len(cells) and (cell := cells[column.position].strip()):
                look = _remembered if len(cell) <= _SHOWN else _finding
                finding = look(column, cell)
                if not finding.is_known:
                    self._count(column.heading, " ".join(cell.split()))
                yield finding.verdict

    def _count(self, heading: str, value: str) -> None:
        key = (heading[:_SHOWN], value[:_SHOWN])
        if key in self._unknown or len(self._unknown) < 10 * _LISTED:
            self._unknown[key] += 1
        else:
            self._others += 1


def _finding(column: Column, cell: str) -> Finding:
    told = f"{column.heading}: {' '.join(cell.split())}"
    word = folded(cell)
    if word in _NOTHING or (_ZERO.fullmatch(word) and column.kind is Kind.AGAINST):
        return Finding(None)
    answer = _answer(cell)
    if column.kind is Kind.AGAINST:
        return Finding(_against(column, told, word, answer))
    if column.kind is Kind.PERMISSION and answer is not None:
        return Finding(None if answer else Verdict(told, None))
    return _of_status(column, told, word, cell)


_remembered = lru_cache(maxsize=_REMEMBERED)(_finding)


def _of_status(column: Column, told: str, word: str, cell: str) -> Finding:
    if _SOFT.search(word):
        return Finding(Verdict(told, None))
    if reason := _negative(word):
        return Finding(Verdict(told, reason))
    if _STAYS_OUT.search(word):
        return Finding(Verdict(told, None))
    if word in _MAILABLE or _is_date(cell) or folded(column.heading) in _PLACES:
        return Finding(None)
    if column.kind is Kind.STATUS and _answer(cell) is not None and column.is_strict:
        return Finding(None if _answer(cell) else Verdict(told, None))
    return Finding(Verdict(told, None) if column.is_strict else None, is_known=False)


def _against(column: Column, told: str, word: str, answer: bool | None) -> Verdict | None:
    """A flag, a date or words in a column such as Unsubscribed: all but “no” speak against."""
    if answer is False or word in _MAILABLE:
        return None
    if _SOFT.search(word):
        return Verdict(told, None)
    reason = _negative(word) if column.reason is _R.MANUAL else None
    return Verdict(told, reason or column.reason)


def _answer(cell: str) -> bool | None:
    try:
        return yes_or_no(cell)
    except ValueError:
        return None


def _is_date(cell: str) -> bool:
    return _DATE.match(cell) is not None
