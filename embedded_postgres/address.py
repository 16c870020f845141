"""Where the embedded server keeps its data and listens. Settings load this in every command: only
the standard library is imported here.
"""

import hashlib
import os
from pathlib import Path

PROJECT_DIRECTORY = Path(__file__).resolve().parent.parent
DEFAULT_HOME = PROJECT_DIRECTORY / "var" / "postgres"
REACHABLE_HOMES = Path("/var/lib/edm-dispatch")


class Address:
    """Of the server whose data live in one directory."""

    user = "postgres"
    database = "edm"

    def __init__(self, home: Path = DEFAULT_HOME) -> None:
        self.home = reachable_home(home)
        self.wanted_home = home.absolute()
        self.data = self.home / "data"
        # The path of a unix socket may have about 100 bytes, and every process must find the same
        # one: hence /tmp and not $TMPDIR, which differs between processes.
        key = hashlib.sha256(str(self.home).encode()).hexdigest()[:12]
        self.socket_directory = Path("/tmp") / f"edm-postgres-{key}"
        self.socket = self.socket_directory / ".s.PGSQL.5432"
        self.socket_lock = self.socket.with_name(f"{self.socket.name}.lock")

    def url(self, database: str = database) -> str:
        """For DATABASE_URL. A process that connects by it does not count as a user."""
        return f"postgres://{self.user}@/{database}?host={self.socket_directory}"


def reachable_home(home: Path) -> Path:
    """`home`; as root its stand-in below /var/lib, since only root may enter var/."""
    home = home.absolute()
    if os.geteuid() != 0 or home.is_relative_to(REACHABLE_HOMES):
        return home
    return REACHABLE_HOMES / hashlib.sha256(str(home).encode()).hexdigest()[:12]
