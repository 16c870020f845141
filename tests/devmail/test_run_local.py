from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from devmail import processes
from tests.devmail.test_ports import taken


def test_a_port_in_use_stops_the_start_with_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with taken() as port:
        monkeypatch.setenv("PORT", str(port))
        with pytest.raises(CommandError, match=f"Port {port} is in use by another program"):
            call_command("run_local")


def test_a_second_start_in_the_same_folder_is_refused() -> None:
    with processes.only_one(), pytest.raises(CommandError, match="running already"):
        call_command("run_local")
