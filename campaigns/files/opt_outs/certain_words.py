"""Decide whether a heading or cell is certainly about mailing: every word of it must be known in
this sense. A stem alone also occurs in *Invalid VAT* and *Junk food*."""

from __future__ import annotations

import re
import unicodedata

from campaigns.files.contact_columns import LONGEST_HEADING, folded
from campaigns.files.opt_outs.mailing_words import negative
from campaigns.models.contacts import SuppressionReason

_R = SuppressionReason
_SHORT = 3  # letters: such a word must stand alone, or it is found within others

_AGAINST = """
complain, complains, complained, complainer, complaint, complaints, spam, spammed, abuse, junk,
plainte, plaintes, beschwerde, beschwerden, queja, quejas, 投诉, 投訴, 举报, 垃圾,
unsub, unsubs, unsubbed, unsubscribe, unsubscribes, unsubscribed, unsubscriber, unsubscribers,
unsubscription, un subscribed, opt out, opts out, opt outs, opted out, opted off, opting out,
abgemeldet, abmeldung, abmeldedatum, abbestellt, abbestellung, austragung, ausgetragen,
desabonné, desabonne, désabonné,
désabonnés, désabonnement, desabonnement, désinscrit, desinscrit, désinscription, desinscription,
descadastrado, descadastro, dado de baja, baja, bajas,
disiscritto, disiscritta, disiscrizione, отписан, отписана, отписался, отписалась, отписка,
отписки, отписаться, uitgeschreven, afgemeld, wypisany, wypisana, avregistrerad, avmeldt, avmeld,
odhlášen, odhlášena, odhlášeno,
退订, 退訂, 解除, 配信解除, 取消订阅, 取消訂閱, 取消关注, 取消關注, 配信停止, 購読解除,
구독취소, 수신거부,
bounce, bounces, bounced, bouncing, cleaned, clean, hard, invalid, ungültig, ungueltig,
undeliverable, undelivered, unzustellbar, non existent, nonexistent, not exist, does not exist,
doesn t exist, unreachable, rebote, rebotes, rebotado, rebotada, rebond, rebonds, rebondi,
退信, 硬退, 硬退信, 无效, 無效, 不存在, 反弹, 弹回,
suppress, suppressed, suppression, suppressions, black list, black lists, black listed,
black listing, block list, block lists, block listed, deny list, deny listed, blocked, banned,
gesperrt, do not email, do not bulk email, do not contact, do not mail, do not send, dont email,
don t email, dont
mail, don t mail, dnc, dne, no email, no emails, no mail, excluded, exclusion, exclusions, bloqué,
bloquée, bloqueado, bloqueada, bloqueo, 黑名单, 黑名單, 屏蔽, 拒收, 禁用, 禁止, 勿扰, 拉黑,
封禁"""
_BESIDE = """
is, was, has, have, had, been, be, by, from, to, of, for, the, a, an, all, any, and, or,
in, at, on,
as, opt, date, dates, time, times, datetime, timestamp, day, when, utc, gmt, ts, dt, reason,
reasons, cause, comment, comments, type, kind, flag, flags, flagged, code, status, state, sub,
email, emails, e mail, e mails, mail, mails, mailing, mailings, list, lists, newsletter,
newsletters, address, addresses, contact, contacts, subscriber, subscribers, subscription,
subscriptions, subscribe, subscribed, subscribing, recipient, recipients, user, member, customer,
person, marketing, promotional, promotions, campaign, campaigns, communications, messages,
global, globally, permanent, permanently, portal, report, reports, reported, marked, feedback,
loop, fbl, manual, manually, admin, me, us, my, please, last, first, latest, permission, consent,
channel, channels,
delivery, deliverability, deliverable, sending, send, optin, double,
single, verification, validation, verified, quality, sms, event, action, result,
mailchimp, hubspot, klaviyo, brevo, sendinblue, sendgrid, mailgun, mailjet, shopify, salesforce,
zoho, activecampaign, zb, zerobounce, neverbounce, kickbox, bouncer, debounce,
datum, am, um, zeit, zeitpunkt, grund, ist, von, vom, aus, der, die, adresse, verteiler, werbung,
kunde, kontakt, empfänger, als, status,
heure, motif, raison, de, du, la, le, les, l, d, liste, est, courriel, comme,
fecha, hora, motivo, razón, razon, del, correo, electrónico, electronico, lista, es, como, estado,
data, ora, di, della, da, do, dalla, indirizzo, posta, stato, endereço, tijd, reden, van,
op, voor,
дата, время, причина, от, из, рассылки, рассылка, рассылок, почта, почты, статус,
是否, 已经, 已經, 已, 被, 了, 的, 为, 為, 时间, 時間, 日期, 日时, 日時, 日, 原因, 邮件,
郵件, 邮箱, 郵箱,
电子, 電子, 電郵, 信箱, 地址, 用户, 用戶, 客户, 客戶, 联系人, 聯絡人, 会员, 會員, 收件人,
名单, 名單,
列表, 标记, 標記, 标志, 标识, 状态, 狀態, 营销, 行銷, 推广, 订阅, 訂閱, 全部, 所有, 类型,
發送, 发送,
投递, 接收, 最近, 最后, 上次, 硬, 申请, 报告,
済み, 済, 理由, メール, 配信, フラグ, アドレス, ステータス, 상태, 일, 일자, 날짜, 여부,
사유, 이메일"""
_EVERYDAY = re.compile(
    "invalid|ungültig|ungueltig|^hard$|blocked|banned|gesperrt|bloqu|excluded|exclusion|unreachable|"
    "^bajas?$|abmeldung|abmeldedatum|abuse|undelivered|nonexist|notexist|doesntexist|"
    "无效|無效|不存在|屏蔽|禁用|禁止|封禁"
)
"""Words that are also said of other things, such as accounts, orders and seats."""
_EVERYDAY_HEADING = re.compile(
    rf"{_EVERYDAY.pattern}|^cleaned|^cleandate|complain(ts?|ed|er|s)?|beschwerden?|quejas?|plaintes?|junk|"
    "abgemeldet|abbestell(t|ung)|投诉|投訴|举报|垃圾"
)
_ABOUT_MAIL = re.compile(
    "mail|newsletter|marketing|campaign|subscri|spam|recipient|рассыл|邮|郵|メール|메일|"
    "courriel|correo"
)
_WHEN_OR_WHY = re.compile(
    "^(date|time|datum|fecha|data|reason|grund|motif|motivo)|"
    "(date|time|timestamp|day|when|at|on|datum|zeit|zeitpunkt|am|fecha|data|heure|hora|utc|"
    "reasons?|cause|comments?|grund|motif|raison|motivo|reden|дата|время|причина|"
    "时间|時間|日期|日時|日|原因|理由|일자?|날짜|사유)$"
)

