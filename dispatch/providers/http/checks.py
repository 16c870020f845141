"""Checks of a message that leaves through an API; `dispatch.message.headers` has those of SMTP."""

from __future__ import annotations

import re
from collections.abc import Mapping
from email.utils import quote

from django.utils.translation import gettext_noop

from dispatch.errors import MessageError
from dispatch.message.headers import HEADER_NAME, UNSAFE_IN_HEADER, any_address, ascii_address
from dispatch.message.message import Message

VARIABLE = re.compile(r"%[A-Za-z_]\w*%")
HEX_PAIR = re.compile(r"%[0-9A-Fa-f]{2}%")  # of a percent-encoded address in a text
BRACES = re.compile(r"\{\{|\{%")


def check(message: Message) -> None:
    """Raises MessageError for what no header may contain, and for addresses that cannot travel."""
    any_address(message.to_email)
    ascii_address(message.from_email)
    if message.reply_to:
        ascii_address(message.reply_to)
    values = {
        "subject": message.subject,
        "sender's name": message.from_name,
        "recipient's name": message.to_name,
        **message.headers,
    }
    for name, value in values.items():
        if found := UNSAFE_IN_HEADER.search(value):
            raise MessageError(
                gettext_noop(
                    "The %(header)s contains the character %(character)s, which no header may."
                )
                % {"header": name, "character": f"{found.group()!r}"}
            )
    for name in message.headers:
        if not HEADER_NAME.fullmatch(name):
            raise MessageError(
                gettext_noop("The header %(name)s cannot be set.") % {"name": f"{name!r}"}
            )


def mailbox(name: str, address: str) -> str:
    """`Name <address>` as an API takes it: beyond ASCII as it is, quoted where it has to be."""
    return f'"{quote(name)}" <{address}>' if name else address


def forbid_headers(headers: Mapping[str, str], forbidden: frozenset[str], provider: str) -> None:
    """`forbidden` are names in lower case. Raises MessageError."""
    for name in headers:
        if name.lower() in forbidden:
            raise MessageError(
                gettext_noop("%(provider)s does not let the header %(name)s be set.")
                % {"provider": provider, "name": name}
            )


def with_literal_braces(html: str) -> str:
    """`html` that shows the same, without `{{` and `{%`, which the provider would take for its own
    templates.
    """
    return BRACES.sub(lambda match: "&#123;" + match[0][1:].replace("{", "&#123;"), html)


def with_literal_variables(html: str) -> str:
    """`html` that shows the same, without `%name%`, which the provider would fill in."""
    return VARIABLE.sub(lambda match: match[0].replace("%", "&#37;"), html)


def refuse_braces(part: str, text: str, provider: str) -> None:
    """Where a character cannot be written in another way. Raises MessageError."""
    if found := BRACES.search(text):
        raise _taken_for_template(part, found.group(), provider)


def refuse_variables(part: str, text: str, provider: str) -> None:
    """Raises MessageError."""
    for found in VARIABLE.finditer(text):
        if not HEX_PAIR.fullmatch(found.group()):
            raise _taken_for_template(part, found.group(), provider)


def _taken_for_template(part: str, found: str, provider: str) -> MessageError:
    return MessageError(
        gettext_noop(
            "The %(part)s contains %(found)s, which %(provider)s would take for a "
            "variable of its own; write it in another way."
        )
        % {"part": part, "found": f"{found!r}", "provider": provider}
    )
