"""How a hand-over can fail, sorted by whom it blames and whether the message may have been
accepted.

A transport raises exactly one of these; `dispatch.results.outcomes` is the one place that decides
what each means for the SubTask and for the service.
"""

from __future__ import annotations


class DeliveryError(Exception):
    """The provider did not confirm the message.

    `code` is the SMTP or HTTP status (None when there was no reply), `enhanced` the RFC 3463 code
    such as "5.1.1" or "", `reply` what the provider said, safe to show and to log (never
    credentials).
    """

    def __init__(self, reply: str, *, code: int | None = None, enhanced: str = "") -> None:
        super().__init__(reply)
        self.reply = reply
        self.code = code
        self.enhanced = enhanced


class ServiceError(DeliveryError):
    """The service is to blame; the message was definitely not accepted and may go through another
    service.

    `needs_person` says that waiting will not help (bad credentials, refused sender or certificate).
    `retry_after_seconds` is how long the provider asked to be left alone, 0 when it did not say.
    """

    def __init__(
        self,
        reply: str,
        *,
        code: int | None = None,
        enhanced: str = "",
        needs_person: bool = False,
        retry_after_seconds: float = 0.0,
    ) -> None:
        super().__init__(reply, code=code, enhanced=enhanced)
        self.needs_person = needs_person
        self.retry_after_seconds = retry_after_seconds


class RecipientError(DeliveryError):
    """This recipient was refused, for a while or for good; the message was definitely not accepted.

    `hard_bounce` says that the address itself is bad (5.1.x) and must not be mailed again.
    """

    def __init__(
        self,
        reply: str,
        *,
        code: int | None = None,
        enhanced: str = "",
        permanent: bool,
        hard_bounce: bool = False,
    ) -> None:
        super().__init__(reply, code=code, enhanced=enhanced)
        self.permanent = permanent
        self.hard_bounce = hard_bounce


class MessageError(DeliveryError):
    """This message was refused for good (size, content, cannot be encoded); another recipient's may
    be fine.
    """


class OutcomeUnknown(DeliveryError):
    """The message was handed over and no reply came back: it may or may not have been accepted (RFC
    1047).
    """
