from dispatch.models.account import AccountReport
from dispatch.models.attempt import Attempt, AttemptOutcome, Decision, DecisionChoice
from dispatch.models.bounce_mailbox import BounceMailbox
from dispatch.models.dispatcher import ConnectionShare, Dispatcher
from dispatch.models.domain import DomainReport
from dispatch.models.end_estimate import EndEstimate
from dispatch.models.figures import FiguresSample, FiguresTotal
from dispatch.models.freeze import Freeze
from dispatch.models.hours import LastCount, ServiceHour, TaskCount, TaskHour
from dispatch.models.seed_list import SeedList
from dispatch.models.service import EmailService, Pace, Turn

__all__ = [
    "AccountReport",
    "Attempt",
    "AttemptOutcome",
    "BounceMailbox",
    "ConnectionShare",
    "Decision",
    "DecisionChoice",
    "Dispatcher",
    "DomainReport",
    "EmailService",
    "EndEstimate",
    "FiguresSample",
    "FiguresTotal",
    "Freeze",
    "LastCount",
    "Pace",
    "SeedList",
    "ServiceHour",
    "TaskCount",
    "TaskHour",
    "Turn",
]
