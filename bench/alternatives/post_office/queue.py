"""Queue rendered mails with `send_many`: at delivery it would compile the template for each."""

from __future__ import annotations

from collections.abc import Sequence

from post_office import mail

from bench import letter
from bench.alternatives import queueing
from bench.alternatives.queueing import Addressed


def queue(messages: Sequence[Addressed]) -> None:
    parts = letter.letter()
    mail.send_many(
        [
            {
                "recipients": [address],
                "sender": letter.FROM,
                "subject": parts.subject.render(values),
                "message": parts.text.render(values),
                "html_message": parts.html.render(values),
            }
            for address, values in messages
        ]
    )


if __name__ == "__main__":
    queueing.main(queue)
