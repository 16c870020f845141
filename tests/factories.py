"""Small makers of rows. What a test does not say is ordinary."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import TYPE_CHECKING, Any, TypeVar

import factory
from django.contrib.auth.models import User
from django.db.models import Model
from django.db.models.functions import Now
from factory.django import DjangoModelFactory

from access.models import Team
from campaigns.models import (
    Contact,
    Content,
    Operation,
    OperationKind,
    Segment,
    Sender,
    SubTask,
    SubTaskStatus,
    Tag,
    Task,
    TaskStatus,
    TaskTemplate,
    Template,
)
from dispatch.encryption import encrypt
from dispatch.models import Dispatcher, EmailService
from dispatch.pace import services

M = TypeVar("M", bound=Model)


class ModelFactory(DjangoModelFactory[M]):
    """A factory of which mypy knows that calling it returns a row of the model."""

    class Meta:
        abstract = True

    if TYPE_CHECKING:

        def __new__(cls, **values: Any) -> M:  # type: ignore[misc]
            ...


class UserFactory(ModelFactory[User]):
    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    is_staff = True


class TeamFactory(ModelFactory[Team]):
    class Meta:
        model = Team

    name = factory.Sequence(lambda n: f"team {n}")

    @classmethod
    def _create(cls, model_class: type[Team], *args: Any, **values: Any) -> Team:
        members = values.pop("members", ())
        team = model_class.objects.create(**values)
        team.members.set(members)
        return team


class TagFactory(ModelFactory[Tag]):
    class Meta:
        model = Tag

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"tag {n}")


class ContactFactory(ModelFactory[Contact]):
    class Meta:
        model = Contact

    owner = factory.SubFactory(UserFactory)
    email = factory.Sequence(lambda n: f"contact{n}@example.com")
    name = factory.Sequence(lambda n: f"Contact {n}")


class SegmentFactory(ModelFactory[Segment]):
    class Meta:
        model = Segment

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"segment {n}")


class OperationFactory(ModelFactory[Operation]):
    class Meta:
        model = Operation

    owner = factory.SubFactory(UserFactory)
    kind = OperationKind.IMPORT
    title = "contacts.csv"


class SenderFactory(ModelFactory[Sender]):
    class Meta:
        model = Sender

    owner = factory.SubFactory(UserFactory)
    local_part = "news"
    display_name = "Example News"


class TemplateFactory(ModelFactory[Template]):
    class Meta:
        model = Template

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Template {n}")
    subject = "Hello {{ name }}"
    html = "<html><body><p>Hello {{ name }}</p></body></html>"


class EmailServiceFactory(ModelFactory[EmailService]):
    class Meta:
        model = EmailService
        exclude = ("settings",)

    settings: dict[str, Any] = {}
    name = factory.Sequence(lambda n: f"service {n}")
    domain = factory.Sequence(lambda n: f"mail{n}.example.com")
    provider = "smtp"
    sending_interval = 0
    credentials = factory.LazyAttribute(lambda service: encrypt(service.settings))

    @classmethod
    def _create(cls, model_class: type[EmailService], *args: Any, **values: Any) -> EmailService:
        service = model_class(**values)
        services.save(service)
        return service


def _add_template(task: Task, create: bool, extracted: Template | None, **values: Any) -> None:
    if create:
        template = extracted or TemplateFactory(owner=task.owner, **values)
        TaskTemplate.objects.create(task=task, template=template)


def change(service: EmailService, **values: Any) -> None:
    """What the form in admin does; the given object stays as it is."""
    fresh = EmailService.objects.get(pk=service.pk)
    for name, value in values.items():
        setattr(fresh, name, value)
    services.save(fresh)


class TaskFactory(ModelFactory[Task]):
    """A draft that can be launched as it is, apart from contacts and a service."""

    class Meta:
        model = Task
        skip_postgeneration_save = True

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Campaign {n}")
    sender = factory.SubFactory(
        SenderFactory,
        owner=factory.SelfAttribute("..owner"),
        postal_address="1 Example Street",
    )

    template = factory.PostGeneration(_add_template)


class ContentFactory(ModelFactory[Content]):
    class Meta:
        model = Content

    task = factory.SubFactory(TaskFactory)
    subject = "Hello {{ name }}"
    html = "<p>Hello {{ name }}</p>"
    text = "Hello {{ name }}"
    sender_local_part = "news"


class SendingTaskFactory(TaskFactory):
    """A task that has been launched; its SubTasks are made by the test."""

    status = TaskStatus.SENDING


class SubTaskFactory(ModelFactory[SubTask]):
    class Meta:
        model = SubTask

    task = factory.SubFactory(SendingTaskFactory)
    content = factory.SubFactory(ContentFactory, task=factory.SelfAttribute("..task"))
    recipient_email = factory.Sequence(lambda n: f"recipient{n}@example.com")
    variables = factory.LazyAttribute(
        lambda subtask: {"name": "Ada", "email": subtask.recipient_email}
    )


def sending_task(messages: int = 1, **values: Any) -> Task:
    """A task that is being sent, with so many messages still to send."""
    task = SendingTaskFactory(**values)
    content = ContentFactory(task=task)
    SubTask.objects.bulk_create(SubTaskFactory.build_batch(messages, task=task, content=content))
    return task


def one_message(**values: Any) -> SubTask:
    """The only message of a task that is being sent."""
    return sending_task(**values).subtasks.get()


class DispatcherFactory(ModelFactory[Dispatcher]):
    class Meta:
        model = Dispatcher

    host = "host.example.com"
    pid = 1
    cluster = factory.LazyFunction(uuid.uuid4)


def living_dispatcher(**kwargs: Any) -> Dispatcher:
    """One whose lease holds until the test is over, however slow the machine is."""
    return DispatcherFactory(heartbeat_at=Now() + dt.timedelta(minutes=1), **kwargs)


def held(status: str, dispatcher: Dispatcher, service: EmailService, **kwargs: Any) -> SubTask:
    """A SubTask that a dispatcher holds for a service."""
    return SubTaskFactory(
        status=status,
        service=service,
        dispatcher_id=dispatcher.pk,
        claim_token=uuid.uuid4(),
        **kwargs,
    )


def in_doubt(service: EmailService, **kwargs: Any) -> SubTask:
    """A SubTask that was handed over and whose outcome nobody knows."""
    return SubTaskFactory(
        status=SubTaskStatus.SENDING,
        service=service,
        claim_token=uuid.uuid4(),
        in_doubt_since=Now(),
        sending_at=Now(),
        **kwargs,
    )


def token_of(subtask: SubTask) -> uuid.UUID:
    """The claim token of a SubTask that is held."""
    assert subtask.claim_token is not None
    return subtask.claim_token
