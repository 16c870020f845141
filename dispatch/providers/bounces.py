"""Hard, soft, or no fault of the address? What the receiving server said, wherever it is read: in a
bounce that came by mail, or in what a provider passes on.

One table, read from the top, the first row that fits decides. Words that blame the sender, a full
mailbox or a block go before any code: servers send 5.1.1 with all of them, and only what blames the
address may suppress it. Then the enhanced code (RFC 3463) decides, then the basic one, then the
other words; x.0.0 says nothing.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tracking.incoming import EventKind

ENHANCED = re.compile(r"(?<![\d.])([245])\.(\d{1,3})\.(\d{1,3})(?![\d.]*\d)")
BASIC = re.compile(r"(?<![\d.#-])([245]\d\d)(?=[ \-]|$)")
_QUOTED_REPLY = re.compile(r"(?<![\d.#-])[45]\d\d[ -]['\"]?([45]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)")
"""A server's reply as another one quotes it: its code goes before that of the one who quotes."""
LONGEST_TEXT = 2_000  # characters that are looked at

HARD, SOFT, REJECTED = EventKind.HARD_BOUNCED, EventKind.SOFT_BOUNCED, EventKind.REJECTED

NO_SUCH_USER = (
    r"no such (user|mailbox|recipient|address|person|account)|(user|recipient|mailbox|address|"
    r"account)( \S{1,100}+)? (is )?(unknown|not found|unavailable|does ?n[o']t exist|not exist)|"
    r"unknown (user|recipient|address|local part|mailbox)|unrouteable address|"
    r"(does ?n[o']t|does not) have an? \S{1,100}+ account|no mailbox here|"
    r"not a valid (mailbox|recipient|user)|"
    r"invalid (recipient|mailbox|user|final delivery userid)|not our customer|"
    r"account (is |has been )?(deleted|closed)|no valid recipients|"
    r"(user|recipient|address) rejected: "
    r"(user|recipient) unknown|"
    r"(user|recipient|addressee) (is )?(not known|unknown)|"
    r"not listed in .{0,20}(directory|address book)|"
    r"(address|mailbox|account) is (wrong or )?no longer (valid|active|available|in use)|"
    r"could ?n[o']t be found|was ?n[o']t found|recipientnotfound|user not exist|"
    r"(用户|收件人|邮箱|帐号|账号|帐户|账户|地址).{0,60}(不存在|未找到|找不到|无效|已?注销)|无此(用户|邮箱|帐号|账号)|查无此"
)
NO_SUCH_DOMAIN = (
    r"(host or )?domain( name)? (\S{1,100}+ )?(does not exist|doesn't exist|not found|"
    r"could ?n[o']t be found|is not reachable)|name service error .{0,100}not found|null ?mx|"
    r"nxdomain|unknown host|host unknown|(no such|invalid|unknown|non-?existent) domain|"
    r"no mx (record|found)|"
    r"find (a mail exchanger|any host)|host (\S{1,100}+ )?(does not accept (e?mail)|not found)|"
    r"域名.{0,60}(不存在|未找到|找不到)"
)
FULL = (
    r"(mailbox|inbox|storage|disk|account|space|box)\W.{0,60}\bfull\b|over[ -]?quota|"
    r"over the allowed quota|quota.{0,20}exceeded|exceed\w{0,10}.{0,60}(quota|storage)|"
    r"insufficient.{0,20}storage|out of space|"
    r"(邮箱|空间|容量).{0,20}(已满|不足|超限|满了)|超[出过].{0,20}(容量|空间|配额)"
)
LATER = r"gr[ae]y-?list|try (it |sending )?(again|later)|too busy|temporar|稍[后候]|暂时|繁忙"
SENDER = (
    r"sender\W.{0,60}(unknown|not found|exist|reject|verif|denied|invalid|refused|blocked)|"
    r"(reject|refus|block|invalid|unknown|unverified|bad)\w{0,6} (envelope )?sender|"
    r"not (allowed|permitted|authori[sz]ed) to send (from|as|mail)|(after|reply to) mail from"
)
OWN_PACE = (
    r"too many (recipients|messages|mails|emails|connections|sessions)|"
    r"(sending|sender|daily|hourly|message|mail|rate|connection) (rate )?(limit|quota)|"
    r"per[ -](hour|day|minute)|this hour|frequency limited|throttl"
)
"""What was sent too fast or too much; its quota is not a mailbox's."""
BLOCK = (
    r"\bspf\b|dkim|dmarc|spamhaus|spamcop|barracuda|(block|black|deny)[ -]?list|\bdnsbl\b|\brbl\b|"
    r"\bptr\b|reverse dns|\brdns\b|reputation|\bspam\b|unsolicited|\bvirus|malware|phish|"
    r"(ip|host|client|server|network|connection|domain|message|mail) (address )?"
    r"(\S{1,100}+ )?(is |was |has been |temporarily )?(blocked|banned|blacklisted|listed)|"
    r"blocked (by|using|for|due)|recipient preferences|"
    r"垃圾邮件|黑名单|敏感|病毒"
)
"""What a receiver holds against the sender or the message, not against the address."""
SUSPENDED = (
    r"(account|user|mailbox|recipient|address)\W.{0,60}"
    r"(suspended|inactive|not active|disabled|deactivated|locked|frozen|discontinued)"
)
AFTER_CONTENT = re.compile(r"(after|in reply to|following) (the )?(end of )?data\b", re.IGNORECASE)
"""How reports say that a refusal answers the content: some filters then claim that there is no such
user."""
ACCESS_DENIED = r"recipient address rejected: access denied"
"""Exchange Online says so of addresses that its directory does not have."""
POLICY = (
    r"\bspam\b|\bspf\b|dkim|dmarc|authenticat|polic(y|ies)|spamhaus|(block|black|deny) ?list|"
    r"\bdnsbl\b|\bptr\b|reverse dns|reputation|virus|malware|phish|suspicious|content|blocked|"
    r"\brate\b|too many (?!hops)|throttl|unsolicited|bulk mail|sender|relay|access denied|"
    r"attachment|too (large|big)|size|not allowed|junk|"
    r"frequency limited|connection denied|suspected|\b(dt|rp|mi|hl):[a-z]{3}\b|"  # QQ, NetEase
    r"垃圾邮件|拒收|拒绝|黑名单|频率|限制|过大|敏感|病毒"
)


