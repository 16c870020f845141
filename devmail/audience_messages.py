"""The messages of the big audience, and what came of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal

from django.conf import settings
from django.db import connection, transaction

from dispatch.encryption import encrypt
from dispatch.models import EmailService
from dispatch.pace import services


@dataclass(frozen=True, slots=True)
class Sent:
    """A campaign that went to a share of its owner's contacts, so many days ago."""

    task_id: int
    owner_id: int
    content_id: int
    days_ago: float
    share: float
    is_under_way: bool = False


# A contact's liveliness is the same for all campaigns. Times of opens have a long tail.
DRAWN_SQL = """
CREATE TEMPORARY TABLE drawn AS
SELECT address_key, email, tracking_consent, sent_at, sent_at - 8 * ln(1 - r) * interval '1 hour'
           AS did_at,
       did[1] < 0.03 AS bounces, did[2] < 0.9 * lively * lively AS opens, did[3] < 0.06 AS scans,
       did[4] < 0.2 AS clicks, did[5] < 0.004 AS leaves, did[6] < 0.0005 AS complains,
       1 + floor(5 * power(did[7], 2))::int AS link
FROM (SELECT address_key, email, tracking_consent, (address_key & 1023) / 1024.0 AS lively,
             now() - %(days_ago)s * interval '1 day' + random() * interval '6 hours' AS sent_at,
             random() AS r, ARRAY[random(), random(), random(), random(), random(), random(),
                                  random()] AS did
      FROM campaigns_contact WHERE owner_id = %(owner)s AND random() < %(share)s OFFSET 0) AS c
"""
DID_SQL = """
CREATE TEMPORARY TABLE did AS
SELECT d.address_key, d.email, v.kind, v.name, v.is_machine, v.link,
       CASE WHEN v.kind IN (1, 2) THEN d.sent_at ELSE least(d.did_at, now()) END AS at
FROM drawn d CROSS JOIN LATERAL (VALUES
    (1, '', true, false, 0), (2, 'delivered', NOT bounces, false, 0),
    (3, 'opened', NOT bounces AND opens, false, 0), (3, 'opened', NOT bounces AND scans, true, 0),
    (4, 'clicked', NOT bounces AND opens AND clicks, false, 0),
    (4, 'clicked', NOT bounces AND opens AND clicks, false, d.link),
    (4, 'clicked', NOT bounces AND scans AND clicks, true, 0),
    (5, 'hard_bounced', bounces, false, 0),
    (6, 'unsubscribed', NOT bounces AND opens AND leaves, false, 0),
    (7, 'complained', NOT bounces AND complains, false, 0)
) AS v(kind, name, holds, is_machine, link) WHERE v.holds
"""
LINK = "https://shop.example.com/offer"
FACTS_SQL = f"""
INSERT INTO campaigns_engagement (task_id, kind, is_machine, address_key, link, owner_id, at)
SELECT %(task)s, kind, is_machine, address_key,
       CASE WHEN link = 0 THEN 0
            ELSE ('x' || left(md5('{LINK}' || link), 16))::bit(64)::bigint END, %(owner)s, at
FROM did WHERE kind <> 1 OR NOT %(with_messages)s
"""
LAUNCHED_SQL = """
UPDATE campaigns_launch SET
    inserted = (SELECT count(*) FROM drawn), audience_size = (SELECT count(*) FROM drawn),
    walked = (SELECT count(*) FROM drawn),
    agreed = (SELECT count(*) FROM drawn WHERE tracking_consent)
WHERE task_id = %(task)s
"""
SUBTASKS_SQL = """
INSERT INTO campaigns_subtask (task_id, content_id, recipient_email, variables, status, service_id,
                               attempts, failure_reason, error, provider_message_id, sent_at,
                               opened_at)
SELECT %(task)s, %(content)s, email, jsonb_build_object('email', email),
       CASE WHEN NOT bounces AND opens THEN 'opened' ELSE 'sent' END::{status}, %(service)s,
       0, '', '', '', sent_at, CASE WHEN NOT bounces AND opens THEN least(did_at, now()) END
FROM drawn ORDER BY address_key
"""
EVENTS_SQL = f"""
INSERT INTO tracking_event (kind, actor, source, dedupe_key, subtask_id, message_id,
                            provider_message_id, recipient, url, detail, ip_address, user_agent,
                            received_at, state, settled_at, note)
SELECT d.name, CASE WHEN d.is_machine THEN 'machine' ELSE 'person' END, 'seed',
       s.id || ' ' || d.name || d.is_machine, s.id, '', '', d.email,
       CASE WHEN d.kind = 4 THEN '{LINK}1' ELSE '' END, '', '', '', d.at, 'applied', d.at, ''
FROM did d JOIN campaigns_subtask s ON s.task_id = %(task)s AND s.recipient_email = d.email
WHERE d.kind <> 1 AND d.link = 0
"""
ATTEMPTS_SQL = """
INSERT INTO dispatch_attempt (subtask_id, service_id, dispatcher_id, claim_token, slot_at,
                              sending_at, started_at, finished_at, outcome, code, reply)
SELECT id, service_id, 1, gen_random_uuid(), sent_at, sent_at, sent_at,
       sent_at + interval '80 milliseconds', 'accepted', 250, 'OK'
FROM campaigns_subtask WHERE task_id = %(task)s AND sent_at IS NOT NULL
"""
ALL_LAUNCHED_SQL = """
UPDATE campaigns_launch SET inserted = made.n, audience_size = made.n, walked = made.n
FROM (SELECT count(*) AS n FROM campaigns_subtask WHERE task_id = %(task)s) AS made
WHERE task_id = %(task)s
"""
# Some are in doubt, some failed, the rest waits.
UNDER_WAY_SQL = """
INSERT INTO campaigns_subtask (task_id, content_id, recipient_email, variables, status, service_id,
                               claim_token, sending_at, in_doubt_since, failure_reason, error,
                               failed_at, provider_message_id, attempts)
SELECT %(task)s, %(content)s, email, jsonb_build_object('email', email), status::{status},
       CASE WHEN status <> 'pending' THEN %(service)s END,
       CASE WHEN status = 'sending' THEN gen_random_uuid() END,
       CASE WHEN status = 'sending' THEN now() END, CASE WHEN status = 'sending' THEN now() END,
       CASE WHEN status = 'failed' THEN 'rejected' ELSE '' END,
       CASE WHEN status = 'failed' THEN '550 5.1.1 No such user' ELSE '' END,
       CASE WHEN status = 'failed' THEN now() END, '', 0
FROM (SELECT email, CASE WHEN r < 0.005 THEN 'sending' WHEN r < 0.02 THEN 'failed'
                         ELSE 'pending' END AS status
      FROM (SELECT email, random() AS r FROM campaigns_contact c WHERE owner_id = %(owner)s
              AND NOT EXISTS (SELECT FROM drawn d WHERE d.email = c.email)
              AND random() < %(share)s OFFSET 0) AS left_over) AS fated
"""


