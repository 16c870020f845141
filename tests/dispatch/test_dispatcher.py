from __future__ import annotations

import pytest

from campaigns.models import SubTask, SubTaskStatus
from dispatch.models import Attempt, AttemptOutcome
from tests.factories import ContentFactory, SendingTaskFactory, SubTaskFactory

pytestmark = pytest.mark.django_db


def test_every_subtask_of_a_task_is_sent_once(smtp, make_service, dispatch):
    make_service()
    task = SendingTaskFactory()
    content = ContentFactory(task=task)
    SubTaskFactory.create_batch(50, task=task, content=content)

    dispatch()

    assert set(SubTask.objects.values_list("status", flat=True)) == {SubTaskStatus.SENT}
    assert len(smtp.messages) == len({mail.recipient for mail in smtp.messages}) == 50
    assert Attempt.objects.filter(outcome=AttemptOutcome.ACCEPTED).count() == 50
