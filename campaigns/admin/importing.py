"""What the pages that import files have in common."""

from __future__ import annotations

from typing import Any

from campaigns.file_rows import LineProblem

SHOWN = 500
ENCODINGS = [
    ("", "Find out by itself"),
    ("utf-8", "UTF-8"),
    ("cp1252", "Windows-1252 (Western European)"),
    ("gb18030", "GB 18030 (simplified Chinese)"),
    ("big5", "Big5 (traditional Chinese)"),
    ("shift_jis", "Shift JIS (Japanese)"),
    ("utf-16", "UTF-16"),
]


def table_of(problems: list[LineProblem]) -> dict[str, Any]:
    """For unfold's component; a file may have more problems than anybody reads."""
    rows = [[problem.line, problem.value, problem.reason] for problem in problems[:SHOWN]]
    return {"headers": ["Line", "Value", "Reason"], "rows": rows}
