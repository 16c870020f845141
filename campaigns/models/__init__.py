from campaigns.models.ab_test import ABSample, ABTest
from campaigns.models.attached import Attachment, AttachmentData, FrozenAttachment
from campaigns.models.audience import Attribute, AttributeKind, LeftOut, LeftOutReason, Segment
from campaigns.models.brand import Brand, Font
from campaigns.models.change import ChangedContact
from campaigns.models.contacts import Contact, MailConsent, Suppression, SuppressionReason, Tag
from campaigns.models.content import Content, Sender, Template, TemplateFormat, TemplateVersion
from campaigns.models.engagement import Engagement, EngagementKind, EngagementTimes
from campaigns.models.image import Image, ImageData
from campaigns.models.job import BackgroundJob
from campaigns.models.operation import (
    FileChunk,
    ImportedAddress,
    ImportSaid,
    Operation,
    OperationKind,
    OperationState,
    StoredFile,
)
from campaigns.models.promise import (
    Approval,
    ApprovalState,
    Change,
    Difference,
    Promise,
    PromisedContacts,
)
from campaigns.models.remembered import RememberedColumns
from campaigns.models.saved_block import SavedBlock
from campaigns.models.search import SearchBlock
from campaigns.models.subtask import FailureReason, SubTask, SubTaskStatus
from campaigns.models.tally import Tally
from campaigns.models.task import Audience, Launch, Task, TaskStatus, TaskTemplate

__all__ = [
    "ABSample",
    "ABTest",
    "Approval",
    "ApprovalState",
    "Attachment",
    "AttachmentData",
    "Attribute",
    "AttributeKind",
    "Audience",
    "BackgroundJob",
    "Brand",
    "Change",
    "ChangedContact",
    "Contact",
    "Content",
    "Difference",
    "Engagement",
    "EngagementKind",
    "EngagementTimes",
    "FailureReason",
    "FileChunk",
    "Font",
    "Image",
    "ImageData",
    "FrozenAttachment",
    "ImportSaid",
    "ImportedAddress",
    "Launch",
    "LeftOut",
    "LeftOutReason",
    "MailConsent",
    "Operation",
    "OperationKind",
    "OperationState",
    "RememberedColumns",
    "Promise",
    "PromisedContacts",
    "SavedBlock",
    "SearchBlock",
    "Segment",
    "Sender",
    "StoredFile",
    "SubTask",
    "SubTaskStatus",
    "Suppression",
    "SuppressionReason",
    "Tag",
    "Tally",
    "Task",
    "TaskStatus",
    "TaskTemplate",
    "Template",
    "TemplateFormat",
    "TemplateVersion",
]
