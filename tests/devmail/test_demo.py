from __future__ import annotations

import pytest
from django.contrib.auth import authenticate, get_user_model

from campaigns import audience
from campaigns.attributes.values import fits
from campaigns.models import Attribute, Contact, Task, TaskStatus
from campaigns.state import lifecycle
from devmail import demo
from dispatch.encryption import decrypt, encrypt
from dispatch.models import EmailService
from tests.factories import EmailServiceFactory

pytestmark = pytest.mark.django_db


def test_the_demo_has_one_campaign_launched_and_one_ready_to_launch() -> None:
    assert demo.prepare(2525)
    running, draft = Task.objects.order_by("pk")
    assert running.status == TaskStatus.QUEUED
    assert draft.status == TaskStatus.DRAFT
    assert lifecycle.problems(draft) == []
    assert Contact.objects.count() == demo.CONTACTS == audience.contacts_of(running).count()


def test_the_attributes_of_the_demo_can_be_chosen_in_segments() -> None:
    demo.prepare(2525)
    known = {each.key: each for each in Attribute.objects.all()}
    assert all(
        fits(known[key].kind, value, known[key].choices)
        for contact in Contact.objects.all()
        for key, value in contact.attributes.items()
    )


def test_the_demo_is_made_once() -> None:
    demo.prepare(2525)
    assert not demo.prepare(2525)
    assert Task.objects.count() == 2


def test_the_demo_account_logs_in_with_the_password_that_is_printed() -> None:
    demo.prepare(2525)
    user = authenticate(username=demo.USER, password=demo.password())
    assert user is not None and user.is_staff
    assert demo.knows_password()


def test_a_password_that_staff_changed_stays_as_they_set_it() -> None:
    demo.prepare(2525)
    user = get_user_model()._default_manager.get(username=demo.USER)
    user.set_password("something else")
    user.save()
    demo.prepare(2525)
    assert not demo.knows_password()


def test_services_follow_the_local_smtp_server_to_another_port() -> None:
    demo.prepare(2525)
    assert demo.follow_port(2525, 2626) == len(demo.SERVICES)
    ports = {decrypt(service.credentials)["port"] for service in EmailService.objects.all()}
    assert ports == {2626}


def test_a_service_of_another_server_keeps_its_port() -> None:
    credentials = encrypt({"host": "smtp.example.com", "port": 2525})
    service = EmailServiceFactory(name="S", credentials=credentials)
    assert demo.follow_port(2525, 2626) == 0
    service.refresh_from_db()
    assert decrypt(service.credentials)["port"] == 2525
