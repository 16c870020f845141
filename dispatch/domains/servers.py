"""MX and PTR: whether the domain takes mail itself, and whether its server is who it says."""

from __future__ import annotations

import ipaddress

from dispatch.domains.check import Check, Verdict
from dispatch.domains.names import Names

MX, PTR = "MX", "PTR"
NO_MAIL = ""


def check_mail_servers(names: Names, domain: str) -> Check:
    """Raises CouldNotAsk."""
    servers = names.mail_servers(domain)
    publish = f"{domain}  MX  10 <a server that takes mail for the domain>"
    if NO_MAIL in servers:
        words = (
            "The domain says that it takes no mail: bounces and replies are lost, and some servers "
            "refuse mail from it."
        )
        return Check(MX, Verdict.PROBLEM, words, publish)
    if not servers:
        words = "The domain has no mail server: bounces and replies are lost."
        return Check(MX, Verdict.WARNING, words, publish)
    dead = [server for server in servers if not names.addresses(server)]
    if len(dead) == len(servers):
        words = f"None of its mail servers has an address ({', '.join(dead)}): bounces are lost."
        return Check(MX, Verdict.PROBLEM, words, publish)
    return Check(MX, Verdict.OK, f"Bounces and replies go to {', '.join(sorted(servers))}.")


def check_pointers(names: Names, host: str) -> Check:
    """Whether each address of the server has a name that leads back to it. Raises CouldNotAsk."""
    if not host:
        return Check(PTR, Verdict.OK, "The servers that mail goes out by are the provider's.")
    addresses = _addresses(names, host)
    if not addresses:
        words = f"{host} has no address: no message can be handed over to it."
        return Check(PTR, Verdict.PROBLEM, words, f"{host}  A  <the address of the server>")
    public = [each for each in addresses if ipaddress.ip_address(each).is_global]
    if not public:
        words = f"{host} is inside your network; look at the address that it reaches others by."
        return Check(PTR, Verdict.OK, words)
    nameless = [each for each in public if not _leads_back(names, each)]
    if not nameless:
        return Check(PTR, Verdict.OK, f"The addresses of {host} have names that lead back to them.")
    words = (
        f"{', '.join(nameless)} of {host} has no name that leads back to it. If this server itself "
        "delivers to recipients, the large mailbox providers refuse its mail."
    )
    return Check(PTR, Verdict.WARNING, words, f"{nameless[0]}  PTR  {host} (where it is rented)")


def _addresses(names: Names, host: str) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return names.addresses(host)


def _leads_back(names: Names, address: str) -> bool:
    return any(address in names.addresses(name) for name in names.names_of(address))
