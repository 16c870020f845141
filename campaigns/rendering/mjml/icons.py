"""Icons that MJML takes from other sites: this site serves its own in their place.

They were drawn for it, and lie in edm_project/static/edm/icons. Messages that went out name their
addresses, so none may be renamed or removed.
"""

from __future__ import annotations

import re
from urllib.parse import urljoin

from django.conf import settings

_SOCIAL = "https://www.mailjet.com/images/theme/v1/icons/ico-social/"
_OF_SOCIAL = (
    "dribbble facebook github google-plus instagram linkedin medium pinterest snapchat soundcloud "
    "tumblr twitter twitter-x vimeo web xing youtube"
)
OURS = {
    **{f"{_SOCIAL}{name}.png": name for name in _OF_SOCIAL.split()},
    "https://i.imgur.com/bIXv1bk.png": "open",
    "https://i.imgur.com/w4uTygT.png": "close",
    "https://i.imgur.com/xTh3hln.png": "previous",
    "https://i.imgur.com/os7o9kz.png": "next",
}
_ANY = re.compile(rf'\bsrc="({"|".join(map(re.escape, OURS))})"')


def address_of(name: str) -> str:
    return urljoin(f"{settings.PUBLIC_URL}/", f"{settings.STATIC_URL}edm/icons/{name}.png")


def own(html: str) -> str:
    """The HTML with this site's icons."""
    return _ANY.sub(lambda found: f'src="{address_of(OURS[found[1]])}"', html)
