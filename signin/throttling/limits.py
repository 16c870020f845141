"""The limits that apply to a try."""

from __future__ import annotations

import datetime as dt

from django.contrib.auth.models import User
from django.db.models.functions import Now
from django.http import HttpRequest

from signin.models import Outcome, SignIn
from signin.throttling.devices import device_of
from signin.throttling.places import address_of, network_of, wide_network_of
from signin.throttling.throttle import Limit

ADDRESS_TRIES = 30  # of one address, for all names together
PAIR_TRIES = 5  # of one name from one address
WIDE_TRIES = 120  # of one /48 of IPv6, for all names together
WIDE_PAIR_TRIES = 20  # of one name from one /48 of IPv6
KNOWN_PLACE_TRIES = 20  # of one name from an address that its user has signed in from
DEVICE_TRIES = 10  # of one name with a browser that its user has signed in with
CODE_TRIES = 5  # of second factors by one user from one address, after the right password
USER_CODE_TRIES = 20  # of second factors by one user, from all addresses together
KNOWN_FOR = dt.timedelta(days=30)


def password_limits(request: HttpRequest, user_name: str) -> list[Limit]:
    """For one try of a password. A known browser or place does not count against the address."""
    if device := device_of(request, user_name):
        return [Limit("device", (device,), DEVICE_TRIES)]
    address = address_of(request)
    network, wide = network_of(address), wide_network_of(address)
    if _is_known(user_name, network):
        return [Limit("known-place", (network, user_name), KNOWN_PLACE_TRIES)]
    place = [
        Limit("address", (network,), ADDRESS_TRIES),
        Limit("pair", (network, user_name), PAIR_TRIES),
    ]
    if not wide:
        return place
    return [
        *place,
        Limit("wide", (wide,), WIDE_TRIES),
        Limit("wide-pair", (wide, user_name), WIDE_PAIR_TRIES),
    ]


def code_limits(request: HttpRequest, user: User) -> list[Limit]:
    """For one try of a second factor. Only a person with the password gets here, so a limit on the
    user locks out only users whose password is known to others; a known browser is exempt even so.
    """
    if device := device_of(request, user.get_username()):
        return [Limit("device-code", (device,), DEVICE_TRIES)]
    network = network_of(address_of(request))
    return [
        Limit("code", (network, user.pk), CODE_TRIES),
        Limit("user-code", (user.pk,), USER_CODE_TRIES),
    ]


def _is_known(user_name: str, network: str) -> bool:
    """Whether this user has signed in from here lately."""
    return SignIn.objects.filter(
        user__username=user_name,
        network=network,
        outcome=Outcome.SIGNED_IN,
        at__gt=Now() - KNOWN_FOR,
    ).exists()
