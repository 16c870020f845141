"""MX and PTR: whether the domain takes mail itself, and whether its server is who it says."""

from __future__ import annotations

import ipaddress

from django.utils.translation import gettext_noop

from dispatch.domains.check import Check, Verdict
from dispatch.domains.names import Names

MX, PTR = "MX", "PTR"
NO_MAIL = ""


def check_mail_servers(names: Names, domain: str) -> Check:
    """Raises CouldNotAsk."""
    servers = names.mail_servers(domain)
    publish = gettext_noop("%(domain)s  MX  10 <a server that takes mail for the domain>")
    publish %= {"domain": domain}
    if NO_MAIL in servers:
        words = gettext_noop(
            "The domain says that it takes no mail: bounces and replies are lost, and some servers "
            "refuse mail from it."
        )
        return Check(MX, Verdict.PROBLEM, words, publish)
    if not servers:
        words = gettext_noop("The domain has no mail server: bounces and replies are lost.")
        return Check(MX, Verdict.WARNING, words, publish)
    dead = [server for server in servers if not names.addresses(server)]
    if len(dead) == len(servers):
        words = gettext_noop(
            "None of its mail servers has an address (%(servers)s): bounces are lost."
        ) % {"servers": ", ".join(dead)}
        return Check(MX, Verdict.PROBLEM, words, publish)
    return Check(
        MX,
        Verdict.OK,
        gettext_noop("Bounces and replies go to %(servers)s.")
        % {"servers": ", ".join(sorted(servers))},
    )


def check_pointers(names: Names, host: str) -> Check:
    """Whether each address of the server has a name that leads back to it. Raises CouldNotAsk."""
    if not host:
        return Check(
            PTR, Verdict.OK, gettext_noop("The servers that mail goes out by are the provider's.")
        )
    addresses = _addresses(names, host)
    if not addresses:
        words = gettext_noop("%(host)s has no address: no message can be handed over to it.") % {
            "host": host
        }
        return Check(
            PTR,
            Verdict.PROBLEM,
            words,
            gettext_noop("%(host)s  A  <the address of the server>") % {"host": host},
        )
    public = [each for each in addresses if ipaddress.ip_address(each).is_global]
    if not public:
        words = gettext_noop(
            "%(host)s is inside your network; look at the address that it reaches others by."
        ) % {"host": host}
        return Check(PTR, Verdict.OK, words)
    nameless = [each for each in public if not _leads_back(names, each)]
    if not nameless:
        return Check(
            PTR,
            Verdict.OK,
            gettext_noop("The addresses of %(host)s have names that lead back to them.")
            % {"host": host},
        )
    return _without_names(host, nameless)


def _without_names(host: str, nameless: list[str]) -> Check:
    words = gettext_noop(
        "%(addresses)s of %(host)s has no name that leads back to it. If this "
        "server itself delivers to recipients, the large mailbox providers "
        "refuse its mail."
    ) % {"addresses": ", ".join(nameless), "host": host}
    return Check(
        PTR,
        Verdict.WARNING,
        words,
        gettext_noop("%(address)s  PTR  %(host)s (where it is rented)")
        % {"address": nameless[0], "host": host},
    )


def _addresses(names: Names, host: str) -> list[str]:
    try:
        return [str(ipaddress.ip_address(host))]
    except ValueError:
        return names.addresses(host)


def _leads_back(names: Names, address: str) -> bool:
    return any(address in names.addresses(name) for name in names.names_of(address))
