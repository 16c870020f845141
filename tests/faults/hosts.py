"""Hosts of our own: network namespaces with their own addresses, joined by a bridge that this machine is on too."""

from __future__ import annotations

import contextlib
import ipaddress
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

NETWORK = ipaddress.ip_network("198.18.77.0/24")  # RFC 2544: for tests of networks
BRIDGE = "edmbridge"


@dataclass(frozen=True)
class Host:
    """A namespace with one address."""

    name: str
    address: str

    @property
    def prefix(self) -> list[str]:
        """What to put before a command so that it runs there."""
        return ["ip", "netns", "exec", self.name]

    @property
    def cable(self) -> str:
        """This machine's end of its connection."""
        return f"{self.name}c"

    def unplug(self) -> None:
        ip("link", "set", self.cable, "down")

    def plug_in(self) -> None:
        ip("link", "set", self.cable, "up")


class Hosts:
    """This machine at `address`, and two hosts beside it. Needs root and iproute2."""

    names: ClassVar[tuple[str, ...]] = ("edmhosta", "edmhostb")

    def __init__(self) -> None:
        self.close()  # what a killed run has left
        addresses = [str(address) for address in NETWORK.hosts()]
        self.address = addresses[0]
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("addr", "add", f"{self.address}/{NETWORK.prefixlen}", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        self.hosts = [
            Host(name, address) for name, address in zip(self.names, addresses[1:], strict=False)
        ]
        for host in self.hosts:
            self._connect(host)

    def close(self) -> None:
        cables = [Host(name, "").cable for name in self.names]
        for link in (*cables, BRIDGE):
            with contextlib.suppress(subprocess.CalledProcessError):
                ip("link", "del", link)
        for name in self.names:
            with contextlib.suppress(subprocess.CalledProcessError):
                ip("netns", "del", name)

    def _connect(self, host: Host) -> None:
        ip("netns", "add", host.name)
        ip("link", "add", host.cable, "type", "veth", "peer", "name", "eth0", "netns", host.name)
        ip("link", "set", host.cable, "master", BRIDGE, "up")
        for command in (
            ("addr", "add", f"{host.address}/{NETWORK.prefixlen}", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            ip("-netns", host.name, *command)


def ip(*arguments: str) -> None:
    """Raises CalledProcessError."""
    subprocess.run(["ip", *arguments], check=True, capture_output=True)


def wrong_clock(directory: Path) -> Path:
    """A library to preload, which makes a program see another time. Needs a C compiler."""
    library = directory / "wrong_clock.so"
    source = Path(__file__).with_name("wrong_clock.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True)
    return library
