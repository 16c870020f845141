"""Browsers in words, by what they say of themselves."""

from __future__ import annotations

import pytest
from django.utils.translation import override

from signin.browsers import in_words

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
WINDOWS = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {WEBKIT} Chrome/140.0.0.0 Safari/537.36"
MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15"
ANDROID = f"Mozilla/5.0 (Linux; Android 15; K) {WEBKIT}"


@pytest.mark.parametrize(
    ("user_agent", "words"),
    [
        (WINDOWS, "Chrome on Windows"),
        (f"{WINDOWS} Edg/140.0.0.0", "Edge on Windows"),
        (f"{WINDOWS} OPR/120.0.0.0", "Opera on Windows"),
        (f"{MAC} AppleWebKit/605.1.15 (KHTML) Version/18.6 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        (f"{IPHONE} (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        (f"{IPHONE} (KHTML, like Gecko) CriOS/140.0 Mobile/15E148 Safari/604.1", "Chrome on iPhone"),
        (f"{ANDROID} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36", "Samsung Internet on Android"),
        (f"{ANDROID} Chrome/130.0 Mobile Safari/537.36 MicroMessenger/8.0.60", "WeChat on Android"),
        (f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) {WEBKIT} Chrome/140.0 Safari/537.36", "Chrome on ChromeOS"),
        ("Firefox/140.0", "Firefox"),
        ("curl/8.14.1", "curl/8.14.1"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_browser_and_its_system_are_named(user_agent: str, words: str) -> None:
    assert in_words(user_agent) == words


def test_a_browser_is_named_in_chinese() -> None:
    with override("zh-hans"):
        assert in_words(WINDOWS) == "Windows 上的 Chrome"
