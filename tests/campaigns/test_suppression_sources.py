from __future__ import annotations

import pytest
from django.utils.translation import override

from campaigns import suppression_sources


@pytest.mark.parametrize(
    ("stored", "english", "chinese"),
    [
        (
            suppression_sources.reported("Spring", "postmark"),
            "Campaign “Spring”, reported by postmark",
            "活动“Spring”，由 postmark 上报",
        ),
        (
            "Unsubscribed: SubTask 12, postmark",
            "Message 12, reported by postmark",
            "邮件 12，由 postmark 上报",
        ),
        (
            "3 messages in a row bounced for now, within 30 days",
            "3 messages in a row bounced for now, within 30 days",
            "30 天内连续 3 封邮件软退信",
        ),
        ("Trade fair 2030", "Trade fair 2030", "Trade fair 2030"),
        ("", "", ""),
    ],
)
def test_where_a_suppression_came_from_is_said_in_words(
    stored: str, english: str, chinese: str
) -> None:
    with override("en"):
        assert suppression_sources.told(stored) == english
    with override("zh-hans"):
        assert suppression_sources.told(stored) == chinese
