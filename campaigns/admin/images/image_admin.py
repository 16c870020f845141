"""Admin pages of pictures: take one in, describe it, copy its address."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from csp.decorators import csp_update
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin
from campaigns.admin.changes import ExplainedChanges
from campaigns.admin.images.choosing import PicturePicker
from campaigns.admin.images.forms import ImageForm, NewImageForm
from campaigns.images import keeping, showing
from campaigns.images.reencode import Picture
from campaigns.models import Image

FROM_THEIR_STORE = {"img-src": settings.IMAGE_HOSTS}


@admin.register(Image)
@method_decorator(csp_update(FROM_THEIR_STORE), name="changelist_view")
@method_decorator(csp_update(FROM_THEIR_STORE), name="changeform_view")
class ImageAdmin(ExplainedChanges, PicturePicker, OwnedAdmin):
    list_display = ("picture", "name", "alt", "size", "created_at")
    list_display_links = ("picture", "name")
    ordering = ("-id",)
    search_fields = ("name", "alt")
    search_help_text = _("Part of a name or of the words for it")
    sortable_by = ("name", "created_at")
    list_filter_submit = False

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[Any]:
        return super().get_form(
            request, obj, change=change, **{"form": ImageForm if obj else NewImageForm, **kwargs}
        )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        words = ("name", "alt", "is_decoration")
        if obj is None:
            return ("owner", "upload", *words)
        return ("owner", "large_picture", "address", "size", *words)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """It stays with its owner, whose templates show it."""
        return ("owner", "large_picture", "address", "size") if obj else ()

    @admin.display(description=_("picture"))
    def picture(self, image: Image) -> SafeString:
        return _shown(image, "edm-thumbnail")

    @admin.display(description=_("picture"))
    def large_picture(self, image: Image) -> SafeString:
        return _shown(image, "edm-picture")

    @admin.display(description=_("address"))
    def address(self, image: Image) -> SafeString:
        words = escape(image.alt)
        tag = f'<img src="{image.file.url}" alt="{words}" width="{image.width}">'
        return format_html(
            '<a class="underline break-all" href="{}">{}</a>'
            '<p class="mt-2">{} <code class="break-all">{}</code></p>',
            image.file.url,
            image.file.url,
            gettext("In a template:"),
            tag,
        )

    @admin.display(description=_("size"))
    def size(self, image: Image) -> str:
        return gettext("%(width)s × %(height)s pixels, %(octets)s") % {
            "width": f"{image.width:,}",
            "height": f"{image.height:,}",
            "octets": _octets(image.octets),
        }

    def save_model(self, request: HttpRequest, obj: Image, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        picture: Picture = form.cleaned_data["picture"]
        known = Image.objects.filter(owner=obj.owner_id, file=keeping.name_of(picture)).exists()
        keeping.put(obj, picture, partial(messages.error, request))
        if known:
            messages.info(
                request, gettext("You had this picture already. It has the new name and words.")
            )

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        return [
            line
            for image in objects
            for line in (*showing.brands_that_show(image), *showing.templates_that_show(image))
        ]

    def deletion_of(self, objects: Sequence[Any], request: HttpRequest) -> tuple[Any, ...]:
        listed, counts, perms, protected = super().deletion_of(objects, request)
        told = [line for image in objects for line in showing.messages_that_show(image)]
        return [*listed, *told], counts, perms, protected

    def delete_model(self, request: HttpRequest, obj: Image) -> None:
        keeping.remove(obj, partial(messages.warning, request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for image in queryset:
            self.delete_model(request, image)


def _shown(image: Image, css: str) -> SafeString:
    return format_html(
        '<img class="{}" src="{}" alt="{}" width="{}" height="{}" loading="lazy">',
        css,
        showing.address_here(image),
        image.alt,
        image.width,
        image.height,
    )


def _octets(octets: int) -> str:
    return f"{octets / 1e6:.1f} MB" if octets >= 1_000_000 else f"{max(1, octets // 1000)} kB"
