from campaigns.models.contacts import Contact, Suppression, Tag
from campaigns.models.content import Content, Sender, Template
from campaigns.models.job import BackgroundJob
from campaigns.models.subtask import FailureReason, SubTask, SubTaskStatus
from campaigns.models.tally import Tally
from campaigns.models.task import Audience, Launch, Task, TaskStatus, TaskTemplate

__all__ = [
    "Audience",
    "BackgroundJob",
    "Contact",
    "Content",
    "FailureReason",
    "Launch",
    "Sender",
    "SubTask",
    "SubTaskStatus",
    "Suppression",
    "Tag",
    "Tally",
    "Task",
    "TaskStatus",
    "TaskTemplate",
    "Template",
]
