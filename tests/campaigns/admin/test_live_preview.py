"""The live preview: of text that is not saved, as any contact, by the way in which mail is made."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache

from campaigns.admin.templates import live
from campaigns.models import Template
from tests.campaigns.admin.blocks.posting import form, heading
from tests.campaigns.admin.staff import MANAGER, NOBODY, VIEWER, address, member, page_of, signed_in
from tests.factories import ContactFactory, TemplateFactory
from tests.responses import ClientResponse

pytestmark = pytest.mark.django_db

TEXT = {"name": "Spring", "subject": "Hi {{ name }}", "html": "<p>Sow, {{ name }}!</p>"}
NEW = address("campaigns.template", "live_of_new")


@pytest.fixture
def user() -> User:
    return member(MANAGER)


@pytest.fixture(autouse=True)
def nothing_counted() -> None:
    cache.clear()


def see(user: User, url: str = NEW, **fields: str) -> Any:
    return signed_in(user).post(url, {**TEXT, **fields})


def of(template: Template) -> str:
    return address("campaigns.template", "live", template.pk)


def message(response: ClientResponse) -> str:
    found = re.search(r'srcdoc="([^"]*)"', response.content.decode())
    assert found is not None, page_of(response)
    return html.unescape(found[1])


def problems(response: ClientResponse) -> list[tuple[str, int]]:
    return [(each.field, each.line) for each in response.context["live"].problems]


def unfinished(response: ClientResponse) -> list[str]:
    return [each.message for each in response.context["live"].unfinished]


class TestWhatItShows:
    def test_is_the_unsaved_text_for_the_owners_first_contact(self, user: User) -> None:
        ContactFactory(name="Somebody Else")
        ContactFactory(owner=user, name="Ada")
        response = see(user)
        assert "Sow, Ada!" in message(response)
        assert "Hi Ada" in page_of(response)
        assert not Template.objects.exists()

    def test_keeps_the_saved_text_as_it_is(self, user: User) -> None:
        template = TemplateFactory(owner=user)
        before = Template.objects.values().get()
        assert "Sow," in message(see(user, of(template)))
        assert Template.objects.values().get() == before
        assert template.html

    def test_needs_no_name_for_the_template(self, user: User) -> None:
        assert "Sow, Ada Lovelace!" in message(see(user, name=""))

    def test_has_the_css_inlined(self, user: User) -> None:
        text = "<style>p { color: red }</style><p>Hi</p>"
        assert 'style="color: red' in message(see(user, html=text))

    def test_is_the_plain_text_when_that_is_asked_for(self, user: User) -> None:
        response = see(user, **{"see-view": "text", "html": "<h1>Sow</h1><p>now</p>"})
        assert "srcdoc" not in page_of(response)
        assert "now" in response.context["live"].preview.rendered.text

    def test_is_the_source_when_that_is_asked_for(self, user: User) -> None:
        assert "&lt;p&gt;Sow," in see(user, **{"see-view": "source"}).content.decode()

    def test_is_the_desktop_view_for_one_that_is_unknown(self, user: User) -> None:
        assert 'class="message desktop"' in page_of(see(user, **{"see-view": "<x>"}))

    def test_shows_saved_text_to_those_who_only_see_it(self, user: User) -> None:
        template = TemplateFactory(html="<p>Old</p>")
        assert "Old" in message(signed_in(member(VIEWER)).get(of(template)))

    def test_has_a_policy_that_lets_no_script_run(self, user: User) -> None:
        response = see(user)
        policy = response["Content-Security-Policy"]
        assert "script-src 'none'" in policy
        assert "frame-ancestors 'self'" in policy
        assert response["X-Frame-Options"] == "SAMEORIGIN"
        assert "allow-scripts" not in page_of(response)

    def test_leaves_the_policy_of_the_form_strict(self, user: User) -> None:
        response = signed_in(user).get(address("campaigns.template", "add"))
        styles = next(
            part for part in response["Content-Security-Policy"].split("; ") if "style-src " in part
        )
        assert "unsafe-inline" not in styles


class TestWhatIsWrong:
    @pytest.mark.parametrize(
        ("fields", "expected"),
        [
            ({"html": "<p>\n{{ name | nonsense }}"}, [("html", 2)]),
            ({"subject": "{{ name"}, [("subject", 1)]),
            ({"text": "a\nb\n{% for %}"}, [("text", 3)]),
            ({"html": "a\n{{ 1 | divided_by: 0 }}"}, [("html", 2)]),
        ],
    )
    def test_is_told_with_its_line(
        self, user: User, fields: dict[str, str], expected: list[tuple[str, int]]
    ) -> None:
        response = see(user, **fields)
        assert response.status_code == 200
        assert problems(response)[:1] == expected[:1]
        assert 'data-state="wrong"' in page_of(response)

    def test_is_nothing_before_anything_is_written(self, user: User) -> None:
        for format in ("html", "mjml"):
            response = see(user, subject="", html="", format=format)
            assert (problems(response), unfinished(response)) == ([], [])
            assert "What you write is shown here." in page_of(response)

    def test_is_not_what_is_only_not_written_yet(self, user: User) -> None:
        response = see(user, html="")
        assert problems(response) == []
        assert unfinished(response) == ["HTML is still empty."]

    def test_does_not_hide_a_message_that_has_no_subject_yet(self, user: User) -> None:
        response = see(user, subject="")
        assert unfinished(response) == ["Subject is still empty."]
        assert "<p>Sow, " in message(response)

    def test_leaves_out_blocks_that_are_not_complete_and_says_so(self, user: User) -> None:
        blocks = form(heading(text="Sow now"), ("b2", "text", {"text": ""}))
        response = signed_in(user).post(NEW, blocks)
        assert problems(response) == []
        assert unfinished(response) == ["Text: Write something here."]
        assert "Sow now" in message(response)

    def test_is_told_without_what_is_wrong_elsewhere_in_the_form(self, user: User) -> None:
        assert problems(see(user, name="x" * 300)) == []

    def test_are_too_many_previews(self, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(live, "MOST", 2)
        assert [see(user).status_code for _ in range(3)] == [200, 200, 429]
        assert see(member(MANAGER)).status_code == 200


class TestAsWhom:
    @pytest.fixture(autouse=True)
    def contacts(self, user: User) -> None:
        for name, attributes in (("Ada", {"city": "Rome"}), ("Bob", {}), ("Cleo", {"city": ""})):
            ContactFactory(
                owner=user, name=name, email=f"{name.lower()}@example.com", attributes=attributes
            )
        ContactFactory(name="Boba of another owner")

    def who(self, user: User, contact: str = "", pick: str = "", **fields: str) -> str:
        asked = {"see-contact": contact, "see-pick": pick, **fields}
        return str(see(user, **asked).context["live"].contact.name)

    @pytest.mark.parametrize("words", ["bob", "Bob@Example.com", "BOB exam"])
    def test_is_searched_for_by_parts(self, user: User, words: str) -> None:
        assert self.who(user, words) == "Bob"

    def test_says_when_there_is_none(self, user: User) -> None:
        assert problems(see(user, **{"see-contact": "of another owner"})) == [("contact", 0)]

    @pytest.mark.parametrize("words", ["\x00", "x" * 300, "<script>", "'"])
    def test_is_asked_for_oddly(self, user: User, words: str) -> None:
        assert see(user, **{"see-contact": words}).status_code == 200

    def test_is_the_next_and_after_the_last_the_first(self, user: User) -> None:
        assert self.who(user, "ada@", "next") == "Bob"
        assert self.who(user, "cleo@", "next") == "Ada"
        assert self.who(user, "", "next") == "Bob"

    def test_is_any_at_random(self, user: User) -> None:
        names = {self.who(user, "", "random") for _ in range(20)}
        assert names <= {"Ada", "Bob", "Cleo"}
        assert len(names) > 1

    def test_is_one_for_whom_a_variable_is_missing(self, user: User) -> None:
        text = "{{ city }}"
        first = self.who(user, "", "gap", html=text)
        second = self.who(user, first, "gap", html=text)
        assert {first, second} == {"Bob", "Cleo"}

    def test_is_a_search_only_for_staff_who_may_see_contacts(self, user: User) -> None:
        user.groups.clear()
        user.user_permissions.set(Permission.objects.filter(codename="add_template"))
        response = see(user, **{"see-contact": "cleo"})
        assert response.context["live"].found == []
        assert "Cleo" not in page_of(response)


class TestWhatIsMissing:
    def see(self, user: User, written: str, **fields: str) -> Any:
        ContactFactory(owner=user, name="Ada", attributes={"city": "", "flag": False, "n": 0})
        return see(user, html=written, **fields)

    def missing(self, response: ClientResponse) -> list[str]:
        return list(response.context["live"].preview.missing)

    @pytest.mark.parametrize(
        "text",
        [
            "<p>In {{ city }}.</p>",
            "<p>In {{ city | upcase | append: '!' }}.</p>",
            "<p>In {{- city -}} .</p>",
            "{% if name %}<p>{{ city }}</p>{% endif %}",
            "{% for x in (1..2) %}<p>{{ city }}</p>{% endfor %}",
        ],
    )
    def test_is_marked_in_its_place_and_listed(self, user: User, text: str) -> None:
        response = self.see(user, text)
        assert self.missing(response) == ["city"]
        assert ">no city</mark>" in message(response)
        assert "mark" not in response.context["live"].preview.rendered.html

    @pytest.mark.parametrize(
        "text",
        [
            "{{ name }}",
            "{{ city | default: 'here' }}",
            "{{ flag }}",
            "{{ n }}",
            "{% raw %}{{ city }}{% endraw %}",
            "{% comment %}{{ city }}{% endcomment %}",
            "{% if city != '' %}{{ city }}{% endif %}",
            "{{ 'city' }}",
        ],
    )
    def test_is_nothing_else(self, user: User, text: str) -> None:
        response = self.see(user, f"<p>{text}</p>")
        assert self.missing(response) == []
        assert "<mark" not in message(response)

    @pytest.mark.parametrize(
        "text",
        [
            '<a href="https://x.test/{{ city }}">x</a>',
            "<title>{{ city }}</title>",
            "<style>p { color: {{ city }} }</style>",
            "<!-- {{ city }} -->",
        ],
    )
    def test_is_only_listed_where_no_mark_can_stand(self, user: User, text: str) -> None:
        response = self.see(user, f"<p>a</p>{text}")
        assert self.missing(response) == ["city"]
        assert "<mark" not in message(response)
        assert not re.search("[\ue000\ue001]", response.content.decode())

    def test_is_not_marked_where_a_mark_would_change_the_message(self, user: User) -> None:
        text = "{% capture c %}{{ city }}{% endcapture %}{% if c == '' %}nothing{% endif %}"
        response = self.see(user, text)
        assert "nothing" in message(response)
        assert "<mark" not in message(response)

    def test_is_found_in_subject_and_text_too(self, user: User) -> None:
        response = self.see(user, "<p>a</p>", subject="{{ a }}x", text="{{ b.c }}x")
        assert self.missing(response) == ["a", "b.c"]

    def test_shows_no_mark_in_the_source(self, user: User) -> None:
        response = self.see(user, "<p>{{ city }}</p>", **{"see-view": "source"})
        assert "<mark" not in html.unescape(response.content.decode())


class TestTheDark:
    CSS = (
        "<style>@media (prefers-color-scheme: dark) { p { color: white !important } }"
        "@media screen and ( PREFERS-COLOR-SCHEME:light ) { p { color: black !important } }</style>"
    )

    def test_has_the_styles_for_it(self, user: User) -> None:
        seen = message(see(user, html=f"{self.CSS}<p>a</p>", **{"see-dark": "on"}))
        assert "@media (min-width: 0px)" in seen
        assert "screen and (max-width: 0px)" in seen

    def test_is_light_otherwise_whatever_the_readers_screen(self, user: User) -> None:
        seen = message(see(user, html=f"{self.CSS}<p>a</p>"))
        assert "@media (max-width: 0px)" in seen
        assert "screen and (min-width: 0px)" in seen

    def test_says_when_there_are_no_styles_for_it(self, user: User) -> None:
        note = "It has no styles for the dark"
        assert note in page_of(see(user, **{"see-dark": "on"}))
        assert note not in page_of(see(user, html=f"{self.CSS}<p>a</p>", **{"see-dark": "on"}))

    def test_changes_nothing_in_the_source(self, user: User) -> None:
        response = see(user, html=f"{self.CSS}<p>a</p>", **{"see-dark": "on", "see-view": "source"})
        assert "prefers-color-scheme: dark" in response.content.decode()


class TestWhoMaySeeIt:
    def test_is_nobody_without_permission(self) -> None:
        template = TemplateFactory()
        nobody = member(NOBODY)
        assert see(nobody).status_code == 403
        assert see(nobody, of(template)).status_code in (403, 404)

    def test_is_no_viewer_where_text_is_posted(self) -> None:
        viewer = member(VIEWER)
        assert see(viewer).status_code == 403
        assert see(viewer, of(TemplateFactory())).status_code == 403

    def test_is_no_other_owner(self, user: User) -> None:
        assert see(user, of(TemplateFactory())).status_code == 404
