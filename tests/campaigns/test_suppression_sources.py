from __future__ import annotations

import pytest
from django.utils.translation import override

from campaigns import suppression_sources


@pytest.mark.parametrize(
    ("stored", "english", "chinese"),
    [
        (
            suppression_sources.reported("Spring", "Postmark"),
            "Campaign “Spring”, reported by Postmark",
            "活动“Spring”，由 Postmark 上报",
        ),
        (
            "Campaign “Spring”, reported by postmark",
            "Campaign “Spring”, reported by Postmark",
            "活动“Spring”，由 Postmark 上报",
        ),
        (
            "Campaign “Spring”, reported by gone",
            "Campaign “Spring”, reported by gone",
            "活动“Spring”，由 gone 上报",
        ),
        (
            "Unsubscribed: SubTask 12, postmark",
            "Message 12, reported by Postmark",
            "邮件 12，由 Postmark 上报",
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
