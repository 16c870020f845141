"""Words in files that say whether a person may be mailed."""

from __future__ import annotations

import re

from campaigns.models.contacts import SuppressionReason

_R = SuppressionReason


def _stems(text: str) -> re.Pattern[str]:
    return re.compile("|".join(text.split()))


# Stems within folded words: of headings, and of the values of a status. The first that fits counts.
_COMPLAINT = _stems("complain spam abuse junk plainte beschwerde queja 投诉 投訴 举报 垃圾")
_UNSUBSCRIBED = _stems(
    "unsub optout optedout optedoff abgemeldet abmeldung abmeldedatum abbestell austrag "
    "ausgetragen desabon desinscri "
    "désabon désinscri descadastr dadodebaja ^bajas?$ disiscri отпис 退订 退訂 "
    "uitgeschreven afgemeld wypisan avregistrer avmeld odhlá "
    "^解除済み?$ 配信解除 取消订阅 取消訂閱 取消关注 取消關注 配信停止 購読解除 구독취소 수신거부"
)
_HARD_BOUNCE = _stems(
    "bounce ^cleaned ^clean(time|date|campaign) ^hard$ invalid ungültig ungueltig undeliver "
    "unzustell nonexist notexist doesntexist unreachable "
    "rebot rebond 退信 硬退 无效 無效 不存在 反弹 弹回"
)
_BY_STAFF = _stems(
    "suppress blacklist blocklist denylist donotbulkemail ^(is|email)?blocked ^banned "
    "gesperrt donotemail "
    "donotcontact donotmail donotsend dontemail dontmail ^dnc$ ^dne$ noemail nomail excluded "
    "exclusion bloqué ^bloque 黑名单 黑名單 屏蔽 拒收 禁用 禁止 勿扰 拉黑 封禁"
)
_NEGATIVE = (
    (_COMPLAINT, _R.COMPLAINT),
    (_UNSUBSCRIBED, _R.UNSUBSCRIBED),
    (_HARD_BOUNCE, _R.HARD_BOUNCE),
    (_BY_STAFF, _R.MANUAL),
)
SOFT = _stems("soft transient temporary mailboxfull quota 软退 軟退 [邮信]箱已?满")
STAYS_OUT = _stems(
    "inactive deactivat 注销 註銷 inaktiv inactif inactiv unconfirmed notconfirmed "
    "unbestätigt pending await "
    "waiting nonsub notsub neversub notopted nonmarketing nopermission notset unset transactional "
    "delet remov archiv disabled suspend paused expired unengaged dormant unmailable held "
    "noconfirm noconsent notconsent withdrawn widerruf revoked unverified gelöscht "
    "supprim eliminad cancelad anulad cancelled canceled gekündigt notactive nichtaktiv notenabled "
    "notgiven notgranted donotallow notallowed refus declin denied abgelehnt verweigert "
    "rechazad rejected deceased "
    "verstorben ^dead$ ^fail(ed)?$ ^notvalid$ ^risky$ "
    "未订阅 未訂閱 未确认 未確認 待确认 待確認 未激活 未验证 已删除 删除 停用 冻结 失效 暂停 "
    "不活跃 非活跃 不活躍 待激活 待验证 待驗證 待审核 不订阅 不訂閱 拒绝 拒絕 失败 失敗 hold$"
)
_MAILABLE_WORDS = """
    subscribed active confirmed optin optedin enabled valid deliverable ok good clean normal
    singleoptin doubleoptin implicit express explicit implied granted given allow allowed
    aktiv abonniert
    angemeldet bestätigt actif abonné activo suscrito suscripto attivo iscritto ativo inscrito
    marketingcontact verified engaged sent delivered opened clicked new vip email any all
    正常 订阅 已订阅 訂閱 已訂閱 有效 活跃 激活 已激活 启用 已确认 可用
    订阅中 訂閱中 已关注 成功 发送成功 投递成功 送达 已送达"""
