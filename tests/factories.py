"""Small makers of rows. What a test does not say is ordinary."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

import factory
from django.contrib.auth import get_user_model
from django.db.models.functions import Now
from factory.django import DjangoModelFactory

from campaigns.models import (
    Contact,
    Content,
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


class UserFactory(DjangoModelFactory):
    class Meta:
        model = get_user_model()

    username = factory.Sequence(lambda n: f"user{n}")
    is_staff = True


class TagFactory(DjangoModelFactory):
    class Meta:
        model = Tag

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"tag {n}")


class ContactFactory(DjangoModelFactory):
    class Meta:
        model = Contact

    owner = factory.SubFactory(UserFactory)
    email = factory.Sequence(lambda n: f"contact{n}@example.com")
    name = factory.Sequence(lambda n: f"Contact {n}")


class SenderFactory(DjangoModelFactory):
    class Meta:
        model = Sender

    owner = factory.SubFactory(UserFactory)
    local_part = "news"
    display_name = "Example News"


class TemplateFactory(DjangoModelFactory):
    class Meta:
        model = Template

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Template {n}")
    subject = "Hello {{ name }}"
    html = "<html><body><p>Hello {{ name }}</p></body></html>"


class EmailServiceFactory(DjangoModelFactory):
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
        service = model_class(*args, **values)
        services.save(service)
        return service


class TaskFactory(DjangoModelFactory):
    """A draft that can be launched as it is, apart from contacts and a service."""

    class Meta:
        model = Task
        skip_postgeneration_save = True

    owner = factory.SubFactory(UserFactory)
    name = factory.Sequence(lambda n: f"Campaign {n}")
    sender = factory.SubFactory(SenderFactory, owner=factory.SelfAttribute("..owner"))

    @factory.post_generation
    def template(self, create: bool, extracted: Template | None, **kwargs: Any) -> None:
        if create:
            template = extracted or TemplateFactory(owner=self.owner, **kwargs)  # type: ignore[attr-defined]
            TaskTemplate.objects.create(task=self, template=template)


class ContentFactory(DjangoModelFactory):
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


class SubTaskFactory(DjangoModelFactory):
    class Meta:
        model = SubTask

    task = factory.SubFactory(SendingTaskFactory)
    content = factory.SubFactory(ContentFactory, task=factory.SelfAttribute("..task"))
    recipient_email = factory.Sequence(lambda n: f"recipient{n}@example.com")
    variables = factory.LazyAttribute(
        lambda subtask: {"name": "Ada", "email": subtask.recipient_email}
    )


class DispatcherFactory(DjangoModelFactory):
    class Meta:
        model = Dispatcher

    host = "host.example.com"
    pid = 1
    cluster = factory.LazyFunction(uuid.uuid4)


def living_dispatcher(**kwargs: Any) -> Dispatcher:
    """One whose lease holds until the test is over, however slow the machine is."""
    dispatcher: Dispatcher = DispatcherFactory(
        heartbeat_at=Now() + dt.timedelta(minutes=1), **kwargs
    )
    return dispatcher


def held(
    status: SubTaskStatus, dispatcher: Dispatcher, service: EmailService, **kwargs: Any
) -> SubTask:
    """A SubTask that a dispatcher holds for a service."""
    subtask: SubTask = SubTaskFactory(
        status=status,
        service=service,
        dispatcher_id=dispatcher.pk,
        claim_token=uuid.uuid4(),
        **kwargs,
    )
    return subtask


def in_doubt(service: EmailService, **kwargs: Any) -> SubTask:
    """A SubTask that was handed over and whose outcome nobody knows."""
    subtask: SubTask = SubTaskFactory(
        status=SubTaskStatus.SENDING,
        service=service,
        claim_token=uuid.uuid4(),
        in_doubt_since=Now(),
        sending_at=Now(),
        **kwargs,
    )
    return subtask
