"""Choose a picture while a message is written: a part of a page that lists an owner's pictures, and
takes one in.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import URLPattern, path
from django.utils.translation import gettext_noop

from access.ownership import choosable_owners
from admin_kit.base import OwnedAdmin, staff
from admin_kit.confirmation import restyled
from campaigns.images import showing
from campaigns.models import Image

PAGE = 50
MOST_WORDS = 10
CHOOSE = "admin/campaigns/images/choose.html"


class PicturePicker(OwnedAdmin):
    def get_urls(self) -> list[URLPattern]:
        own: Any = self.admin_site.admin_view
        choose = path("choose/", own(self.choose_view), name="campaigns_image_choose")
        return [choose, *super().get_urls()]

    def choose_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        owner_id = _owner_of(request)
        added, form = None, self._form(request, owner_id)
        if request.method == "POST":
            if not self.has_add_permission(request):
                raise PermissionDenied
            added = self._taken_in(request, form)
            form = form if added is None else self._form(request, owner_id, anew=True)
        words = request.GET.get("q", "")[:200]
        pages = Paginator(_found(request, owner_id, words), PAGE)
        shown = pages.get_page(request.GET.get("p"))
        context = {
            "pictures": [_described(image) for image in shown],
            "added": _described(added) if added else None,
            "words": words,
            "pages": shown,
            "owner": owner_id,
            "form": form if self.has_add_permission(request) else None,
        }
        return render(request, CHOOSE, context)

    def _form(self, request: HttpRequest, owner_id: int, *, anew: bool = False) -> Any:
        """Of a new picture; its owner is that of the message."""
        is_posted = request.method == "POST" and not anew
        data = {**request.POST.dict(), "owner": str(owner_id)} if is_posted else None
        form = self.get_form(request)(data, request.FILES if is_posted else None)
        form.instance.owner_id = owner_id
        for name in ("alt", "is_decoration"):
            restyled(form.fields[name])
        return form

    def _taken_in(self, request: HttpRequest, form: Any) -> Image | None:
        if not form.is_valid():
            return None
        with transaction.atomic():
            image: Image = form.save(commit=False)
            self.save_model(request, image, form, change=False)
            self.log_addition(request, image, gettext_noop("Added while a message was written."))
        return Image.objects.filter(pk=image.pk).first()


def _owner_of(request: HttpRequest) -> int:
    """The one who is asked for, if the user may choose that owner; else the user."""
    asked = (request.POST if request.method == "POST" else request.GET).get("owner", "")
    user = staff(request)
    if asked.isascii() and asked.isdecimal() and len(asked) < 10:
        found = choosable_owners(user).filter(pk=int(asked)).values_list("pk", flat=True).first()
        return found or user.pk
    return user.pk


def _found(request: HttpRequest, owner_id: int, words: str) -> QuerySet[Image]:
    found = Image.objects.visible_to(request.user).filter(owner=owner_id).order_by("-pk")
    if "\x00" in words:
        return found.none()
    for word in words.split()[:MOST_WORDS]:
        found = found.filter(Q(name__icontains=word) | Q(alt__icontains=word))
    return found


def _described(image: Image) -> dict[str, Any]:
    return {
        "name": image.name,
        "address": image.file.url,
        "thumbnail": showing.address_here(image),
        "alt": image.alt,
        "is_decoration": image.is_decoration,
        "width": image.width,
        "height": image.height,
    }
