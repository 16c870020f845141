"""From an idea to the launch in steps, left and come back to at any of them."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from campaigns.models import Task
from campaigns.models.brand import Brand
from tests.campaigns.admin.staff import (
    CONFIRM,
    MANAGER,
    NOBODY,
    VIEWER,
    address,
    entries,
    member,
    page_of,
    signed_in,
    texts,
)
from tests.campaigns.admin.steps.way import BEGIN, Way, row, step
from tests.factories import (
    ContactFactory,
    EmailServiceFactory,
    SenderFactory,
    TagFactory,
    TaskFactory,
    TeamFactory,
    TemplateFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db
TOMORROW = dt.timedelta(days=1)


def draft_of(user: User, **values: object) -> Task:
    """With nothing but a name."""
    made: Task = Task.objects.create(owner=user, name="Spring", **values)
    return made


def ready(user: User) -> Task:
    """Nothing keeps it from being launched."""
    ContactFactory(owner=user)
    EmailServiceFactory()
    made: Task = TaskFactory(owner=user, name="Spring")
    return made


def stored() -> Task:
    return Task.objects.get()


def test_the_way_to_all_settings_keeps_what_is_written(way: Way, user: User) -> None:
    task = draft_of(user)
    shown = page_of(way.see("content", task))
    whole = address("campaigns.task", "change", task.pk)
    assert shown.count(f'href="{whole}" data-keeps="_whole"') == 1
    written = {**row(TemplateFactory(owner=user), subject="Seeds"), "_next": "", "_whole": "yes"}
    assert way.save("content", task, **written).url == whole
    assert task.tasktemplate_set.get().subject == "Seeds"


class TestTheBeginning:
    @pytest.mark.parametrize("page", ["/admin/", address("campaigns.task", "changelist")])
    def test_is_where_new_campaign_leads(self, user: User, page: str) -> None:
        assert f'href="{BEGIN}"' in page_of(signed_in(user).get(page))

    def test_needs_a_name_alone(self, way: Way, user: User) -> None:
        response = way.begin()
        assert (stored().name, stored().owner, stored().status) == ("Spring", user, "draft")
        assert response.url == step("content", stored())

    def test_is_recorded(self, way: Way, user: User) -> None:
        way.begin()
        assert [who for who, _ in entries(stored())] == [user.username]

    def test_says_what_is_wrong_and_keeps_what_was_written(self, way: Way) -> None:
        shown = page_of(way.begin(name="", audience="tags"))
        assert "This field is required." in shown
        assert "Choose a tag, or another audience." in shown
        assert '<option value="tags" selected>' in shown
        assert not Task.objects.exists()

    def test_takes_a_second_click_for_one(self, way: Way) -> None:
        first, second = way.begin(), way.begin()
        assert second.url == first.url
        assert Task.objects.count() == 1

    def test_is_ones_own_beside_one_of_a_colleague(self, user: User) -> None:
        colleague = member(MANAGER)
        team = TeamFactory(members=[user, colleague])
        Way(colleague).begin(owner=team.account_id)
        Way(user).begin(owner=team.account_id)
        assert Task.objects.filter(name="Spring").count() == 2

    def test_takes_another_name_for_another_campaign(self, way: Way) -> None:
        way.begin()
        way.begin(name="Summer")
        assert Task.objects.count() == 2

    @pytest.mark.parametrize("role", [VIEWER, NOBODY])
    def test_is_refused_to_whoever_adds_no_campaigns(self, role: str) -> None:
        client = signed_in(member(role))
        assert client.get(BEGIN).status_code == 403
        assert client.post(BEGIN, {"name": "Spring", "audience": "all"}).status_code == 403
        assert not Task.objects.exists()


class TestAStep:
    def test_says_where_one_is_in_words(self, way: Way, user: User) -> None:
        shown = page_of(way.see("content", draft_of(user)))
        assert shown.count('aria-current="step"') == 1
        (here,) = [part for part in shown.split("<li") if 'aria-current="step"' in part]
        assert "Content" in here
        assert "you are here" in here

    def test_says_of_the_others_what_is_to_do(self, way: Way, user: User) -> None:
        EmailServiceFactory()
        steps = way.see("audience", draft_of(user)).context["steps"]
        assert [(each.label, each.state) for each in steps] == [
            ("Audience", "you are here"),
            ("Content", "to do"),
            ("Delivery", "ready"),
            ("Check", ""),
            ("Launch", ""),
        ]

    @pytest.mark.parametrize("key", ["audience", "content", "delivery", "check"])
    def test_leads_to_the_page_with_all_settings(self, way: Way, user: User, key: str) -> None:
        task = draft_of(user)
        url = address("campaigns.task", "change", task.pk)
        assert f'href="{url}"' in page_of(way.see(key, task))

    def test_is_led_to_from_the_page_with_all_settings(self, way: Way, user: User) -> None:
        task = draft_of(user)
        shown = page_of(way.client.get(address("campaigns.task", "change", task.pk)))
        assert f'href="{step("", task)}"' in shown

    def test_can_be_left_unfinished(self, way: Way, user: User) -> None:
        task = draft_of(user)
        data = {"name": "Spring", "audience": "tags", "_leave": "yes"}
        response = way.client.post(step("audience", task), data, follow=True)
        assert "“Spring” is kept as a draft." in texts(response)
        assert stored().audience == "tags"

    def test_is_saved_and_goes_on_to_the_next(self, way: Way, user: User) -> None:
        task, tag = draft_of(user), TagFactory(owner=user)
        fields = {"name": "Summer", "audience": "tags", "include_tags": tag.pk}
        assert way.save("audience", task, **fields).url == step("content", task)
        assert list(stored().include_tags.all()) == [tag]

    def test_changes_its_own_part_alone(self, way: Way, user: User) -> None:
        tag = TagFactory(owner=user)
        task = draft_of(user, audience="tags", needs_consent=True)
        task.include_tags.add(tag)
        way.save("delivery", task, track_opens="on")
        assert (stored().audience, stored().needs_consent) == ("tags", True)
        assert list(stored().include_tags.all()) == [tag]
        assert (stored().track_opens, stored().track_clicks) == (True, False)

    def test_refuses_what_belongs_to_another_owner(self, way: Way, user: User) -> None:
        task, tag = draft_of(user), TagFactory(owner=UserFactory())
        fields = {"name": "Spring", "audience": "tags", "include_tags": tag.pk}
        assert "Select a valid choice" in page_of(way.save("audience", task, **fields))

    def test_tells_who_saved_meanwhile(self, way: Way, user: User) -> None:
        task = draft_of(user)
        seen = way.see("audience", task).context["adminform"].form.seen
        Task.objects.update(name="Autumn")
        fields = {"name": "Summer", "audience": "all", "edm-seen": seen}
        assert "Another save came first" in page_of(way.save("audience", task, **fields))
        assert stored().name == "Autumn"

    def test_is_saved_by_a_second_click_as_by_the_first(self, way: Way, user: User) -> None:
        task = draft_of(user)
        seen = way.see("delivery", task).context["adminform"].form.seen
        at = f"{timezone.localtime() + TOMORROW:%Y-%m-%dT%H:%M}"
        answers = [
            way.save("delivery", task, scheduled_at=at, **{"edm-seen": seen}) for _ in range(2)
        ]
        assert [each.url for each in answers] == [step("check", task)] * 2


class TestComingBack:
    def test_leads_to_the_first_step_that_lacks_something(self, way: Way, user: User) -> None:
        EmailServiceFactory()
        assert way.see("", draft_of(user)).url == step("content", stored())

    def test_leads_to_an_audience_that_names_no_one(self, way: Way, user: User) -> None:
        assert way.see("", draft_of(user, audience="chosen")).url == step("audience", stored())

    def test_leads_to_the_delivery_where_no_service_is_open(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        assert way.see("", task).url == step("delivery", task)

    def test_leads_to_the_check_once_nothing_is_missing(self, way: Way, user: User) -> None:
        task = ready(user)
        assert way.see("", task).url == step("check", task)


class TestACampaignThatIsNoDraft:
    @pytest.mark.parametrize("status", ["scheduled", "queued", "sending", "paused", "completed"])
    @pytest.mark.parametrize("key", ["", "audience", "content", "delivery", "check", "launch"])
    def test_has_its_page(self, way: Way, user: User, key: str, status: str) -> None:
        task = TaskFactory(owner=user, status=status, scheduled_at=timezone.now() + TOMORROW)
        assert way.see(key, task).url == address("campaigns.task", "change", task.pk)

    def test_is_not_changed(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user, status="sending", name="Spring")
        response = way.client.post(
            step("audience", task), {"name": "X", "audience": "all"}, follow=True
        )
        assert "“Spring” is no draft any more: nothing was changed." in texts(response)
        assert stored().name == "Spring"


class TestWhoMayNot:
    def test_a_viewer_is_led_to_the_page_and_changes_nothing(self) -> None:
        viewer = member(VIEWER)
        task = draft_of(viewer)
        way = Way(viewer)
        assert way.see("audience", task).url == address("campaigns.task", "change", task.pk)
        assert way.save("audience", task, name="X", audience="all").status_code == 403

    @pytest.mark.parametrize(
        "key", ["", "audience", "content", "delivery", "check", "launch", "schedule"]
    )
    def test_another_owners_campaign_is_not_there(self, way: Way, key: str) -> None:
        task = draft_of(UserFactory())
        assert way.see(key, task).status_code == 404
        assert way.save(key, task, name="X", audience="all").status_code == 404

    def test_who_may_not_launch_is_told_whom_to_ask(self, user: User) -> None:
        planner = member(NOBODY)
        names = ("view_task", "change_task")
        planner.user_permissions.set(Permission.objects.filter(codename__in=names))
        task = ready(planner)
        shown = page_of(Way(planner).see("check", task))
        assert "You may not launch campaigns." in shown
        assert f'href="{step("launch", task)}"' not in shown
        assert Way(planner).see("launch", task).status_code == 403


class TestTheContent:
    def test_may_still_lack_a_template(self, way: Way, user: User) -> None:
        task, sender = draft_of(user), SenderFactory(owner=user)
        response = way.save("content", task, sender=sender.pk, **row())
        assert response.url == step("delivery", task)
        assert stored().sender == sender

    def test_takes_a_template_and_its_own_subject(self, way: Way, user: User) -> None:
        task, template = draft_of(user), TemplateFactory(owner=user)
        way.save("content", task, **row(template, subject="Sow now"))
        chosen = stored().tasktemplate_set.get()
        assert (chosen.template, chosen.subject) == (template, "Sow now")

    def test_proposes_the_only_sender(self, way: Way, user: User) -> None:
        SenderFactory(owner=user, display_name="Garden News")
        assert "Garden News" in page_of(way.see("content", draft_of(user)))

    def test_says_that_there_is_no_sender(self, way: Way, user: User) -> None:
        assert "You have no sender yet" in page_of(way.see("content", draft_of(user)))

    def test_keeps_several_templates(self, way: Way, user: User) -> None:
        task = TaskFactory(owner=user)
        second = task.tasktemplate_set.create(template=TemplateFactory(owner=user), weight=3)
        shown = page_of(way.see("content", task))
        assert "Message 2" in shown
        rows = [
            {"id": each.pk, "task": task.pk, "template": each.template_id, "weight": each.weight}
            for each in task.tasktemplate_set.order_by("pk")
        ]
        data = {
            f"tasktemplate_set-{n}-{name}": value
            for n, fields in enumerate(rows)
            for name, value in fields.items()
        }
        counts = {"tasktemplate_set-TOTAL_FORMS": 2, "tasktemplate_set-INITIAL_FORMS": 2}
        way.save("content", task, **counts, **data)
        second.refresh_from_db()
        assert second.weight == 3


class TestTheDelivery:
    def test_keeps_a_time_that_the_schedule_proposes(self, way: Way, user: User) -> None:
        task = ready(user)
        at = (timezone.localtime() + TOMORROW).replace(second=0, microsecond=0)
        way.save("delivery", task, scheduled_at=f"{at:%Y-%m-%dT%H:%M}")
        assert (stored().scheduled_at, stored().status) == (at, "draft")
        shown = page_of(way.see("schedule", task))
        assert f'value="{at:%Y-%m-%dT%H:%M}"' in shown

    def test_refuses_a_time_that_has_passed(self, way: Way, user: User) -> None:
        shown = page_of(way.save("delivery", draft_of(user), scheduled_at="2020-01-01T00:00"))
        assert "Choose a time that is still to come." in shown


class TestTheCheck:
    def test_names_what_is_missing_with_the_step_that_mends_it(self, way: Way, user: User) -> None:
        task = draft_of(user)
        missing = {each.label: each for each in way.see("check", task).context["missing"]}
        assert missing["Content"].sentences == ["It has no sender.", "It has no template."]
        assert missing["Content"].url == step("content", task)
        assert missing["Delivery"].url == step("delivery", task)
        assert missing["Besides"].sentences == [
            "Its audience is empty: no contact matches that may be mailed."
        ]

    def test_offers_no_launch_before_that(self, way: Way, user: User) -> None:
        task = draft_of(user)
        assert (
            f'href="{step("launch", task)}">'
            not in page_of(way.see("check", task)).split('id="question"')[1]
        )

    def test_shows_the_checklist_and_a_test(self, way: Way, user: User) -> None:
        task = ready(user)
        shown = page_of(way.see("check", task))
        assert "There is no plain text." in shown
        variant = task.tasktemplate_set.get().pk
        assert f"{reverse('admin:dispatch_emailservice_test_mail')}?variant={variant}" in shown

    def test_is_come_back_to_from_the_test(self, way: Way, user: User) -> None:
        task = ready(user)
        variant = task.tasktemplate_set.get().pk
        url = f"{reverse('admin:dispatch_emailservice_test_mail')}?variant={variant}"
        assert f'href="{step("check", task)}"' in page_of(way.client.get(url))

    def test_offers_to_ask_for_an_approval_that_is_needed(self, way: Way, user: User) -> None:
        task = ready(user)
        Brand.objects.create(owner=user, name="Acme", needs_approval=True)
        url = address("campaigns.task", "ask_approval", task.pk)
        assert f'href="{url}"' in page_of(way.see("check", task))


class TestTheEnd:
    def test_is_the_question_that_the_page_asks_too(self, way: Way, user: User) -> None:
        shown = page_of(way.see("launch", ready(user)))
        assert "Sending to 1 recipient starts at once." in shown
        assert 'aria-current="step"' in shown
        assert f'href="{step("check", stored())}"' in shown

    def test_launches_once_it_is_confirmed(self, way: Way, user: User) -> None:
        task = ready(user)
        way.client.get(step("launch", task))
        response: Any = way.client.post(step("launch", task), CONFIRM)
        assert stored().status == "queued"
        assert response.url == address("campaigns.task", "change", task.pk)

    def test_launches_now_what_had_a_time(self, way: Way, user: User) -> None:
        task = ready(user)
        Task.objects.update(scheduled_at=timezone.now() + TOMORROW)
        way.client.post(step("launch", task), CONFIRM)
        assert (stored().status, stored().scheduled_at) == ("queued", None)

    def test_schedules_once_it_is_confirmed(self, way: Way, user: User) -> None:
        task = ready(user)
        at = f"{timezone.localtime() + TOMORROW:%Y-%m-%dT%H:%M}"
        way.client.post(step("schedule", task), {**CONFIRM, "at": at})
        assert stored().status == "scheduled"
