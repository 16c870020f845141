from tracking.models.allowance import Allowance, Repeat
from tracking.models.breakdown import Breakdown
from tracking.models.event import Event, EventState
from tracking.models.link import Link
from tracking.models.tally import EventTally, LinkTally, PauseBaseline, RejectedRequests

__all__ = [
    "Allowance",
    "Breakdown",
    "Event",
    "EventState",
    "EventTally",
    "Link",
    "LinkTally",
    "PauseBaseline",
    "RejectedRequests",
    "Repeat",
]
