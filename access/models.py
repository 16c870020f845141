"""Teams of staff."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Team(models.Model):
    """Staff who share rows. The owner of these is the team's account: a user that cannot sign in,
    so that all that holds for an owner holds for a team.
    """

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        primary_key=True,
        editable=False,
        on_delete=models.CASCADE,
        related_name="team",
        verbose_name=_("account"),
    )
    name = models.CharField(max_length=100, verbose_name=_("name"))
    members = models.ManyToManyField(
        settings.AUTH_USER_MODEL,
        blank=True,
        related_name="teams",
        limit_choices_to={"team": None},
        help_text=_(
            "They see and use the team's rows as if these were their own, as far as their "
            "permissions go; from the moment they leave no more."
        ),
        verbose_name=_("members"),
    )

    class Meta:
        verbose_name = _("team")
        verbose_name_plural = _("teams")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                Lower("name"),
                name="team_name_unique",
                violation_error_message=_("There is a team with this name already."),
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def account_name(self) -> str:
        """A space is in no user name that staff can choose: no user is mistaken for a team."""
        return gettext("team %(name)s") % {"name": self.name}

    def clean(self) -> None:
        if User.objects.filter(username=self.account_name).exclude(pk=self.account_id).exists():
            raise ValidationError(
                {"name": gettext("There is a user named “%(name)s”.") % {"name": self.account_name}}
            )

    def save(self, *args: Any, **kwargs: Any) -> None:
        """With its account, which is named after the team."""
        with transaction.atomic():
            if self._state.adding:
                self.account = User(is_active=False)
                self.account.set_unusable_password()
            self.account.username = self.account_name
            self.account.save()
            super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """With its account, and all that this owns."""
        return self.account.delete(*args, **kwargs)
