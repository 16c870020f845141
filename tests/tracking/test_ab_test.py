"""A campaign with an A/B test, from the launch over real SMTP and simulated people to the end."""

from __future__ import annotations

from collections import Counter

import pytest

from campaigns.ab_tests import deciding, release
from campaigns.models import SubTask
from dispatch.process import maintenance
from tests.audited import offenders
from tests.campaigns.ab_tests.making import (
    click,
    contents,
    launched,
    pass_time,
    rest_of,
    sample_of,
    test_of,
    waiting,
)
from tests.dispatching import Dispatch, MakeService
from tests.smtp_server import SmtpServer
from tracking.event_kinds import Actor

RECIPIENTS = 300


@pytest.mark.django_db
def test_the_rest_gets_what_people_clicked_most_and_everyone_one_message(
    smtp: SmtpServer,
    make_service: MakeService,
    dispatch: Dispatch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(release, "CHUNK", 50)
    make_service(domain="mail.example.org")
    task = launched(RECIPIENTS, sample=40)
    dispatch(lambda: not SubTask.objects.claimable(task.pk).exists() and all_sent(120))
    assert len(smtp.messages) == 120
    assert waiting(task).count() == 180
    assert offenders() == []

    deciding.look_at_tests()
    click(task, 0, 2)
    click(task, 1, 3)
    click(task, 1, 40, actor=Actor.MACHINE)
    click(task, 2, 18)
    pass_time(task)
    maintenance.run_maintenance()
    assert test_of(task).winner_id == contents(task)[2]
    while test_of(task).state == "releasing":
        maintenance.run_maintenance()
    assert offenders() == []
    dispatch()

    received = Counter(mail.recipient for mail in smtp.messages)
    assert received == {f"r{n:05}@example.com": 1 for n in range(RECIPIENTS)}
    assert set(rest_of(task).values_list("content_id", flat=True)) == {contents(task)[2]}
    assert len(set(sample_of(task).values_list("content_id", flat=True))) == 3
    assert offenders() == []
    maintenance.run_maintenance()
    task.refresh_from_db()
    assert task.status == "completed"


def all_sent(number: int) -> bool:
    return SubTask.objects.filter(sent_at__isnull=False).count() == number
