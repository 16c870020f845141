"""Known vulnerabilities of what requirements.txt installs: make audit

Fails for one that is found and not in .ci/advisories-accepted.txt; says so, and does not fail, when
no source of advisories can be reached.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ARGUMENTS = (
    *("--requirement", str(HERE.parent / "requirements.txt")),
    # The file is complete and its versions are exact: nothing needs to be resolved.
    *("--no-deps", "--disable-pip"),
    *("--format", "json", "--timeout", "15", "--progress-spinner", "off"),
)
NOT_REACHABLE = "No source of advisories can be reached: requirements.txt was not audited."


def main(pip_audit: str) -> int:
    """Returns the exit code."""
    result = subprocess.run([pip_audit, *ARGUMENTS], capture_output=True, text=True)
    try:
        dependencies = json.loads(result.stdout)["dependencies"]
    except (ValueError, KeyError):
        last_words = result.stderr.strip().splitlines()[-1:]
        print(NOT_REACHABLE, *last_words)
        return 0
    audited = [each for each in dependencies if "vulns" in each]
    if not audited:
        print(NOT_REACHABLE)
        return 0
    print(f"{len(audited)} of {len(dependencies)} packages are known to the source of advisories.")
    return _report(audited)


def _report(audited: list[dict[str, Any]]) -> int:
    accepted = _accepted()
    found = [
        f"{each['name']} {each['version']}: {vulnerability['id']}, mended in "
        f"{', '.join(vulnerability['fix_versions']) or 'no version yet'}"
        for each in audited
        for vulnerability in each["vulns"]
        if accepted.isdisjoint({vulnerability["id"], *vulnerability.get("aliases", ())})
    ]
    print(*(found or ["No vulnerability is known of them."]), sep="\n")
    return 1 if found else 0


def _accepted() -> set[str]:
    lines = (HERE / "advisories-accepted.txt").read_text("utf-8").splitlines()
    return {line.split()[0] for line in lines if line.strip() and not line.startswith("#")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
