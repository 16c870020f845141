"""Admin pages for tags."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop
from django.utils.translation import gettext_lazy as _

from admin_kit.base import OwnedAdmin, OwnedForm
from admin_kit.confirmation import Question, StyledForm, ask, is_confirmed, say
from admin_kit.lists import ChangeList
from admin_kit.typed import label
from campaigns import tag_merging
from campaigns.admin import uses
from campaigns.admin.contacts.matching import TICKED
from campaigns.admin.handing_on import segments_that_keep, tasks_that_keep
from campaigns.db.keys import is_key
from campaigns.models import Contact, Tag
from campaigns.wording import listed, sentences

PUBLIC = _("public")
MOST = 10_000
"""Up to which the contacts of a tag are counted for the list."""
COUNT_SQL = """
SELECT tag, (SELECT count(*) FROM (
    SELECT 1 FROM campaigns_contact_tags l WHERE l.tag_id = tag LIMIT %s) AS few)
FROM unnest(%s::bigint[]) AS tag
"""


class TagForm(OwnedForm):
    def clean(self) -> dict[str, Any]:
        """One level: neither has the parent a parent, nor a tag under another any under it."""
        cleaned = super().clean()
        parent = cleaned.get("parent")
        if parent is None or "parent" in self.errors:
            return cleaned
        if parent.pk == self.instance.pk:
            self.add_error("parent", gettext("A tag cannot be under itself."))
        elif parent.parent_id is not None:
            self.add_error(
                "parent",
                gettext("“%(parent)s” is itself under another tag. Choose that one.")
                % {"parent": parent},
            )
        elif self.instance.pk and self.instance.children.exists():
            self.add_error("parent", gettext("There are tags under this one. Move them first."))
        return cleaned

    def what_keeps_it(self, owner: User) -> list[str]:
        others = ~Q(owner=owner)
        found = tasks_that_keep(self.instance, owner, self.user, "include_tags", "exclude_tags")
        found += segments_that_keep(self.instance)
        if self.instance.contacts.filter(others).exists():
            found.append(gettext("Contacts of the old owner have it. Take it off them first."))
        if self.instance.children.filter(others).exists():
            found.append(gettext("Tags of the old owner are under it."))
        return found


class MergeForm(StyledForm):
    stays = forms.ModelChoiceField(
        queryset=Tag.objects.none(), label=_("The one that stays"), empty_label=None
    )

    def __init__(self, data: Any, tags: QuerySet[Tag]) -> None:
        super().__init__(data)
        field: Any = self.fields["stays"]
        field.queryset = tags


class TagChangeList(ChangeList):
    """Counts the contacts of each tag of a page, as far as MOST."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        tags: list[Any] = list(self.result_list)
        with connection.cursor() as cursor:
            cursor.execute(COUNT_SQL, [MOST + 1, [tag.pk for tag in tags]])
            counts = dict(cursor.fetchall())
        for tag in tags:
            tag.contact_count = counts.get(tag.pk, 0)
        self.result_list = tags


