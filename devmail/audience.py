"""A big audience for development and measurements: contacts with typed attributes and tags,
campaigns that were sent to them, and what they did with the messages.

Set-based SQL, with the skew of real lists: few domains and few tags have most contacts, few
contacts do most of the opening. The same seed makes the same audience.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace

from django.contrib.auth import get_user_model
from django.db import connection, transaction
from django.db.models.functions import Now

from campaigns.models import Attribute, Content, Launch, Sender, Tag, Task, TaskStatus
from devmail import audience_messages
from devmail.audience_messages import Sent

USER = "audience"
CAMPAIGNS = 24
MOST_SHARE = 0.6
"""A campaign goes to so many of the contacts at most."""
EVENTS_PER_MESSAGE = 1.4
CHUNK = 50_000

ATTRIBUTES = {
    "plan": ("choice", ["free", "team", "business"]),
    "city": ("text", []),
    "visits": ("number", []),
    "birthday": ("date", []),
    "newsletter": ("yes_no", []),
    "language": ("text", []),
}
# Its share of the contacts, and the tag that it is under.
TAGS = {
    "customer": (0.30, ""),
    "VIP": (0.02, "customer"),
    "trial": (0.08, "customer"),
    "prospect": (0.25, ""),
    "webinar": (0.05, "prospect"),
    "fair": (0.03, "prospect"),
    "newsletter": (0.45, ""),
    "partner": (0.01, ""),
    "press": (0.001, ""),
    "staff": (0.0005, ""),
}

CONTACTS_SQL = """
INSERT INTO campaigns_contact (owner_id, email, name, attributes, tracking_consent, mail_consent,
                               mail_consent_at, created_at)
SELECT %(owner)s,
       'person' || n || '@' || (ARRAY['mail.example', 'example.com', 'post.example.org',
            'corp.example.net', 'uni.example.edu', 'dept' || n %% 4000 || '.example.com']
            )[1 + floor(6 * power(r[1], 1.8))::int],
       (ARRAY['Ada', 'Grace', 'Lin', 'Omar', 'Ines', 'Kofi', 'Mei', 'Jan'])[1 + n %% 8] || ' '
           || (ARRAY['Okafor', 'Novak', 'Silva', 'Chen', 'Haddad', 'Berg', 'Rossi'])[1 + n %% 7],
       jsonb_strip_nulls(jsonb_build_object(
           'plan', (ARRAY['free', 'free', 'free', 'team', 'business'])[1 + floor(5 * r[2])::int],
           'city', (ARRAY['Berlin', 'Lisbon', 'Malmö', 'Kraków', 'Milan', 'Osaka', 'Lagos',
                          'Toronto'])[1 + floor(8 * power(r[3], 2))::int],
           'visits', floor(-20 * ln(1 - r[4]))::int,
           'birthday', CASE WHEN r[5] < 0.7
                            THEN (date '1950-01-01' + floor(r[5] * 28000)::int)::text END,
           'newsletter', CASE WHEN r[6] < 0.8 THEN r[6] < 0.3 END,
           'language', (ARRAY['en', 'en-GB', 'de', 'zh-CN', 'fr'])[1 + floor(
                5 * power(r[7], 2))::int])),
       r[8] < 0.4, CASE WHEN r[9] < 0.6 THEN 'given' WHEN r[9] > 0.98 THEN 'refused'
                        ELSE 'unknown' END,
       CASE WHEN r[9] < 0.6 THEN now() - r[10] * interval '3 years' END,
       now() - r[10] * interval '3 years'
