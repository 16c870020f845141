"""Where a picture is shown."""

from __future__ import annotations

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext

from campaigns import wording
from campaigns.images.storage import DatabaseStorage
from campaigns.models import Brand, Content, Image, Template

MOST = 10


def address_here(image: Image) -> str:
    """From a page of this site, on the host that the page was asked from."""
    if isinstance(image.file.storage, DatabaseStorage):
        return reverse("image", args=[image.file.name])
    return str(image.file.url)


def brands_that_show(image: Image) -> list[str]:
    """A line for the brand of its owner whose logo it is: public pages show it."""
    brands = Brand.objects.filter(owner=image.owner_id, logo_url__endswith=f"/{image.file.name}")
    return [gettext("The brand “%(brand)s” has it as its logo.") % {"brand": b} for b in brands]


def templates_that_show(image: Image) -> list[str]:
    """A line for each template of its owner, and those in which other owners wrote its address,
    without their names. A picture that is shown stays."""
    name = str(image.file.name)
    shows = Q(html__contains=name) | Q(mjml__contains=name)
    own = list(Template.objects.filter(shows, owner=image.owner_id).order_by("name")[: MOST + 1])
    lines = [
        gettext("The template “%(template)s” shows it.") % {"template": template}
        for template in own[:MOST]
    ]
    return [*lines, gettext("More templates show it.")][: len(own)]


def messages_that_show(image: Image) -> list[str]:
    """What the deletion means for mail that is out."""
    frozen = Content.objects.filter(html__contains=str(image.file.name), task__owner=image.owner_id)
    tasks = frozen.order_by().values("task").distinct().count()
    if not tasks:
        return []
    return [
        gettext(
            "Messages of %(campaigns)s that went out show it: their readers will see “%(alt)s” "
            "in its place."
        )
        % {"campaigns": wording.campaigns(tasks), "alt": image.alt}
        if image.alt
        else gettext(
            "Messages of %(campaigns)s that went out show it: their readers will see nothing in "
            "its place."
        )
        % {"campaigns": wording.campaigns(tasks)}
    ]
