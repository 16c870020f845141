"""Finds users, as Django does, with what they chose for themselves."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend
from django.contrib.auth.models import User


class StaffBackend(ModelBackend):
    def get_user(self, user_id: int) -> User | None:
        """The profile comes with it, for every request needs both."""
        user = User.objects.select_related("profile").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
