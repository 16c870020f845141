"""A database as it is after some use, a row of each kind in it, and the addresses of its pages."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from itertools import chain, count
from typing import Any
from urllib.parse import urlsplit

from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import F, Model
from django.db.models.functions import Now
from django.test import Client
from django.urls import resolve, reverse
from django.utils.text import slugify
from django_q.models import OrmQ

from access.models import Team
from campaigns.launching import launch
from campaigns.models import Brand, Image, Operation, SubTask, Task, Template
from campaigns.state import lifecycle
from devmail import demo
from dispatch.engine.dispatcher import Dispatcher
from dispatch.models import EmailService
from dispatch.models.hours import LastCount
from dispatch.monitoring import hours
from dispatch.pace import services
from signin.models import Outcome, SignIn
from signup.models import SignUpForm
from tests.browser import states
from tests.campaigns.admin.imports.wizard import Wizard
from tests.campaigns.admin.test_ownership import MAKE
from tests.campaigns.images import pictures
from tests.factories import SegmentFactory, SubTaskFactory, in_doubt
from tests.security.test_admin_errors import ADDRESSES
from tests.signup.making import sign_up_of
from tests.tracking.making import apply_all, event
from tests.tracking.visiting import path
from tracking.event_kinds import EventKind
from tracking.events import inbox
from tracking.links.tokens import Purpose, sign
from tracking.models import Event, RejectedRequests

SENT = 60
CAMPAIGN = "Spring newsletter"
MISSING = "/no-such-page"
LINK = "https://www.example.com/garden/spring"
"""Of the campaign's message."""
FRAMED = "/live/"
"""The message as it is written, in a frame of the page where one writes."""
MADE = ("campaigns.brand", "campaigns.savedblock", "dispatch.seedlist")
FILE = "email,name,city\nada@example.com,Ada,Berlin\nnot an address,Bob,\ncleo@example.com,Cleo,Lisbon\n"
COLOURS = {
    "website": "https://www.garden.example/", "privacy_url": "https://www.garden.example/privacy",
    "background_colour": "#f7e8ef", "body_colour": "#fffaf5", "link_colour": "#ff7fb0",
    "button_colour": "#ffe000",
}  # fmt: skip
"""Of the brand; links, and texts on buttons, cannot be read as they are."""
REDIRECTS = "/admin/r/"
OWN = (
    "monitor", "own_notices", "found_messages", "privacy", "own_profile", "sign_in_sessions", "own_password", "mfa_index",
    "mfa_activate_totp", "mfa_list_webauthn", "mfa_add_webauthn", "account_reauthenticate", "help",
)  # fmt: skip
"""Pages without a row, of the site's own addresses."""
DOCUMENTS_OF_ALL_KINDS = ("staff", "import-contacts", "write-a-template", "operations")
"""With pictures, wide tables, code, and long."""
STEPS = ("step_audience", "step_content", "step_delivery", "step_check", "step_launch")


def furnish(smtp_port: int) -> User:
    """The demo, its first campaign half sent, with what came back. Returns its account."""
    demo.prepare(smtp_port)
    owner = User.objects.get(username=demo.USER)
    hours.count()
    _send_some(Task.objects.get(name=CAMPAIGN))
    _make_the_rest(owner)
    _write_and_import(owner)
    states.make(owner)
    LastCount.objects.update(at=Now() - dt.timedelta(hours=1))
    hours.count()
    return owner


def _send_some(task: Task) -> None:
    for service in EmailService.objects.all():
        service.sending_interval = 0
        services.save(service)
    launch.expand(task.pk)
    Dispatcher(uuid.uuid4()).run(lambda: _sent(task).count() >= SENT, 100)
    lifecycle.pause(task)
    for service in EmailService.objects.all():
        service.sending_interval = 1
        services.save(service)
    # Not just now: what happens within seconds is a machine's doing.
    _sent(task).update(sent_at=F("sent_at") - dt.timedelta(hours=1))
    for number, subtask in enumerate(_sent(task).order_by("pk"), 1):
        inbox.accept([event(kind, subtask, **more) for kind, more in _came_back(number)])
    Event.objects.update(due_at=Now())  # clicks on our own links wait for what else comes
    apply_all()


