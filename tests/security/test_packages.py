"""`make audit`, with another program in place of pip-audit."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).resolve().parent.parent.parent
NONE = {"name": "django", "version": "5.2.9", "vulns": []}
UNKNOWN = {"name": "django", "skip_reason": "Dependency not found on PyPI"}
VULNERABLE = {
    "name": "idna",
    "version": "3.6",
    "vulns": [{"id": "PYSEC-2030-1", "aliases": ["CVE-2030-1"], "fix_versions": ["3.7"]}],
}


def audit(
    directory: Path, *dependencies: Any, output: str = ""
) -> subprocess.CompletedProcess[str]:
    program = directory / "pip-audit"
    said = output or json.dumps({"dependencies": dependencies, "fixes": []})
    program.write_text(f"#!{sys.executable}\nprint({said!r})\n")
    program.chmod(0o700)
    return subprocess.run(
        [sys.executable, PROJECT / ".ci" / "audit.py", program], capture_output=True, text=True
    )


def test_a_known_vulnerability_fails_and_is_named(tmp_path: Path) -> None:
    result = audit(tmp_path, NONE, VULNERABLE)
    assert result.returncode == 1
    assert "idna 3.6: PYSEC-2030-1, mended in 3.7\n" in result.stdout


def test_packages_without_vulnerabilities_pass(tmp_path: Path) -> None:
    result = audit(tmp_path, NONE, UNKNOWN)
    assert result.returncode == 0
    assert result.stdout == (
        "1 of 2 packages are known to the source of advisories.\nNo vulnerability is known of them.\n"
    )


@pytest.mark.parametrize(
    "output", ["", "ConnectionError: no route"], ids=["unknown", "unreachable"]
)
def test_no_source_of_advisories_is_said_and_does_not_fail(tmp_path: Path, output: str) -> None:
    result = audit(tmp_path, UNKNOWN, output=output)
    assert result.returncode == 0
    assert result.stdout.startswith("No source of advisories can be reached")
