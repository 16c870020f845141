from __future__ import annotations

import pytest

from campaigns.models import AttachmentData, Content, FrozenAttachment, SubTask, Template
from tests.responses import ClientResponse
from tests.tracking.making import from_launch, frozen, rendered
from tests.tracking.visiting import get, path
from tracking.links.tokens import Purpose
from tracking.models import Event

pytestmark = pytest.mark.django_db

HTML = """<html><body><script>alert(1)</script><p onclick="x()">Hi {{ name }}</p>
<a href="https://example.com/">x</a> <a href="{{ unsubscribe_url }}">out</a></body></html>"""


def seen(subtask: SubTask) -> ClientResponse:
    return get(path(Purpose.WEB_VIEW, subtask.pk))


def test_the_message_is_shown_as_it_was_sent() -> None:
    subtask = from_launch(frozen(HTML), variables={"name": "Ann & co"})
    sent = rendered(subtask.content, subtask.pk, **subtask.variables).html
    assert seen(subtask).content.decode().startswith(sent)
    assert "Hi Ann &amp; co" in sent


def test_that_there_were_files_is_said_by_their_names() -> None:
    subtask = from_launch(frozen(HTML))
    Content.objects.filter(pk=subtask.content_id).update(attachment_count=1)
    data = AttachmentData.objects.create(digest="0", data=b"%PDF-")
    FrozenAttachment.objects.create(
        content=subtask.content,
        data=data,
        name="a & b.pdf",
        octets=5,
        content_type="application/pdf",
    )
    assert "which are only in the mail: a &amp; b.pdf." in seen(subtask).content.decode()


def test_what_was_edited_since_is_not_shown() -> None:
    subtask = from_launch(frozen(HTML), variables={"name": "Ann"})
    before = seen(subtask).content
    Template.objects.update(html="<p>new</p>")
    assert seen(subtask).content == before


@pytest.mark.parametrize(
    "now", ["{{ 'now' | date: '%F %T.%f' }}", "{{ 'today' | date: '%F %T.%f' }}", "{{ now }}", "{{ today }}"]
)  # fmt: skip
def test_a_time_is_that_at_which_the_message_was_handed_over(now: str) -> None:
    subtask = from_launch(frozen(now), sending_at="2020-02-29T12:00:00.5Z")
    assert seen(subtask).content.startswith(b"2020-02-29")
    assert seen(subtask).content == seen(subtask).content


def test_no_attribute_of_a_contact_takes_the_place_of_that_time() -> None:
    made = frozen("{{ 'now' | date: '%F' }} {{ now }}")
    subtask = from_launch(
        made, variables={"now": "1999-12-31"}, sending_at="2020-02-29T12:00:00.5Z"
    )
    assert seen(subtask).content.startswith(b"2020-02-29 2020-02-29 12:00:00.500000")


def test_looking_at_it_is_not_recorded() -> None:
    subtask = from_launch(frozen(HTML, track_opens=True), variables={"tracking_consent": True})
    assert "/o/" in rendered(subtask.content, subtask.pk, **subtask.variables).html
    assert "/o/" not in seen(subtask).content.decode()
    assert not Event.objects.exists()


def test_nothing_that_staff_wrote_runs_on_our_site() -> None:
    policy = seen(from_launch(frozen(HTML)))["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "allow-scripts" not in policy and "allow-same-origin" not in policy
    assert "sandbox" in policy


def test_a_message_that_is_no_more_is_not_found() -> None:
    assert get(path(Purpose.WEB_VIEW, 10**9)).status_code == 404


def test_a_message_that_could_not_be_made_is_not_found() -> None:
    subtask = from_launch(frozen("{{ a | divided_by: b }}"), variables={"a": 1, "b": 0})
    assert seen(subtask).status_code == 404
