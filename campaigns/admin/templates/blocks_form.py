"""The form of a template that is written in blocks."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.utils import ErrorDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from admin_kit.words.listing import headed
from campaigns.admin.blocks import draft as drafts
from campaigns.admin.blocks.builder import Builder, Carried
from campaigns.admin.templates.form import TemplateForm
from campaigns.blocks import making, work
from campaigns.blocks.kinds import KINDS
from campaigns.blocks.look import Look
from campaigns.blocks.problems import BlocksError, Problem
from campaigns.models import TemplateFormat
from campaigns.rendering import content
from sandbox import Failed, LimitReached

MEND = _("It is not saved yet. See what is wrong at the blocks below.")
LOST = _("Saving would lose that, so nothing is saved. Remove the block to go on without it.")
_BLOCK_ALONE = {"version": 1}


class BlocksField(forms.Field):
    """Its value is a draft, as a list of blocks."""

    widget = Builder
    hidden_widget = Carried

    def has_changed(self, initial: Any, data: Any) -> bool:
        stored = drafts.from_stored(initial)
        try:
            return bool(work.checked(drafts.as_stored(data))["blocks"] != stored)
        except (BlocksError, LimitReached, Failed):
            return True


class BlocksForm(TemplateForm):
    blocks = BlocksField(required=False, label=_("Blocks"))
    is_marked = False
    """Whether it is for a live preview: the HTML tells where each block begins, and what is not
    complete yet is left out."""
    is_button = False
    """Whether a button of the editor was pressed: the blocks are shown again, and not checked."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.format = TemplateFormat.BLOCKS
        self.left_out: list[Problem] = []
        if isinstance(self.builder, Builder):
            self.builder.owner_id = self.owner_now()
            self.builder.problems = []
            self.builder.edited = None

    @property
    def builder(self) -> Any:
        return self.fields["blocks"].widget if "blocks" in self.fields else None

    def owner_now(self) -> int:
        """The key of the owner that is chosen in the form, saved or not."""
        if self.is_bound and "owner" in self.fields:
            try:
                return int(self.fields["owner"].clean(self.data.get("owner")).pk)
            except ValidationError:
                pass
        return int(self.instance.owner_id)

    def is_valid(self) -> bool:
        return super().is_valid() and not self.is_button

    def full_clean(self) -> None:
        """As that of any template; of blocks that cannot be compiled there is no HTML to check."""
        super(TemplateForm, self).full_clean()
        if self.is_button:
            self._errors = ErrorDict()
        elif self.is_bound and "blocks" not in self.errors:
            self._check_message()

    def _check_message(self) -> None:
        try:
            content.validate_template(self.instance)
        except ValidationError as error:
            for name, messages in error.message_dict.items():
                self.add_error(name if name in self.fields else "blocks", messages)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if "blocks" not in cleaned or self.is_button:
            return cleaned
        owner = cleaned.get("owner") or self.instance.owner
        try:
            cleaned["blocks"] = self._shown_or_checked(cleaned["blocks"], owner.pk)
        except BlocksError as error:
            self._refuse(error.problems)
        except (content.TemplateError, LimitReached) as error:
            self.add_error("blocks", str(error))
        except Failed:
            self.add_error("blocks", str(content.NOT_NOW))
        return cleaned

    def _shown_or_checked(self, draft: drafts.Draft, owner_id: int) -> dict[str, Any]:
        """Of a message that is being written, the blocks that are complete are seen meanwhile."""
        try:
            return self._checked(draft, owner_id)
        except BlocksError as error:
            wrong = {problem.block for problem in error.problems}
            complete = [each for each in draft if not wrong & _ids_in(each)]
            if not self.is_marked or "" in wrong or not complete:
                raise
            self.left_out = [_named(draft, problem) for problem in error.problems]
            return self._checked(complete, owner_id)

    def _checked(self, draft: drafts.Draft, owner_id: int) -> dict[str, Any]:
        """The blocks as they are stored; the template's HTML is made of them."""
        if lost := drafts.would_be_lost(self.initial.get("blocks"), draft):
            raise BlocksError([[key, "", f"{said} {LOST}"] for key, said in lost])
        look = making.look_of(owner_id)
        checked = work.checked(drafts.as_stored(draft))
        for block in checked["blocks"]:
            if block["kind"] == "mjml":
                _try_alone(block, look)
        self.instance.html = making.html_of(checked, look, is_marked=self.is_marked)
        return checked

    def _refuse(self, problems: list[Problem]) -> None:
        self.builder.problems = problems
        self.left_out = [_named(self["blocks"].value(), p) for p in problems if p.block]
        self.add_error("blocks", " ".join(p.message for p in problems if not p.block) or MEND)


def _ids_in(block: drafts.Block) -> set[str]:
    return {each["id"] for each in drafts.walk([block])}


def _named(draft: drafts.Draft, problem: Problem) -> Problem:
    """With the kind of the block that it is of."""
    block = drafts.find(draft, problem.block) or {}
    kind = KINDS.get(block.get("kind", ""))
    label = kind.label if kind else gettext("A block")
    return problem._replace(message=headed(label, problem.message))


def _try_alone(block: dict[str, Any], look: Look) -> None:
    """What is wrong within a block of MJML is said there. Raises BlocksError."""
    try:
        making.html_of({**_BLOCK_ALONE, "blocks": [block]}, look)
    except content.TemplateError as error:
        said = str(error).partition(": ")[2] or str(error)
        raise BlocksError([[block["id"], "mjml", said]]) from error