@transaction.atomic
def send(sent: Sent, with_messages: bool) -> None:
    """What is left of a campaign under way waits, is in doubt or failed."""
    values: dict[str, int | float] = {
        "task": sent.task_id,
        "owner": sent.owner_id,
        "content": sent.content_id,
        "days_ago": sent.days_ago,
        "share": sent.share,
        "with_messages": with_messages,
    }
    # Else the planner takes a campaign that it has not seen yet for one of hardly any messages.
    statements = [DRAWN_SQL, DID_SQL, "ANALYZE drawn", "ANALYZE did", FACTS_SQL, LAUNCHED_SQL]
    if with_messages:
        values["service"] = _service()
        statements += [SUBTASKS_SQL.format(status=_status()), "ANALYZE campaigns_subtask"]
        statements += [EVENTS_SQL, ATTEMPTS_SQL]
        if sent.is_under_way:
            statements += [UNDER_WAY_SQL.format(status=_status()), ALL_LAUNCHED_SQL]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement, values)
        cursor.execute("DROP TABLE drawn, did")


def _status() -> str:
    return connection.ops.quote_name(settings.SUBTASK_STATUS_TYPE)


def _service() -> int:
    """One that sends nothing: it is switched off."""
    name = "seeded"
    if not (service := EmailService.objects.filter(name=name).first()):
        service = EmailService(
            name=name,
            domain="seeded.example.com",
            provider="smtp",
            sending_interval=Decimal(0),
            enabled=False,
            credentials=encrypt({}),
        )
        services.save(service)
    return int(service.pk)


# What the triggers of the table write of a row at a time.
TIMES_SQL = """
INSERT INTO campaigns_engagementtimes (owner_id, kind, is_machine, link, address_key, times)
SELECT owner_id, kind, is_machine, link, address_key, array_agg(at ORDER BY at DESC)
FROM campaigns_engagement WHERE owner_id = %s
GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
"""


@contextmanager
def without_triggers(owner_id: int) -> Iterator[None]:
    """Within the block the table of engagement of a new owner has no triggers: what they write is
    written at the end, at once."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE campaigns_engagement DISABLE TRIGGER USER")
        try:
            yield
        finally:
            cursor.execute("ALTER TABLE campaigns_engagement ENABLE TRIGGER USER")
        cursor.execute(TIMES_SQL, [owner_id])


@contextmanager
def without_indexes() -> Iterator[None]:
    """Within the block the table of engagement has no indexes: they are made at the end, at once,
    in a tenth of the time."""
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid), indisprimary
               FROM pg_index WHERE indrelid = 'campaigns_engagement'::regclass"""
        )
        indexes = cursor.fetchall()
        for name, _, is_primary in indexes:
            if is_primary:
                cursor.execute(f"ALTER TABLE campaigns_engagement DROP CONSTRAINT {name}")
            else:
                cursor.execute(f"DROP INDEX {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for name, definition, is_primary in indexes:
                cursor.execute(definition)
                if is_primary:
                    cursor.execute(
                        f"ALTER TABLE campaigns_engagement ADD PRIMARY KEY USING INDEX {name}"
                    )
