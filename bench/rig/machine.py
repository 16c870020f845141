"""Describe the machine of the measurement."""

from __future__ import annotations

import datetime as dt
import importlib.metadata
import os
import platform
import re
import shutil
import subprocess
from pathlib import Path

import psutil

PACKAGES = (
    "Django",
    "psycopg",
    "django-q2",
    "python-liquid",
    "django-post_office",
    "celery",
    "redis",
    "procrastinate",
)


def describe() -> list[str]:
    """Lines for the head of the report."""
    memory = psutil.virtual_memory().total / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    return [
        f"Measured {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC, revision {revision()}.",
        f"Machine: {processor()}, {os.cpu_count()} cores, {memory:.0f} GB, "
        f"{platform.system()} {platform.release()}.",
        f"Python {platform.python_version()}, {packages}, {redis_server()}.",
        f"Load before the run: {os.getloadavg()[0]:.1f}.",
    ]


def version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return "not installed"


def revision() -> str:
    git = shutil.which("git")
    if git is None:
        return "unknown"
    command = [git, "describe", "--always", "--dirty"]
    found = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent)
    return found.stdout.strip() or "unknown"


def processor() -> str:
    information = Path("/proc/cpuinfo")
    found = (
        re.search(r"model name\s*: (.+)", information.read_text()) if information.exists() else None
    )
    return found[1] if found else platform.processor() or platform.machine()


def redis_server() -> str:
    program = shutil.which("redis-server")
    if program is None:
        return "redis-server not installed"
    told = subprocess.run([program, "--version"], capture_output=True, text=True).stdout
    found = re.search(r"v=(\S+)", told)
    return f"redis-server {found[1] if found else 'of unknown version'}"
