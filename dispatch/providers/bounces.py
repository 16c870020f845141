"""Hard, soft, or no fault of the address? What the receiving server said, wherever it is read: in a
bounce that came by mail, or in what a provider passes on.

Only what blames the address is hard.
The words go before the enhanced code (RFC 3463), which many servers choose badly, and that goes
before the basic one; x.0.0 says nothing.
"""

from __future__ import annotations

import re
from typing import Any

from dispatch.providers.classification import Reply, Rule, first_match
from tracking.event_kinds import EventKind

ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
BASIC = re.compile(r"(?<![\d.#-])([245]\d\d)(?=[ \-]|$)")
LONGEST_TEXT = 2_000  # characters that are looked at
LONGEST_TRANSCRIPT = 20_000  # characters

HARD, SOFT, REJECTED = EventKind.HARD_BOUNCED, EventKind.SOFT_BOUNCED, EventKind.REJECTED

# Who or what the words blame. Addresses are taken out first: their local parts say nothing.
ADDRESS = (
    r"no such (user|mailbox|recipient|address|person|account|domain|local user|mail drop)|"
    r"no such a?"
    r" ?(person|user)|(user|recipient|mailbox|address|account|userid|addressee|mail ?box|alias)"
    r"[:,]?( \S{1,100}+)?( \S{1,20}+)? (is |was )?(not? longer (a )?(valid|active|available|in use|"
    r"on server|"
    r"exists?)|unknown|not found|unavailable|does ?n[o']t exist|doesnt exist|not exist|not known|"
    r"invalid|inactive user|not a valid|could not be (found|resolved)|not recogni[sz]ed|"
    r"not on (this|our) server|expired|nonexistent|non-existent|is wrong)|"
    r"(unknown|invalid|nonexistent|non-existent|bad destination|undeliverable|incorrect|illegal)"
    r" (e-?mail |local[- ])?(user|recipient|address|part|mail ?box|final delivery userid|account|"
    r"userid|addressee)|bad-?recipient|unrouteable address|user-unknown|userunknown|unknownuser|"
    r"(does ?n[o']t|does not|did not) have an? \S{1,100}+ account|no mailbox here|no mailbox found|"
    r"not a (valid|known) (mailbox|recipient|user|address)|not our customer|not (a )?local address|"
    r"nobody (here )?by that name|no account by that name|no one by that name|"
    r"account (is |has been )?(deleted|closed|terminated)|"
    r"not listed in .{0,20}(directory|address book)|not in (our )?(directory|recipient map)|"
    r"(address|mailbox|account) is (wrong or )?no longer (valid|active|available|in use)|"
    r"(addresse?e?|account|person|user|recipient|mailbox) (that )?.{0,60}"
    r"(could ?n[o']t be found|was ?n[o']t found|can ?n[o']t be found)|"
    r"(user|address|account|person)\b.{0,40}not (currently )?(known|found)|not our user|"
    r"recipientnotfound|recipnotfound|addressnotfound|(user|mailbox|recipient) not exist|"
    r"has moved to|user has moved|no longer (works|employed|with)|moved to .{0,30}please try|"
    r"(recipient|destination|delivery) (mail )?address( is)? (invalid|incorrect)|"
    r"(用户|收件人|邮箱|帐号|账号|帐户|账户|地址).{0,60}(不存在|未找到|找不到|无效|已?注销)|"
    r"无此(用户|邮箱|帐号|账号)|查无此|(宛先|受信者|ユーザー?|アドレス|メールボックス).{0,30}"
    r"(存在しません|見つかりません|不明)|ディレクトリ.{0,20}(見つかりません|ありません)|"
    r"あて先.{0,30}(存在|見つか)|"
    r"(benutzer|empf(ä|ae)nger|postfach|adresse).{0,40}(unbekannt|existiert nicht|nicht gefunden)|"
    r"(utilisateur|destinataire|adresse|bo[iî]te).{0,40}(inconnu|n.existe pas)|"
    r"(usuario|destinatario|direcci[oó]n|buz[oó]n|cuenta).{0,40}(desconocid|no existe)|"
    r"(utente|destinatario|casella|indirizzo).{0,40}(sconosciut|inesistente|non esiste)|"
    r"(usu[aá]rio|destinat[aá]rio|conta)\b.{0,40}(desconhecid|inexistente|n[aã]o existe)|"
    r"(пользовател|получател|адрес|ящик).{0,40}(не найден|не существует|неизвест)"
)
DOMAIN = (
    r"(hosts?|domain)( name)?:? (\S{1,100}+ )?(does ?n[o']t exist|doesn't exist|not exist|"
    r"not found|"
    r"unknown|could ?n[o']t be found|is not reachable|invalid)|null ?mx|nxdomain|no such domain|"
    r"name service error .{0,100}not found|(unknown|unrouteable|invalid|unresolvable|"
    r"nonexistent) (host|mail domain|domain|hostname)|unrouteable mail domain|"
    r"(domain|host) (\S{1,100}+ )?(does ?n[o']t|does not|doesn't) (accept|receive) (e-?)?mail|"
    r"no mx (record )?(found )?|mx (record )?(not found|does not exist)|illegal host/domain|"
    r"all relevant mx records point to non-?existent hosts|no route to (host )?domain|"
    r"account or domain may not exist|couldn't find any host (named|by that name)|"
    r"couldn't find (a|any) (mail exchanger|host)|indicated no smtp service|"
    r"bad destination (host|system)|域名.{0,60}(不存在|未找到|找不到)|ドメイン.{0,30}(存在しません|"
    r"見つかりません)"
)
FULL = (
    r"(mailbox|inbox|storage|disk|account|space|box|mailfolder|maildir)\W.{0,60}\bfull\b|"
    r"over ?-?quota|overquota|mailbox.?full|disk quota|(over|exceed\w{0,5}|beyond|above|limit)"
    r" .{0,30}(quota|mailbox size|storage|disk space)|quota.{0,30}(exceed|reach|full|limit|violat)|"
    r"exceed\w{0,10}.{0,60}(quota|storage|mailbox)|insufficient.{0,20}(storage|disk|space|quota)|"
    r"(out of|not enough|no) .{0,20}(disk )?space|out of storage|full mailbox|too full|"
    r"would (be|exceed|put).{0,30}(over|mailbox|quota)|(mail ?box|maildir).{0,30}(over|exceed)|"
    r"(邮箱|空间|容量).{0,20}(已满|不足|超限|满了)|超[出过].{0,20}(容量|空间|配额)|"
    r"(容量|メールボックス).{0,20}(いっぱい|オーバー|超過|満杯)|"
    r"(quota|storage|allocation|allowance).{0,30}(exceed|exhaust|dépass|überschritt)|"
    r"exceeded .{0,30}allowance|over (its|their|his|her) (limit|allowance)|"
    r"postfach.{0,60}\bvoll\b|bo[iî]te.{0,60}pleine|buz[oó]n.{0,60}llen[oa]|casella.{0,60}piena|"
    r"caixa.{0,60}cheia|ящик.{0,60}(переполнен|полон)"
)
LATER = (
    r"gr[ae]y-?list|(try|retry|attempt)(ing)?( again)? (later|in \d)|too busy|temporar|"
    r"(host|domain|name|server)\b.{0,60}not found.{0,20}try again|service (is )?unavailable\W*$|"
    r"timed? ?-?out|connection (was )?(refused|reset|lost)|server failure|servfail|"
    r"network (is )?unreachable|in progress|稍[后候]|暂时|繁忙|しばらく"
)
THROTTLED = (
    r"(sent|sending|send).{0,40}too (many|much)|too many (?!hops|of the)|"
    r"(too much|no more) (mail|messages)\b|throttl|"
    r"(hourly|daily|sending|message|rate|connection) (sending )?(limit|rate|quota)|\brate\b|"
    r"(per|this|an|each) (hour|minute|day|second)\b|frequency limited|频率|限制"
)
SENDER = (
    r"((sender|from address|envelope from|mail from|return path|originator|fromdomain)\b|"
    r"\bfrom:).{0,60}"
    r"(unknown|not found|exist|reject|verif|denied|refus|invalid|block|not allowed|resolv|"
    r"not permitted|unauthori|disallow|mx|domain)|"
    r"(rejected|refused|denied|blocked|invalid|unknown|bad|unresolvable) (the )?(sender|from)\b|"
    r"(does ?n[o']t|not) (like|accept|want) (the )?(sender|mail from|messages? from)|"
    r"\bspf\b|dkim|dmarc|reverse (dns|lookup|host|address)|\bptr\b|r?dns ?bl|\brbl|dnsbl|spamhaus|"
    r"spamcop|barracudacentral|(black|block|deny|drop)[- ]?list|blacklisted|reputation|senderbase|"
    r"your (\S{1,30}+ )?(ip|domain|server|mta|host|network|isp)|sending (ip|domain|server|host|"
    r"mta)|"
    r"client (host|ip|address)|(ip|host) address\b.{0,40}(block|list|reject|deni|black|"
    r"not allowed)|"
    r"not (allowed|permitted|authori[sz]ed) to (send|use|relay)|unauthenticated|unauthori[sz]ed|"
    r"authenticat|relay(ing)?( access)? (denied|not|prohibited|disallowed|attempt)|to relay\b|"
    r"(not|n't|no) (allow |permit )?relay(ing)?\b|(cannot|can't|could not|unable to|does not|"
    r"failed "
    r"to) (find|resolve|lookup|verify) (your|the (sender|ip|reverse))|"
    r"(helo|ehlo)\b.{0,60}(invalid|reject|resol|fqdn|fully|bad|not)|"
    r"(banned|not allowed|refused|blocked).{0,20}(sending|connect)|黑名单"
)
POLICY = (
    r"\bspam|polic(y|ies)|virus|infected|malware|phish|suspicious|content|blocked|bulk mail|"
    r"unsolicited|access denied|attachment|too (large|big|long)|\bsize\b|not allowed|junk|"
    r"connection denied|suspected|\b(dt|rp|mi|hl):[a-z]{3}\b|recipient preferences|forbidden|"
    r"prohibit|refused due|not accepted for|restricted|filter|header|line length|loop|"
    r"too many hops|"
    r"垃圾邮件|拒收|拒绝|过大|敏感|病毒|迷惑メール|拒否"
)
SUSPENDED = (
    r"(account|user|mailbox|recipient|address)\b.{0,60}"
    r"(suspended|inactive|not active|disabled|deactivated|locked|frozen|discontinued)"
)
"""Owners come back."""