_SUPPRESSED_ANYWHERE = {
    _R.UNSUBSCRIBED: """unsubscribed, unsub, email unsubscribed, unsubscribed from email,
        unsubscribed from all email, unsubscribed from all emails, newsletter abbestellt,
        newsletter abgemeldet, désabonné, désabonnée, désinscrit, отписался, отписан,
        退订, 已退订, 退訂, 已退訂, 退订用户, 已退订用户, 取消订阅, 已取消订阅, 取消訂閱,
        已取消訂閱, 配信停止,
        수신거부""",
    _R.HARD_BOUNCE: "hard bounce, hard bounced, hard bounces, email bounced, 硬退信, 硬退",
    _R.COMPLAINT: "spam complaint, marked as spam, reported spam, reported as spam",
    _R.MANUAL: """do not mail, do not email, do not e mail, dont email, don t email, dont mail,
        don t mail, email blacklisted, email blocklisted, 拒收邮件""",
}
_OUT_ANYWHERE = """
    unsubscribe, unsubscribes, opt out, opted out, opt outs, email opt out, bounced,
    bounce, bounces,
    soft bounce, soft bounced, cleaned, complained, complainer, do not contact, dnc, dne,
    blacklist, blacklisted, blocklisted, suppressed, no email, no emails, no mailing,
    no newsletter,
    not subscribed, nicht anschreiben, keine werbung, kein newsletter, keine mails, abgemeldet,
    abbestellt, ne pas contacter, no contactar, no enviar, uitgeschreven, disiscritto,
    descadastrado,
    黑名单, 黑名單, 拒收, 已拒收, 退信, 勿扰, 已拉黑, 未订阅, 不接收邮件"""