def _came_back(number: int) -> Iterator[tuple[EventKind, dict[str, str]]]:
    """About the message of this number. One that bounced did nothing else; who clicked, left or
    complained had opened it."""
    if number % 20 == 0:
        yield EventKind.HARD_BOUNCED, {}
        return
    kinds = (
        (EventKind.DELIVERED, 1), (EventKind.OPENED, 2), (EventKind.CLICKED, 6),
        (EventKind.UNSUBSCRIBED, 24), (EventKind.COMPLAINED, 42),
    )  # fmt: skip
    for kind, every in kinds:
        if number % every == 0:
            yield kind, {"url": LINK, "source": "click"} if kind == EventKind.CLICKED else {}


def _sent(task: Task) -> Any:
    return SubTask.objects.filter(task=task, sent_at__isnull=False)


def _make_the_rest(owner: User) -> None:
    task = Task.objects.get(name=CAMPAIGN)
    service = EmailService.objects.get(name="North")
    content = _sent(task)[0].content
    in_doubt(service, task=task, content=content, recipient_email="cleo@example.com")
    SubTaskFactory(
        task=task, content=content, status="failed", failure_reason="rejected", error="x" * 300
    )
    for model in MADE:
        MAKE[model](owner)
    lately = {"field": "opened", "operator": "did", "value": {"days": 30}}
    SegmentFactory(owner=owner, name="Opened lately", condition={"match": "all", "lines": [lately]})
    sign_up_of(owner)
    team = Team.objects.create(name="Garden")
    team.members.add(owner)
    SignIn.objects.create(user=owner, user_name=owner.username, outcome=Outcome.SIGNED_IN)
    RejectedRequests.objects.create(day="2030-01-01", endpoint="open", reason="token", count=1)
    OrmQ.objects.create(key="edm:one-cluster", payload="")
    LogEntry.objects.create(
        user=owner,
        content_type=ContentType.objects.get_for_model(Task),
        object_id=str(task.pk),
        object_repr=task.name,
        action_flag=CHANGE,
        change_message="Paused.",
    )


def _write_and_import(owner: User) -> None:
    """What is made by its own page."""
    wizard = Wizard(owner)
    picture = SimpleUploadedFile("rose.jpg", pictures.from_a_camera(), "image/jpeg")
    wizard.client.post("/admin/campaigns/image/choose/", {"upload": picture, "alt": "A rose"})
    Brand.objects.update(logo_url=Image.objects.get().file.url, **COLOURS)
    wizard.bring(FILE, "list.csv")
    wizard.upload(FILE, "next.csv")


def pages() -> dict[str, str]:
    """Every address that answers with a page, those of staff first, by the name of its picture."""
    client = Client()
    client.force_login(User.objects.get(username=demo.USER))
    found = {page: name for name, page in {**_main_lists(), **_main_rows()}.items()}
    for page in addresses():
        if page not in found and not page.endswith(FRAMED) and _is_a_page(client, page):
            found[page] = _picture_name(page, taken=set(found.values()))
    return {name: page for page, name in found.items()} | public()


def _is_a_page(client: Client, url: str) -> bool:
    response = client.get(url)
    return (
        response.status_code == 200
        and response.headers["Content-Type"].startswith("text/html")
        and b"<html" in getattr(response, "content", b"")
    )


def addresses() -> Iterator[str]:
    yield from (reverse(name) for name in OWN)
    yield from (reverse("help_document", args=[name]) for name in DOCUMENTS_OF_ALL_KINDS)
    yield f"{reverse('help')}?q=undo"
    task = Task.objects.get(name=CAMPAIGN)
    yield reverse("click_map", args=[task.pk])
    for url in ADDRESSES:
        if "{0}" not in url:
            yield url
        elif not url.startswith(REDIRECTS):
            yield url.replace("{0}", str(row_of(url).pk))
    draft = Task.objects.get(name="Invitation to the beta")
    for page in ("change", "launch", "schedule", "preview", "people", "languages", *STEPS):
        yield reverse(f"admin:campaigns_task_{page}", args=[draft.pk])
    yield from states.addresses()