BROKEN = (
    r"(could ?n[o']t|could not|can ?n[o']t|can't|unable to|failed to) "
    r"(create|open|write|lock|fork|execute|chdir|stat|append|read)\b|permission denied|"
    r"no such file|read-only file system|segmentation fault"
)
"""What the programs of a server say that cannot do their work."""

OUR_MESSAGE = (
    r"(tls|smtp auth)( is)? required|must issue|protocol error|bad sequence|"
    r"(invalid|bad) (helo|ehlo)|permitted sender|(this|these|unverified) senders?\b|"
    r"sender is not|sending address|does not comply|flagged|"
    r"(recipients?|messages) (limit|per session)|number of (messages|recipients)"
)
"""With a code that blames the address: what came with it is refused."""

OTHER_SERVER = (
    r"\bbusy\b|right now|at this time|internal (server )?error|servfail|"
    r"\b(server|(?<!delivery )system|configuration|database|ldap|directory|dns|backend|lookup)\b"
    r".{0,40}\b(error|failure|failed|unavailable)|unable to resolve|"
    r"(cannot|can't|could not|unable to|failed to) (connect|contact|reach)\b"
)
"""With a code that blames the address: whether there is one could not be found out."""

_AN_ADDRESS = re.compile(r"[\w.+=!#$%&'*/?^{|}~-]{1,64}@[\w.-]{1,255}", re.ASCII)
_USER_UNKNOWN = re.compile(r"user unknown|unknown user|no such user", re.IGNORECASE)
_NO_RECIPIENTS = re.compile(r"need rcpt|no valid recipients|all rcpt|>>> rcpt", re.IGNORECASE)
"""What follows in a transcript when it was the recipients that were refused before."""

