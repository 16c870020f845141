"""The contrast of two colours, as https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio defines it."""

from __future__ import annotations


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    total = 0.0
    for share, digits in ((0.2126, colour[1:3]), (0.7152, colour[3:5]), (0.0722, colour[5:7])):
        value = int(digits, 16) / 255
        total += share * (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return total