@dataclass(frozen=True, slots=True)
class Row:
    """Patterns are regular expressions: the codes must match whole, the text anywhere, in any case.
    A code that is not told, or says nothing, is "".
    """

    kind: EventKind
    enhanced: str = ".*"
    basic: str = ".*"
    text: str = ""


TABLE = (
    # By enhanced code. 5.1.7 and 5.1.8 are about the sender's address.
    Row(REJECTED, r"[45]\.1\.[78]"),
    Row(HARD, r"5\.1\.10|5\.4\.1", text=ACCESS_DENIED),
    Row(SOFT, r"[45]\.[0-9]\.\d+", text=r"gr[ae]y-?list"),
    # What is not the fault of the address, whatever the code.
    Row(REJECTED, ".+", text=SENDER),
    Row(REJECTED, ".+", text=OWN_PACE),
    Row(SOFT, r"[45]\.[0-6]\.\d+", text=FULL),
    Row(REJECTED, ".+", text=BLOCK),
    # What is, whatever the code.
    Row(SOFT, r"[45]\.[0-5]\.\d+", text=SUSPENDED),
    Row(HARD, r"5\.[0235]\.\d+", text=NO_SUCH_USER),
    Row(HARD, r"5\.1\.\d+", text=NO_SUCH_USER),
    Row(HARD, r"5\.[14]\.\d+|5\.7\.27", text=r"null ?mx"),
    Row(SOFT, r"[45]\.1\.\d+", text=LATER),
    Row(HARD, r"5\.1\.\d+"),
    Row(REJECTED, r"5\.2\.3|5\.3\.4|[45]\.[67]\.\d+"),
    Row(SOFT, r"[45]\.2\.\d+"),
    Row(SOFT, r"5\.4\.\d+", text=LATER),
    Row(HARD, r"5\.4\.\d+", text=NO_SUCH_DOMAIN),
    Row(SOFT, r"4\.\d+\.\d+|5\.[345]\.\d+"),
    # By basic code, when there is no enhanced one that says anything.
    Row(SOFT, "", "4.."),
    Row(REJECTED, "", "|5..", SENDER),
    Row(REJECTED, "", "|5..", OWN_PACE),
    Row(SOFT, "", "55[0-4]", FULL),
    Row(REJECTED, "", "5..", BLOCK),
    Row(SOFT, "", text=SUSPENDED),
    Row(HARD, "", "55[0134]", NO_SUCH_USER),
    # By text alone. Mailbox before policy: its quota is no rate.
    Row(SOFT, "", "", FULL),
    Row(HARD, "", "", NO_SUCH_USER),
    Row(SOFT, "", "", LATER),
    Row(HARD, "", "", NO_SUCH_DOMAIN),
    Row(HARD, "", "5..", NO_SUCH_DOMAIN),
    Row(REJECTED, "", "|5..", POLICY),
    Row(SOFT),
)


def kind_of(enhanced: str, basic: str, text: str) -> EventKind:
    """The kind of a failure that is final for the message: one of HARD, SOFT, REJECTED.

    `enhanced` such as "5.1.1", `basic` such as "550", either "" when it is not told.
    """
    telling = "" if enhanced.endswith(".0.0") else enhanced
    text = text[:LONGEST_TEXT]
    return next(row.kind for row in TABLE if _fits(row, telling, basic, text))


def softened(kind: EventKind, report: str) -> EventKind:
    """`kind`, or SOFT where the whole report says that the refusal answers the content."""
    return SOFT if kind is HARD and AFTER_CONTENT.search(report[: 10 * LONGEST_TEXT]) else kind


def by_status_code(enhanced: Any, basic: Any = None) -> EventKind | None:
    """The kind of a failure with this enhanced code, which may stand in a longer text; None when
    that cannot be told.
    """
    match = ENHANCED.search(str(enhanced or ""))
    if match is None:
        return SOFT if str(basic or "").startswith("4") else None
    return kind_of(match[0], "", "")


def codes_in(text: str) -> tuple[str, str]:
    """The enhanced and the basic code that a reply in words begins with or names; "" for none.
    Those of success are none.
    """
    quoted = _QUOTED_REPLY.search(text[:LONGEST_TEXT])
    enhanced = next((m[0] for m in ENHANCED.finditer(text[:LONGEST_TEXT]) if m[1] != "2"), "")
    enhanced = quoted[1] if quoted else enhanced
    basic = next((m[1] for m in BASIC.finditer(text[:LONGEST_TEXT]) if m[1][0] != "2"), "")
    return enhanced, basic


def _fits(row: Row, enhanced: str, basic: str, text: str) -> bool:
    return bool(
        re.fullmatch(row.enhanced, enhanced)
        and re.fullmatch(row.basic, basic)
        and (not row.text or re.search(row.text, text, re.IGNORECASE))
    )