@admin.register(Tag)
class TagAdmin(OwnedAdmin):
    nothing_yet = _(
        "A tag puts contacts together. Imports and sign-up forms give tags, and so do you, "
        "for all contacts that match a search."
    )
    form = TagForm
    list_display = ("name", "under", "contact_count", "public")
    list_select_related = ("parent", "owner")
    sortable_by = ("name",)
    search_fields = ("name",)
    search_help_text = _("Part of a name")
    fields = ("owner", "name", "parent", "is_public")
    autocomplete_fields = ("parent",)
    actions = ("merge_ticked",)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return TagChangeList

    def get_list_display(self, request: HttpRequest) -> Any:
        """Without the columns that would be empty."""
        tags = self.get_queryset(request).order_by()
        empty = {
            "under": not tags.filter(parent__isnull=False).exists(),
            "public": not tags.filter(is_public=True).exists(),
        }
        return [each for each in super().get_list_display(request) if not empty.get(each)]

    @admin.display(description=_("under"))
    def under(self, tag: Tag) -> str:
        return str(tag.parent or "")

    @label(PUBLIC, {PUBLIC: "info"})
    def public(self, tag: Tag) -> str:
        return str(PUBLIC) if tag.is_public else ""

    @admin.display(description=_("contacts"))
    def contact_count(self, tag: Any) -> SafeString:
        """Leads to them, and to those with a tag under this one."""
        number = (
            gettext("more than %(most)s") % {"most": f"{MOST:,}"}
            if tag.contact_count > MOST
            else f"{tag.contact_count:,}"
        )
        url = reverse("admin:campaigns_contact_changelist")
        return format_html(
            '<a class="edm-link" href="{}?tags__id__exact={}">{}</a>', url, tag.pk, number
        )

    def get_urls(self) -> list[URLPattern]:
        view: Any = self.admin_site.admin_view(self.merge_view)
        return [path("merge/", view, name="campaigns_tag_merge"), *super().get_urls()]

    def has_merge_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request) and self.has_delete_permission(request)

    @admin.action(description=_("Merge into one…"), permissions=["merge"])
    def merge_ticked(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse:
        keys = ",".join(str(key) for key in queryset.order_by("pk").values_list("pk", flat=True))
        return HttpResponseRedirect(f"{self.url('merge')}?{urlencode({TICKED: keys})}")

    def merge_view(self, request: HttpRequest) -> HttpResponse:
        """Ask which tag stays; once confirmed, merge the others into it."""
        if not self.has_merge_permission(request):
            raise PermissionDenied
        keys = request.GET.get(TICKED, "").split(",")
        if not all(is_key(key) for key in keys):
            raise Http404(gettext("The selection cannot be read."))
        tags = self.get_queryset(request).filter(pk__in=keys).order_by("name")
        tags = tags.select_related("parent")
        names = listed(gettext("“%(name)s”") % {"name": tag} for tag in tags)
        question = _merge_question(tags, names)
        form = MergeForm(request.POST if is_confirmed(request) else None, tags)
        if question.problems or not form.is_valid():
            return ask(request, self, question, form=form, back_url=self.url("changelist"))
        stays: Tag = form.cleaned_data["stays"]
        try:
            tag_merging.merge(stays, [tag for tag in tags if tag != stays])
        except tag_merging.CannotMerge as error:
            say(request, str(error), error=True)
        else:
            self.log_change(
                request, stays, gettext_noop("Merged %(names)s into it.") % {"names": names}
            )
            say(
                request,
                gettext("%(names)s are “%(stays)s” now.") % {"names": names, "stays": stays},
            )
        return HttpResponseRedirect(self.url("changelist"))

    def uses_of(self, objects: Sequence[Any], request: HttpRequest) -> list[str]:
        """A task that loses its tag would be sent to other contacts than intended."""
        fields = ("include_tags", "exclude_tags")
        tasks = uses.by_tasks(objects, request.user, *fields, statuses=uses.NOT_LAUNCHED)
        return [*tasks, *uses.by_segments(objects, request.user)]

    def deletion_of(self, objects: Sequence[Any], request: HttpRequest) -> tuple[Any, ...]:
        """Counts the contacts that lose the tag; Django would list each of them."""
        losing = Contact.tags.through._default_manager.filter(tag__in=objects).count()
        counts = {gettext("contacts that lose a tag"): losing} if losing else {}
        return [str(tag) for tag in objects], counts, set(), []


def _merge_question(tags: QuerySet[Tag], names: str) -> Question:
    return Question(
        gettext("Merge tags into one?"),
        sentences(
            gettext(
                "Of %(names)s one stays. Who has any of them has that one then; campaigns, "
                "segments and forms that use one of the others use it, too."
            )
            % {"names": names},
            *_of_parents(tags),
            gettext("This cannot be undone."),
        ),
        gettext("Merge"),
        problems=[] if len(tags) > 1 else [gettext("Choose at least two tags.")],
    )


def _of_parents(tags: QuerySet[Tag]) -> list[str]:
    """What a merge changes of whom the tags above count, where the tags are not all under one."""
    ticked = {tag.pk for tag in tags}
    if len({tag.parent_id for tag in tags}) == 1:
        return []
    return [
        gettext(
            "“%(tag)s” is under “%(parent)s”: if it stays, all of them count for “%(parent)s”; "
            "if not, none does by it."
        )
        % {"tag": tag, "parent": tag.parent}
        for tag in tags
        if tag.parent and tag.parent_id not in ticked
    ]
