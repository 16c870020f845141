"""What the start page and its neighbours read of the big tables, whatever has been sent."""

from __future__ import annotations

import pytest
from django.db import connection

from campaigns.models import SubTask
from dispatch.models import EmailService
from tests.campaigns.admin.staff import MANAGER, SUPERUSER, address, member, signed_in
from tests.factories import (
    ContentFactory,
    DispatcherFactory,
    EmailServiceFactory,
    SendingTaskFactory,
    in_doubt,
)
from tests.plans import explained

pytestmark = pytest.mark.django_db
BIG = ("campaigns_subtask", "dispatch_attempt", "tracking_event")
MOST_READ = 4_000
"""Of 20,000: the sends of a minute, a thousand messages of a service, what is in doubt."""
# A tenth of the messages is sent in each of the last 10 days; one of a hundred was refused.
FILL = """
INSERT INTO campaigns_subtask (task_id, content_id, recipient_email, variables, status, service_id,
                               attempts, failure_reason, error, provider_message_id)
SELECT %(task)s, %(content)s, 'r' || n || '@example.com', '{}', 'sent', %(service)s, 0, '', '', ''
FROM generate_series(1, 20000) AS n;
INSERT INTO dispatch_attempt (subtask_id, service_id, dispatcher_id, claim_token, slot_at,
                              started_at, outcome, reply)
SELECT id, %(service)s, 1, gen_random_uuid(), now() - id %% 10 * interval '1 day',
       now() - id %% 10 * interval '1 day' - interval '2 minutes',
       CASE WHEN id %% 100 = 0 THEN 'deferred' ELSE 'accepted' END, ''
FROM campaigns_subtask;
ANALYZE campaigns_subtask, dispatch_attempt, campaigns_task, dispatch_emailservice;
"""


@pytest.mark.parametrize("role", [SUPERUSER, MANAGER])
def test_no_page_reads_much_of_the_big_tables(role: str) -> None:
    user = member(role)
    DispatcherFactory()
    task = SendingTaskFactory(owner=user)
    service: EmailService = EmailServiceFactory(sending_interval=1)
    values = {"task": task.pk, "content": ContentFactory(task=task).pk, "service": service.pk}
    with connection.cursor() as cursor:
        cursor.execute(FILL, values)
    in_doubt(service, task=task)
    assert SubTask.objects.filter(status="sent").count() == 20_000
    pages = [
        "/admin/",
        address("campaigns.task", "changelist"),
        address("campaigns.subtask", "in_doubt"),
        address("dispatch.emailservice", "changelist"),
        address("dispatch.emailservice", "change", service.pk),
    ]
    client = signed_in(user)
    for page in pages:
        with explained() as plans:
            assert client.get(page).status_code == 200
        read = [(scan.table, scan.how, scan.rows) for scan in plans.scans if scan.table in BIG]
        assert [each for each in read if each[2] > MOST_READ] == [], page
    assert "attempt_errors" in plans.indexes  # of the last page, the one of the service