MAILABLE = frozenset(_MAILABLE_WORDS.split())
OTHER_CHANNEL = re.compile("sms|phone|mobile|whatsapp|push|postal|^call|短信|手机")
NO_VERDICT = _stems(
    "url link token count number total rate score percent bounces$ soft emailsbounced "
    "order pedido 链接 次数 率$ ^(unsub|clean)campaign(id|title)$ ^unsubreasonother$"
)
PERMISSION = _stems(
    "^(is|has|email|emails|newsletter|marketing)*(opt|opted)in(email|emails|marketing|newsletter)?$"
    " ^(is|email|newsletter)*subscribed(to.*)?$ ^subscribe$ ^accepts.*marketing$ ^newsletter$ "
    "^(is|has|e?mails?|marketing|newsletter)*(consent|permission)"
    "(given|status|to|for|newsletter|e?mails?|marketing)*$ "
    "^canemail$ ^mailable$ ^emailable$ "
    "^(email)?marketing(allowed|optin)$ ^emailmarketing$ ^can(be)?(send|emailed|mailed)$ "
    "^klaviyoemailconsent$ "
    "^(gdpr|dsgvo|rgpd|lopd)(email|marketing)?(consent|optin|permission|status)?$ "
    "^consent(given|togdpr|tomarketing|toemails?)$ ^hasconsent(ed)?$ ^(is)?consented$ ^согласие$ "
    "^(是否)?同意(接收邮件|接收|营销)?$ ^(consentement|consentimiento|consentimento|consenso)$ "
    "^subscriptions?$ ^abonnement$ ^suscripci[oó]n$ "
    "^(newsletter|email|werbe|dsgvo)?einwilligung$ ^zustellbar$ "
    "^(wants?|wishes|receives?|gets?|accepts?|send)(e?mails?|newsletters?|marketing.*)$ "
    "^(marketing|promotional)(e?mails?|communications?|updates|messages)$ ^optinstatus$ "
    "^permissionto(e?mail|contact)$ ^(may|can|okto)(e?mail|contact)$ ^contactme$ "
    "^(is|email|mail|address)*(valid|deliverable|confirmed|verified|active|enabled)$ "
    "^(是否)?(订阅|接收邮件|可发送|有效|可用|正常|已?激活|已?启用)$"
)
OUT = _stems(
    "^fechade(la)?baja$ "
    "^(is|was)?(inactive|disabled|deleted|removed|unconfirmed|unverified|suspended|archived|paused|"
    "deactivated|deceased)"
    "(at|on|date|time)?$ ^(是否)?已?(删除|停用|冻结|失效|暂停)(时间|日期)?$ "
    "^e?mails?(is)?(disabled|off)$ ^optedoutofemail."
)
"""Flags and dates that keep a person out, but are no reason to suppress an address for all."""
STATUS = _stems(
    "subscri.*(status|state)$ ^(e?mail|newsletter|list|marketing|global|recipient|permission)"
    ".*(status|state)$ ^status(email|mail) (订阅|訂閱|邮件|邮箱|地址|发送).*(状态|狀態)"
)
ANY_STATUS = _stems(
    "^(zb|zerobounce|neverbounce|kickbox|debounce|bouncer)(sub)?(status|result|response)$ "
    "^(email|address)?(verification|validation)(result|status)?$ ^상태$ "
    "^(contact|member|customer|user|subscriber)?status$ ^(contact|subscriber)?state$ "
    "^状态$ ^狀態$ ^statut$ ^stato$ ^estado$ "
    "^статус$ ^ステータス$ ^reason$ ^原因$ ^results?$ ^结果$ ^結果$ ^ergebnis$ ^résultat$"
)
PLACES = frozenset(
    ["state", "estado", "stato", "result", "results", "结果", "結果", "ergebnis", "résultat"]
)
"""Headings that may as well stand for a part of a country or an exam: other values are no news."""
ONLY_STATUS = frozenset(["status", "状态", "狀態", "statut", "статус", "ステータス", "상태"])
"""Headings under which a bare no keeps out."""
NOTHING = frozenset(["", "null", "none", "nil", "na", "never", "无", "空", "没有"])
DATE = re.compile(
    r"\d{4}[-/.年]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2}|\d{8,14}(?!\d)|"
    r"[^\W\d]{3,9}\.? \d{1,2},? \d{4}|\d{1,2}\.? [^\W\d]{3,9}\.? \d{4}"
)
"""Not 5.1.1, which is what a mail server said."""
ZERO = re.compile(r"[0\W_]+")


def negative(word: str) -> SuppressionReason | None:
    """The reason whose stem occurs in a folded word."""
    return next((reason for stems, reason in _NEGATIVE if stems.search(word)), None)