def row_of(url: str) -> Model:
    """What a page is about: of a model that has several, the one with most to show.

    Raises AssertionError if there is none, so that no page is passed over.
    """
    _, _, app, name, *rest = url.split("/")
    label = f"{app}.{name}"
    if rest and rest[0] == "imports":
        return Operation.objects.get(title__startswith="list")
    registered = {each._meta.label_lower: each for each in admin.site._registry}
    rows: Any = registered[label]._default_manager
    named = {
        "campaigns.task": CAMPAIGN,
        "campaigns.template": CAMPAIGN,
        "dispatch.emailservice": "North",
    }
    if label in named:
        rows = rows.filter(name=named[label])
    if label == "campaigns.subtask":
        rows = rows.filter(sent_at__isnull=False)
    row: Model | None = rows.order_by("pk").first()
    assert row is not None, f"no row of {label}"
    return row


def public() -> dict[str, str]:
    """What recipients and strangers see. The web view of a message shows staff's own work alone, and runs no
    script at all, so that none can look at it."""
    subtask = SubTask.objects.filter(sent_at__isnull=False).order_by("pk")[0]
    form = SignUpForm.objects.get()
    return {
        "unsubscribe": path(Purpose.UNSUBSCRIBE, subtask.pk),
        "preferences": path(Purpose.PREFERENCES, subtask.pk),
        "sign-up": f"/s/{form.key}",
        "sign-up-confirmed": f"/y/{sign(Purpose.SIGN_UP, form.sign_ups.get().pk, form.pk)}",
        "not-found": MISSING,
    }


def _picture_name(page: str, taken: set[str]) -> str:
    """As its view is named; the second of a view is numbered."""
    match = resolve(urlsplit(page).path)
    document = str(match.kwargs.get("name", ""))
    plain = slugify(f"{match.url_name} {document}".replace("_", " "))
    numbered = (f"{plain}-{number}" for number in count(2))
    return next(each for each in chain([plain], numbered) if each not in taken)


def _main_lists() -> dict[str, str]:
    """Where staff work most."""
    of = _admin_page
    return {
        "start": "/admin/",
        "campaigns": of("campaigns_task_changelist"),
        "messages": of("campaigns_subtask_changelist"),
        "in-doubt": of("campaigns_subtask_in_doubt"),
        "who-got-what": reverse("found_messages"),
        "templates": of("campaigns_template_changelist"),
        "contacts": of("campaigns_contact_changelist"),
        "segments": of("campaigns_segment_changelist"),
        "segment": of("campaigns_segment_add"),
        "tags": of("campaigns_tag_changelist"),
        "suppressions": of("campaigns_suppression_changelist"),
        "services": of("dispatch_emailservice_changelist"),
        "new-service": of("dispatch_emailservice_add"),
        "users": of("auth_user_changelist"),
        "new-user": of("auth_user_add"),
        "profile": reverse("own_profile"),
        "notifications": reverse("own_notices"),
        "monitor": reverse("monitor"),
        "privacy": reverse("privacy"),
        "help": reverse("help"),
        "guide": reverse("help_document", args=["staff"]),
        "how-to": reverse("help_document", args=["import-contacts"]),
    }


def _main_rows() -> dict[str, str]:
    """What staff look at and write most."""
    of = _admin_page
    task, draft = Task.objects.get(name=CAMPAIGN), Task.objects.get(name="Invitation to the beta")
    message = SubTask.objects.filter(sent_at__isnull=False).order_by("pk")[0]
    template = Template.objects.get(name=CAMPAIGN)
    service = EmailService.objects.get(name="North")
    wizard = Operation.objects.filter(title__startswith="list").order_by("pk")[0]
    return {
        "campaign": of("campaigns_task_change", task.pk),
        "report": of("campaigns_task_report", task.pk),
        "draft": of("campaigns_task_change", draft.pk),
        **{page.replace("_", "-"): of(f"campaigns_task_{page}", draft.pk) for page in STEPS},
        "message": of("campaigns_subtask_change", message.pk),
        "template": of("campaigns_template_change", template.pk),
        "checklist": of("campaigns_template_checklist", template.pk),
        "preview": of("campaigns_template_preview", template.pk),
        "import": of("campaigns_contact_import", wizard.pk),
        "brand": of("campaigns_brand_change", Brand.objects.get().pk),
        "service": of("dispatch_emailservice_change", service.pk),
    }


def _admin_page(name: str, *ids: int) -> str:
    return reverse(f"admin:{name}", args=ids)
