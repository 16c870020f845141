"""What a server's reply means: a table of rules, read from the top; the first that fits decides.

The tables stand beside what reads the replies: `smtp.replies`, `http.refusals` with each provider's
own, and `bounces`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import Enum, auto
from typing import Generic, TypeVar

from dispatch.errors import (
    DeliveryError,
    MessageError,
    OutcomeUnknown,
    RecipientError,
    ServiceError,
)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server said. A code that is not told, or says nothing, is "".

    `code` is an SMTP reply code or an HTTP status, `enhanced` an RFC 3463 code such as "5.1.1",
    `phase` the command that was under way.
    """

    text: str
    code: str = ""
    enhanced: str = ""
    phase: str = ""


@dataclass(frozen=True, slots=True)
class Rule(Generic[Result]):
    """Patterns are regular expressions: both codes must match whole, the text anywhere, in any
    case. Without `phases` the rule holds in all of them.
    """

    result: Result
    code: str = ".*"
    enhanced: str = ".*"
    text: str = ""
    phases: Collection[str] = ()

    def fits(self, reply: Reply) -> bool:
        return (
            (not self.phases or reply.phase in self.phases)
            and re.fullmatch(self.code, reply.code) is not None
            and re.fullmatch(self.enhanced, reply.enhanced) is not None
            and re.search(self.text, reply.text, re.IGNORECASE) is not None
        )


def first_match(rules: Iterable[Rule[Result]], reply: Reply) -> Result:
    """The result of the first rule that fits. The last rule of a table fits every reply."""
    return next(rule.result for rule in rules if rule.fits(reply))


class Blame(Enum):
    """Whom or what the reply to a hand-over blames."""

    PERSON = auto()  # the service, until a person puts it right
    SERVICE = auto()  # the service, for a while
    RECIPIENT = auto()  # this recipient, for a while
    REFUSED = auto()  # this recipient, for good, though the address may be fine
    BOUNCE = auto()  # this address does not exist or is malformed
    MESSAGE = auto()  # this message
    UNKNOWN = auto()  # it may have been accepted

    def error(
        self, text: str, *, code: int, enhanced: str = "", retry_after_seconds: float = 0.0
    ) -> DeliveryError:
        """The error that a transport raises for such a reply."""
        match self:
            case Blame.PERSON | Blame.SERVICE:
                return ServiceError(
                    text,
                    code=code,
                    enhanced=enhanced,
                    needs_person=self is Blame.PERSON,
                    retry_after_seconds=retry_after_seconds,
                )
            case Blame.RECIPIENT | Blame.REFUSED | Blame.BOUNCE:
                return RecipientError(
                    text,
                    code=code,
                    enhanced=enhanced,
                    permanent=self is not Blame.RECIPIENT,
                    hard_bounce=self is Blame.BOUNCE,
                )
            case Blame.MESSAGE:
                return MessageError(text, code=code, enhanced=enhanced)
            case Blame.UNKNOWN:
                return OutcomeUnknown(text, code=code, enhanced=enhanced)
