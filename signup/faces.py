"""Whom the pages of a form, and the message that asks to confirm, are from."""

from __future__ import annotations

from campaigns.brands import face
from campaigns.brands.face import Face
from signup.models import SignUpForm


def of_form(form: SignUpForm) -> Face:
    """Its sender, in the look of its owner as it is now."""
    return face.of_owner(form.owner_id, form.shown_sender, form.sender.postal_address)