_AFTER_DATA = re.compile(
    r"(>>> |after |end of |command |reply to (end of )?)(message )?DATA\b|\[DATA\]", re.IGNORECASE
)


RULES = (
    # What asks for another try later is no last word, nor is what its receiver can put right.
    Rule(REJECTED, enhanced=r"[45]\.1\.[78]"),
    Rule(SOFT, text=r"gr[ae]y-?list"),
    Rule(REJECTED, enhanced=r"5\.2\.3|5\.3\.4|[45]\.6\.\d+"),
    Rule(SOFT, text=FULL),
    Rule(SOFT, enhanced=r"[45]\.2\.2"),
    Rule(SOFT, text=BROKEN),
    Rule(HARD, enhanced=r"5\.1\.10"),
    Rule(REJECTED, enhanced=r"5\.7\.27"),  # RFC 7505, of the sender's domain
    Rule(REJECTED, text=r"(sender|from)\b.{0,100}null ?mx"),
    Rule(HARD, text=r"null ?mx"),
    Rule(HARD, "521|556", text=r"accept|null mx"),  # RFC 7504
    # Whom the words blame: the sender before the address, since "unknown" may be said of both.
    Rule(REJECTED, "|[25]..", r"(?!4\.[1-6])..*|", SENDER),
    Rule(REJECTED, "|[25]..", r"(?!4\.[1-6])..*|", THROTTLED),
    Rule(REJECTED, enhanced=r"4\.7\.\d+", text=THROTTLED),
    Rule(SOFT, text=LATER),
    Rule(SOFT, enhanced=r"4\.[0-6]\.\d+"),
    Rule(REJECTED, enhanced=r"4\.7\.\d+"),
    Rule(SOFT, "4..", ""),
    Rule(HARD, enhanced=r"5\.4\.1", text=r"recipient address rejected: access denied"),
    Rule(HARD, enhanced=r"5\.2\.1", text=_USER_UNKNOWN.pattern),
    Rule(SOFT, enhanced=r"(5\.[0-5]\..*)?", text=SUSPENDED),
    Rule(HARD, enhanced=r"5\.1\.[1236]", text=ADDRESS),
    Rule(REJECTED, enhanced=r"5\.7\.\d+|5\.1\.\d+", text=POLICY),
    Rule(HARD, text=ADDRESS),
    Rule(REJECTED, "50[0-4]", "", DOMAIN),  # of a command, such as HELO
    Rule(HARD, text=DOMAIN),
    Rule(REJECTED, enhanced=r"5\.1\.[1236]", text=OUR_MESSAGE),
    Rule(SOFT, enhanced=r"5\.1\.[1236]", text=OTHER_SERVER),
    # Words that blame nothing: then the codes.
    Rule(HARD, enhanced=r"5\.1\.[1236]"),
    Rule(HARD, enhanced=r"5\.1\.0", text=r"address"),
    Rule(HARD, "55.", "", r"recipient (address )?rejected\W*$"),
    Rule(REJECTED, enhanced=r"5\.7\.\d+"),
    Rule(SOFT, enhanced=r"5\.[1-5]\.\d+"),
    Rule(REJECTED, text=POLICY),
    Rule(SOFT),
)


