"""Figures in words."""

from __future__ import annotations


def duration(seconds: float | None) -> str:
    """To two or three digits: 4 ms, 1.3 s, 12 min."""
    if seconds is None:
        return "–"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} days"


def rate(per_second: float) -> str:
    """Slow ones by the minute."""
    if 0 < per_second < 1:
        return f"{per_second * 60:.0f} a minute"
    return f"{per_second:,.1f} a second" if per_second < 100 else f"{per_second:,.0f} a second"


def percent(share: float) -> str:
    return f"{share * 100:.1f} %" if 0 < share < 0.1 else f"{share * 100:.0f} %"


def counted(number: int, what: str) -> str:
    """`3 services`, `1 service`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
