"""What was sent and came back in each hour: counts that only grow, written down as they grow."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class LastCount(models.Model):
    """When `dispatch.monitoring.hours` counted last, and what services had done then: one row."""

    at = models.DateTimeField()
    services = models.JSONField(default=dict)

    def __str__(self) -> str:
        return gettext("counted at %(at)s") % {"at": self.at}


class TaskCount(models.Model):
    """What was known of a task at the last count. No foreign key: it would lock the Task.

    Messages, by the furthest that each got: one that was opened was delivered.
    """

    task_id = models.BigIntegerField(primary_key=True)
    sent = models.BigIntegerField(default=0)
    delivered = models.BigIntegerField(default=0)
    bounced = models.BigIntegerField(default=0)
    opened = models.BigIntegerField(default=0)
    clicked = models.BigIntegerField(default=0)
    sent_per_minute = models.FloatField(default=0, help_text=_("Between the last two counts."))

    def __str__(self) -> str:
        return gettext("campaign %(task_id)s: %(sent)s sent") % {
            "task_id": self.task_id,
            "sent": self.sent,
        }


class TaskHour(models.Model):
    """How much the counts of a task grew in an hour; the hours in which something did."""

    task_id = models.BigIntegerField()
    hour = models.DateTimeField()
    sent = models.BigIntegerField(default=0)
    delivered = models.BigIntegerField(default=0)
    bounced = models.BigIntegerField(default=0)
    opened = models.BigIntegerField(default=0)
    clicked = models.BigIntegerField(default=0)

    class Meta:
        # The start page, and forgetting: WHERE hour >= … [AND task_id IN (…)]
        constraints = [models.UniqueConstraint("hour", "task_id", name="task_hour_once")]

    def __str__(self) -> str:
        return gettext("campaign %(task_id)s at %(hour)s: %(sent)s sent") % {
            "task_id": self.task_id,
            "hour": self.hour,
            "sent": self.sent,
        }


class ServiceHour(models.Model):
    """How many hand-overs of a service ended in an hour, by outcome (`AttemptOutcome`)."""

    service_id = models.BigIntegerField()
    hour = models.DateTimeField()
    accepted = models.BigIntegerField(default=0)
    deferred = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    service_error = models.BigIntegerField(default=0)
    unknown = models.BigIntegerField(default=0)

    class Meta:
        # A service's page: WHERE service_id = … AND hour >= …
        constraints = [models.UniqueConstraint("service_id", "hour", name="service_hour_once")]

    def __str__(self) -> str:
        return gettext("service %(service_id)s at %(hour)s: %(accepted)s accepted") % {
            "service_id": self.service_id,
            "hour": self.hour,
            "accepted": self.accepted,
        }
