"""A test of a campaign's variants on a sample of its recipients, while the rest waits."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from campaigns.models.content import Content
from campaigns.models.task import Task

UNTIL_RELEASED = dt.datetime(9000, 1, 1, tzinfo=dt.UTC)
"""When a SubTask is available that waits for the result of a test: later than any retry, and not so
late that another time zone or a sum exceeds what Python and PostgreSQL know."""

MOST_VARIANTS = 5
FEWEST_VARIANTS = 2


class SampleUnit(models.TextChoices):
    PERCENT = "percent", _("% of the recipients")
    NUMBER = "number", _("recipients")


class Measure(models.TextChoices):
    """What a variant succeeds by, with each recipient once. By people: machines never count."""

    CLICKS = "clicks", _("Clicks by people, on any link")
    LINK = "link", _("Clicks by people on one link")
    OPENS = "opens", _("Opens by people")


class Otherwise(models.TextChoices):
    FIRST = "first", _("Send the first variant to the rest")
    ASK = "ask", _("Ask me: the rest waits")


class TestState(models.TextChoices):
    __test__ = False  # pytest takes the name for one of its own

    PLANNED = "planned", _("Planned")
    COLLECTING = "collecting", _("Collecting results")
    ASKING = "asking", _("Waits for your decision")
    RELEASING = "releasing", _("Sending to the rest")
    RELEASED = "released", _("Ended")


class Verdict(models.TextChoices):
    CLEAR = "clear", _("One variant is better")
    NONE = "none", _("No difference found")
    CHOSEN = "chosen", _("Chosen by a person")
    SPLIT = "split", _("The rest is split evenly")


OPEN_STATES = (TestState.COLLECTING, TestState.ASKING)
"""A decision is still to be made."""


SETTINGS = (
    "sample",
    "sample_unit",
    "measure",
    "link",
    "decide_after",
    "threshold",
    "ends_early",
    "otherwise",
)
"""The fields of a test that staff fill in."""


class ABTest(models.Model):
    """The settings of a test, and how far it got. One with state PLANNED can be changed.

    A launch draws the sample; its SubTasks get the variants, the others wait until a decision, with
    the first variant as a placeholder. `figures` are those at the last look, and with the decision
    they stay as they were. All times are of the database's clock.
    """

    task = models.OneToOneField(
        Task, primary_key=True, on_delete=models.CASCADE, related_name="ab_test"
    )
    sample = models.PositiveIntegerField(
        _("sample"),
        default=20,
        validators=[MinValueValidator(1)],
        help_text=_("Who gets the variants."),
    )
    sample_unit = models.CharField(
        _("of"), max_length=10, choices=SampleUnit, default=SampleUnit.PERCENT
    )
    measure = models.CharField(
        _("the better one has more"), max_length=10, choices=Measure, default=Measure.CLICKS
    )
    link = models.CharField(
        _("link"),
        max_length=2000,
        blank=True,
        help_text=_("Its address as it stands in the templates, for clicks on one link."),
    )
    decide_after = models.DurationField(
        _("decide after"),
        default=dt.timedelta(hours=4),
        help_text=_("Counted from when the last message of the sample was handed over."),
    )
    threshold = models.FloatField(
        _("how sure"),
        default=0.95,
        validators=[MinValueValidator(0.8), MaxValueValidator(0.999)],
        help_text=_("The probability to be the best that makes a variant the winner."),
    )
    ends_early = models.BooleanField(
        _("decide earlier when it is clear"),
        default=True,
        help_text=_(
            "Looks after a quarter, half and three quarters of the time, each of which asks "
            "for much more certainty."
        ),
    )
    otherwise = models.CharField(
        _("when no difference is found"), max_length=10, choices=Otherwise, default=Otherwise.FIRST
    )

    state = models.CharField(
        _("state"), max_length=12, choices=TestState, default=TestState.PLANNED
    )
    sample_size = models.PositiveBigIntegerField(_("sample size"), default=0)
    rest = models.PositiveBigIntegerField(
        _("rest"), default=0, help_text=_("SubTasks that waited for it.")
    )
    sent_at = models.DateTimeField(
        _("sent at"), null=True, help_text=_("When all of the sample was handed over.")
    )
    decide_at = models.DateTimeField(_("decide at"), null=True)
    looks = models.PositiveSmallIntegerField(
        _("looks"), default=0, help_text=_("Planned looks already taken.")
    )
    figures = models.JSONField(_("figures"), default=list)
    looked_at = models.DateTimeField(_("looked at"), null=True)
    verdict = models.CharField(_("verdict"), max_length=10, choices=Verdict, blank=True)
    winner = models.ForeignKey(
        Content, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("winner")
    )
    decided_at = models.DateTimeField(_("decided at"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("decided by"),
    )
    released = models.PositiveBigIntegerField(
        _("released"), default=0, help_text=_("Of the rest, so far.")
    )
    released_at = models.DateTimeField(_("released at"), null=True)

    class Meta:
        verbose_name = _("A/B test")
        verbose_name_plural = _("A/B tests")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=TestState.values), name="ab_test_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    state__in=[TestState.PLANNED, *OPEN_STATES], verdict="", winner=None
                )
                | models.Q(
                    state__in=[TestState.RELEASING, TestState.RELEASED],
                    verdict=Verdict.SPLIT,
                    winner=None,
                )
                | models.Q(
                    state__in=[TestState.RELEASING, TestState.RELEASED],
                    verdict__in=[Verdict.CLEAR, Verdict.NONE, Verdict.CHOSEN],
                    winner__isnull=False,
                ),
                name="ab_test_decided_once",
            ),
        ]
        indexes = [
            # Maintenance: WHERE state IN ('collecting', 'asking', 'releasing')
            models.Index(
                "state",
                name="ab_test_open",
                condition=models.Q(state__in=[*OPEN_STATES, TestState.RELEASING]),
            )
        ]

    def __str__(self) -> str:
        if self.pk is None:  # deleted just now: the history names it
            return gettext("A/B test")
        return gettext("A/B test of “%(campaign)s”") % {"campaign": self.task}


class ABSample(models.Model):
    """The SubTasks of the sample, drawn once and never changed."""

    test = models.OneToOneField(
        ABTest, primary_key=True, on_delete=models.CASCADE, related_name="drawn"
    )
    subtask_ids = ArrayField(models.BigIntegerField())

    class Meta:
        verbose_name = _("A/B sample")
        verbose_name_plural = _("A/B samples")

    def __str__(self) -> str:
        return f"{self.test}: {len(self.subtask_ids)}"