FROM (SELECT n, ARRAY[random(), random(), random(), random(), random(), random(), random(),
                      random(), random(), random()] AS r
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) AS n OFFSET 0) AS drawn
"""
# The key makes PostgreSQL draw for each contact, and not once for each tag.
TAGGED_SQL = """
INSERT INTO campaigns_contact_tags (contact_id, tag_id)
SELECT c.id, t.id FROM campaigns_contact c
CROSS JOIN unnest(%s::bigint[], %s::float8[]) AS t(id, share)
WHERE c.owner_id = %s AND random() < t.share + 0 * c.id
"""


@dataclass(frozen=True, slots=True)
class Seeded:
    owner_id: int
    contacts: int
    messages: int
    events: int


def seed(
    contacts: int,
    events: int,
    say: Callable[[str], None] = print,
    with_messages: bool = False,
    draw: float = 0.5,
) -> Seeded:
    """Make the audience of a new owner. `draw`, between -1 and 1, is the seed of what is random.
    With messages, each has its SubTask, its attempt and its rows in the event inbox, and the newest
    campaign is under way; else only what segments read, which is much faster. Locks nothing of
    other owners."""
    owner_id = _owner()
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("SELECT setseed(%s)", [draw])
    _attributes(owner_id)
    _contacts(owner_id, contacts, say)
    _tags(owner_id)
    say("tagged")
    sent = _campaigns(owner_id, contacts, events, with_messages)
    # With the messages, the table's own trigger writes some of it, for which it needs the indexes.
    with (
        audience_messages.without_triggers(owner_id),
        nullcontext() if with_messages else audience_messages.without_indexes(),
    ):
        for number, each in enumerate(sent, 1):
            audience_messages.send(each, with_messages)
            say(f"{number} of {len(sent)} campaigns sent")
    analyze()
    return _seeded(owner_id)


def _owner() -> int:
    users = get_user_model()._default_manager
    number = users.filter(username__startswith=USER).count()
    name = f"{USER}{number}" if number else USER
    owner = users.create(username=name, is_staff=True)
    return int(owner.pk)


def _attributes(owner_id: int) -> None:
    Attribute.objects.bulk_create(
        Attribute(owner_id=owner_id, key=key, label=key.capitalize(), kind=kind, choices=choices)
        for key, (kind, choices) in ATTRIBUTES.items()
    )


def _contacts(owner_id: int, contacts: int, say: Callable[[str], None]) -> None:
    for first in range(1, contacts + 1, CHUNK):
        last = min(first + CHUNK - 1, contacts)
        with connection.cursor() as cursor:
            cursor.execute(CONTACTS_SQL, {"owner": owner_id, "first": first, "last": last})
        say(f"{last:,} contacts")


def _tags(owner_id: int) -> None:
    made: dict[str, Tag] = {}
    for name, (_, parent) in TAGS.items():
        made[name] = Tag.objects.create(owner_id=owner_id, name=name, parent=made.get(parent))
    shares = [share for share, _ in TAGS.values()]
    with connection.cursor() as cursor:
        cursor.execute(TAGGED_SQL, [[tag.pk for tag in made.values()], shares, owner_id])


def _campaigns(owner_id: int, contacts: int, events: int, under_way: bool) -> list[Sent]:
    """About one a month, that go to equal shares of the contacts: completed, or the newest under
    way."""
    messages = events / EVENTS_PER_MESSAGE
    count = max(CAMPAIGNS, math.ceil(messages / max(1, contacts) / MOST_SHARE))
    sender = Sender.objects.create(owner_id=owner_id, local_part="news", display_name="News")
    share = messages / count / max(1, contacts)
    sent = [_campaign(owner_id, sender, number, count, share) for number in range(count)]
    return [_under_way(sent[0]), *sent[1:]] if under_way else sent


def _under_way(sent: Sent) -> Sent:
    """Begun today."""
    Task.objects.filter(pk=sent.task_id).update(status=TaskStatus.SENDING)
    return replace(sent, days_ago=0.3, is_under_way=True)


@transaction.atomic
def _campaign(owner_id: int, sender: Sender, number: int, count: int, share: float) -> Sent:
    """The newest was sent some days ago, the oldest two years."""
    days_ago = 3 + 727 * number / max(1, count - 1)
    task = Task.objects.create(
        owner_id=owner_id,
        name=f"Campaign {count - number}",
        sender=sender,
        track_opens=True,
        status=TaskStatus.COMPLETED,
        launched_at=Now(),
    )
    content = Content.objects.create(
        task=task, subject="News", html="<p>News</p>", text="News", sender_local_part="news"
    )
    Launch.objects.create(task=task, finished_at=Now(), agreed=0)
    return Sent(task.pk, owner_id, content.pk, days_ago, share)


TABLES = (
    "campaigns_contact", "campaigns_contact_tags", "campaigns_engagement",
    "campaigns_engagementtimes", "campaigns_subtask", "campaigns_launch", "dispatch_attempt",
    "tracking_event",
)  # fmt: skip


def analyze() -> None:
    """As autovacuum does sooner or later."""
    with connection.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"VACUUM (ANALYZE) {table}")


def _seeded(owner_id: int) -> Seeded:
    with connection.cursor() as cursor:
        cursor.execute(
            """SELECT (SELECT count(*) FROM campaigns_contact WHERE owner_id = %(owner)s),
                      count(*) FILTER (WHERE kind = 1),
                      count(*) FILTER (WHERE kind <> 1 AND link = 0)
               FROM campaigns_engagement WHERE owner_id = %(owner)s""",
            {"owner": owner_id},
        )
        contacts, messages, events = cursor.fetchone()
    return Seeded(owner_id, contacts, messages, events)
