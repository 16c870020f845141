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
    NUMBER = "number", "recipients"


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
        Task,
        primary_key=True,
        on_delete=models.CASCADE,
        related_name="ab_test",
        verbose_name=_("campaign"),
    )
    sample = models.PositiveIntegerField(
        "sample",
        default=20,
        validators=[MinValueValidator(1)],
        help_text=_("Who gets the variants."),
    )
    sample_unit = models.CharField(
        "of", max_length=10, choices=SampleUnit, default=SampleUnit.PERCENT
    )
    measure = models.CharField(
        _("the better one has more"), max_length=10, choices=Measure, default=Measure.CLICKS
    )
    link = models.CharField(
        max_length=2000,
        blank=True,
        help_text=_("Its address as it stands in the templates, for clicks on one link."),
        verbose_name=_("link"),
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
        max_length=12, choices=TestState, default=TestState.PLANNED, verbose_name=_("state")
    )
    sample_size = models.PositiveBigIntegerField(default=0, verbose_name=_("sample size"))
    rest = models.PositiveBigIntegerField(
        default=0, help_text=_("SubTasks that waited for it."), verbose_name=_("rest")
    )
    sent_at = models.DateTimeField(
        null=True, help_text=_("When all of the sample was handed over."), verbose_name=_("sent at")
    )
    decide_at = models.DateTimeField(null=True, verbose_name=_("decide at"))
    looks = models.PositiveSmallIntegerField(
        default=0, help_text=_("Planned looks already taken."), verbose_name=_("looks")
    )
    figures = models.JSONField(default=list, verbose_name=_("figures"))
    looked_at = models.DateTimeField(null=True, verbose_name=_("looked at"))
    verdict = models.CharField(
        max_length=10, choices=Verdict, blank=True, verbose_name=_("verdict")
    )
    winner = models.ForeignKey(
        Content, null=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("winner")
    )
    decided_at = models.DateTimeField(null=True, verbose_name=_("decided at"))
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("decided by"),
    )
    released = models.PositiveBigIntegerField(
        default=0, help_text=_("Of the rest, so far."), verbose_name=_("released")
    )
    released_at = models.DateTimeField(null=True, verbose_name=_("released at"))

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
        return gettext("A/B test of “%(campaign)s”") % {"campaign": self.task}


class ABSample(models.Model):
    """The SubTasks of the sample, drawn once and never changed."""

    test = models.OneToOneField(
        ABTest, primary_key=True, on_delete=models.CASCADE, related_name="drawn"
    )
    subtask_ids = ArrayField(models.BigIntegerField())

    def __str__(self) -> str:
        return f"{len(self.subtask_ids)} SubTasks of {self.test}"