"""Certain enough not to mail now, but not to suppress an address for every owner."""


def _pattern(phrase: str) -> str:
    word = r"[\W_]*+".join(map(re.escape, phrase.split()))
    return rf"\b{word}\b" if len(phrase) <= _SHORT and phrase.isascii() else word


def _phrases(text: str) -> list[str]:
    return [" ".join(phrase.split()) for phrase in text.split(",")]


# Without a way back: the longest word counts, and the time grows with the length alone.
_PHRASES = sorted({*_phrases(_AGAINST), *_phrases(_BESIDE)}, key=len, reverse=True)
_KNOWN = re.compile(
    rf"(?:[\W\d_]*+(?:{'|'.join(map(_pattern, _PHRASES))}|(?:at|on|by)\b))++[\W\d_]*+"
)
_ANYWHERE: dict[str, SuppressionReason | None] = {
    **{folded(phrase): None for phrase in _phrases(_OUT_ANYWHERE)},
    **{
        folded(phrase): reason
        for reason, phrases in _SUPPRESSED_ANYWHERE.items()
        for phrase in _phrases(phrases)
    },
}
LONGEST_ANYWHERE = 40
"""Characters of a cell that may be one of these words."""


def all_known(text: str) -> bool:
    """Whether each word is known to be said about mailing."""
    plain = unicodedata.normalize("NFKC", text[:LONGEST_HEADING]).replace("_", " ")
    spaced = re.sub(r"(?<=[^\W\dA-Z])(?=[A-Z])", " ", plain)
    return any(_KNOWN.fullmatch(each.casefold()) for each in (plain, spaced))


def certain_heading(heading: str) -> bool:
    """Of a heading whose words are all known: whether a yes suppresses for every owner."""
    name = folded(heading).replace("junkmail", "junk")  # which comes through the letter box, too
    return _is_certain(name, _EVERYDAY_HEADING)


def certain_value(cell: str, heading: str) -> bool:
    """Whether a value of a status suppresses for every owner."""
    certain = _is_certain(folded(cell), _EVERYDAY) or about_addresses(heading)
    return certain and all_known(cell)


def about_addresses(heading: str) -> bool:
    """Whether what the column says of other things, too, is said of an address here."""
    name = folded(heading)
    verified = re.search("verif|validation|bounce|地址|^zb|kickbox|订阅|訂閱", name)
    return bool(_ABOUT_MAIL.search(name) or verified)


def says_when_or_why(heading: str) -> bool:
    """Whether any cell of the column means yes."""
    return _WHEN_OR_WHY.search(folded(heading)) is not None


def is_said_anywhere(cell: str) -> bool:
    """Whether the cell is exactly an opt-out word, in any column."""
    return folded(cell) in _ANYWHERE


def reason_anywhere(cell: str) -> SuppressionReason | None:
    """The reason that such a word gives; None if it keeps the person out only."""
    return _ANYWHERE[folded(cell)]


def _is_certain(word: str, everyday: re.Pattern[str]) -> bool:
    strong = negative(everyday.sub("", word)) is not None
    return strong or (negative(word) is not None and bool(_ABOUT_MAIL.search(word)))