def kind_of(enhanced: str, basic: str, text: str, *, after_data: bool = False) -> EventKind:
    """The kind of a failure that is final for the message: one of HARD, SOFT, REJECTED.

    `enhanced` such as "5.1.1", `basic` such as "550", either "" when it is not told. A server that
    took the recipient, and speaks of no user only `after_data` and without a code for that, refuses
    what the recipient does not want.
    """
    kind = _kind_of(enhanced, basic, text)
    if (
        kind is HARD
        and after_data
        and _USER_UNKNOWN.search(text)
        and "5.1." not in f"{enhanced} {text}"
    ):
        return REJECTED
    return kind


def _kind_of(enhanced: str, basic: str, text: str) -> EventKind:
    telling = "" if enhanced == "5.0.0" else enhanced
    text = _AN_ADDRESS.sub("@", text[:LONGEST_TEXT])
    return first_match(RULES, Reply(text, basic, telling))


def by_status_code(enhanced: Any, basic: Any = None, text: Any = None) -> EventKind | None:
    """The kind of a failure with this enhanced code, which may stand in a longer text; None when
    that cannot be told. `text` is what else the server said: its words go before the code.
    """
    said = f"{enhanced or ''} {text or ''}"
    match = ENHANCED.search(said[:LONGEST_TEXT])
    if match is None:
        return SOFT if str(basic or "").startswith("4") else None
    return kind_of(match[0], "", said)


def unless_others_are_blamed(kind: EventKind | None, reply: Any) -> EventKind | None:
    """What a provider takes for a failure of this kind. Not hard, when the words of the server that
    it passes on blame the sender, a rate or a full mailbox.
    """
    said = str(reply or "")[:LONGEST_TEXT]
    return kind_of(*codes_in(said), said) if kind is HARD and _blames_others(said) else kind


def _blames_others(said: str) -> bool:
    words = _AN_ADDRESS.sub("@", said)
    return bool(
        re.search(FULL, words, re.IGNORECASE)
        or re.search(SENDER, words, re.IGNORECASE)
        or re.search(THROTTLED, words, re.IGNORECASE)
    )


def codes_in(text: str) -> tuple[str, str]:
    """The enhanced and the basic code that a reply in words begins with or names; "" for none.
    Those of success are none.
    """
    enhanced = next((m[0] for m in ENHANCED.finditer(text[:LONGEST_TEXT]) if m[1] != "2"), "")
    basic = next((m[1] for m in BASIC.finditer(text[:LONGEST_TEXT]) if m[1][0] != "2"), "")
    return enhanced, basic


def is_after_data(text: str) -> bool:
    """Whether a transcript shows a refusal of the content, by a server that took the recipient."""
    transcript = text[:LONGEST_TRANSCRIPT]
    return bool(_AFTER_DATA.search(transcript)) and not _NO_RECIPIENTS.search(transcript)
