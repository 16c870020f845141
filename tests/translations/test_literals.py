"""What staff and recipients read goes through gettext; what operators read is English."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.translations import at_import, literals, own_formats, script_literals, template_literals
from tests.translations.literals import Literal, is_prose

OPERATORS_READ = {
    "addressing/library.py": "sentences of a library, which are compared",
    "campaigns/rendering/liquid/library.py": "sentences of a library, which are compared",
    "campaigns/rendering/liquid/reasons.py": "sentences of a library, beside what is said for them",
    "campaigns/rendering/mjml/reasons.py": "sentences of a library, beside what is said for them",
    "campaigns/db/": "migrate prints it",
    "campaigns/models/change.py": "a row that only programs read",
    "campaigns/models/engagement.py": "rows that only programs read",
    "campaigns/models/search.py": "a row that only programs read",
    "campaigns/checks.py": "manage.py check prints it",
    "campaigns/blocks/look.py": "fonts of style sheets",
    "campaigns/files/contact_columns.py": "headings of files",
    "campaigns/files/opt_outs/certain_words.py": "words of files",
    "campaigns/files/opt_outs/mailing_words.py": "words of files",
    "campaigns/preflight/samples.py": "the name of a sample, as it is on passports",
    "campaigns/rendering/css/rules.py": "names of tokens of CSS",
    "campaigns/rendering/css/selectors.py": "names for programmers",
    "campaigns/rendering/css/style_sheets.py": "names for programmers",
    "campaigns/rendering/liquid/strftime.py": "messages are in the language of their template",
    "campaigns/rendering/mjml/icons.py": "names of icons",
    "campaigns/tasks.py": "names of jobs in logs",
    "devmail/": "a mailbox and a demo for development",
    "dispatch/audit/": "manage.py audit_dispatch prints it",
    "dispatch/monitoring/metrics.py": "Prometheus reads it",
    "dispatch/providers/bounces.py": "patterns of what mail servers say",
    "dispatch/monitoring/views.py": "Prometheus reads it",
    "dispatch/process/": "logs, and the cluster's own processes",
    "dispatch/queue/": "names of jobs in logs",
    "dispatch/restoring/carry.py": "manage.py carry_over prints it",
    "dispatch/restoring/files.py": "manage.py carry_over prints it",
    "dispatch/restoring/holding.py": "manage.py after_restore prints it",
    "dispatch/results/start_log.py": "logs of the cluster",
    "edm_project/checks/": "manage.py check prints it",
    "edm_project/environment.py": "printed when the environment is wrong",
    "edm_project/images.py": "a header for browsers",
    "edm_project/sessions.py": "printed when the database cannot be used",
    "edm_project/settings.py": "printed when the environment is wrong",
    "edm_project/web/health.py": "probes read it",
    "embedded_postgres/": "printed by the database for development",
    "signin/checks.py": "manage.py check prints it",
    "signin/browsers.py": "names of browsers and systems",
}
"""Rooms that stay English, and why."""

NOT_READ_AS_TIMES = {
    "admin_kit/words/moments.py": "the formats themselves",
    "campaigns/admin/contacts/change_forms.py": "what stands in a field to begin with",
    "campaigns/admin/planning/moment.py": "what a browser's own field takes",
    "campaigns/admin/suppressions.py": "the name of a file",
    "campaigns/exports/asking.py": "the name of a file",
    "privacy/views.py": "the name of a file",
    "campaigns/segments/sql/": "compared in the database",
    "dispatch/admin/monitor.py": "minutes below a chart of one hour",
    "dispatch/claiming/deliveries.py": "a key",
    "notices/looking.py": "a key",
    "dispatch/providers/ses/signature.py": "a signature",
}
"""Where a time is written in a format of its own, and what for."""
WORDS_OF_OTHERS = {
    "signin/own/zones.py": "regions in the names of time zones",
    "dispatch/bounces/": "headers of mail",
    "dispatch/message/": "headers of mail",
    "dispatch/providers/": "what providers call their fields and events",
    "signin/throttling/devices.py": "an attribute of cookies",
}
"""Where a single word with a capital is a name that is compared or sent, not shown."""
NAMES = frozenset({
    "EDM Dispatch", "English", "Deutsch", "Gmail", "Yahoo and AOL", "Orange", "Yandex", "Proton", "Sina", "Sohu",
    "Amazon SES", "Brevo", "EngageLab", "Mailgun", "Mailjet", "Postmark", "Resend", "SendGrid", "SMTP", "SparkPost",
    "Aliyun", "Homepage", "iframe", "HTML", "MJML",
    "Arial", "Verdana", "Tahoma", "Trebuchet", "Georgia", "Times New Roman", "Courier New", "Ctrl + K", "Macintosh",
})  # fmt: skip
"""The same in every language, or read by programs alone."""
NOT_SHOWN = frozenset({
    "True",
    "Arial, Helvetica, sans-serif", "Verdana, Geneva, sans-serif", "Tahoma, Verdana, sans-serif", "'Trebuchet MS', Tahoma, sans-serif",
    "Georgia, 'Times New Roman', serif", "'Times New Roman', Times, serif", "'Courier New', Courier, monospace",
    "'PingFang SC', 'Microsoft YaHei', 'Noto Sans SC', sans-serif", "{}, chunk {}", "{} contacts of promise {}", "{}: {} of {}",
    "bg-base-50 login dark:bg-base-900",
    'attachment; filename="{}"', "ask to confirm sign-ups, service {}", "sign-up {}", "warm up", "{} seconds", "web view", "count campaign {}", "{} doubt={} events={}", "{}: SubTask {}, {}", "unsubscribe {}",
    "event {}: {} more", "bucket {}: {} since {}", "{} at {}", "{} {} by {}: {}", "{} since {}", "Outlook and Hotmail",
    "Apple iCloud", "GMX and WEB.DE", "default-src 'none'; style-src {};{} form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    " img-src {};", "@media (prefers-color-scheme: dark){:root{{}}}",
    "{% if {} != \"\" %}<img src=\"{{ {} }}\" width=\"1\" height=\"1\" alt=\"\" style=\"border:0;height:1px;width:1px\">{% endif %}", "from {}", "no line", "no number", "no such name",
    '_dmarc.{}  TXT  "v=DMARC1; p=none; rua=mailto:dmarc-reports@{}"', "webhook {}", 'Basic realm="webhook"', "Bearer {}", "MAIL FROM:<{}>{}", "HTTP {} {}",
    "Invalid Address", "Mailbox Unavailable", "Frequency or Volume Too High", "Rendering Failure", "prepare content", "lane {}", "cluster {} already runs {}",
    "dispatcher {} was declared dead and has to stop",
    "Content-Type: {}{}\r\nContent-Transfer-Encoding: base64\r\nContent-Disposition: {}\r\n\r\n",
    '" title="', '" width="100%" height="700" style="border:0"', "/iframe", 'iframe src="',
})  # fmt: skip
"""Headers, keys, names of jobs in logs, and the code of a frame."""


def said_past_gettext(found: Literal) -> bool:
    word = (
        " " not in found.text
        and not found.is_shown
        and found.path.startswith(tuple(WORDS_OF_OTHERS))
    )
    return not (
        word or found.text in NAMES | NOT_SHOWN or found.path.startswith(tuple(OPERATORS_READ))
    )


def test_no_text_of_the_code_goes_past_gettext() -> None:
    found = [str(each) for each in literals.literals() if said_past_gettext(each)]
    assert not found, "\n".join(found)


def test_no_text_of_a_template_goes_past_gettext() -> None:
    found = [str(each) for each in template_literals.literals() if said_past_gettext(each)]
    assert not found, "\n".join(found)


def test_no_script_says_anything_that_its_page_did_not_give_it() -> None:
    found = list(map(str, script_literals.literals()))
    assert not found, "\n".join(found)


def test_times_are_written_in_the_one_format_of_the_reader() -> None:
    allowed = tuple(NOT_READ_AS_TIMES | OPERATORS_READ)
    found = [str(each) for each in own_formats.literals() if not each.path.startswith(allowed)]
    assert not found, "\n".join(found)


def test_no_text_is_translated_while_a_module_is_imported() -> None:
    found = list(at_import.found())
    assert not found, "\n".join(found)


HEAD = "from django.utils.translation import gettext as now, gettext_lazy as _, ngettext_lazy\n"


@pytest.mark.parametrize("source", [
    "class Form:\n    name = field(label=now('Name'))",
    "HELP = _('%(most)s at most') % {'most': 3}",
    "@button(now('Reset'))\ndef reset(): pass",
    "def f(text=now('Name')): pass",
])  # fmt: skip
def test_a_text_that_is_translated_too_early_is_noticed(source: str) -> None:
    assert len(at_import.found_in(HEAD + source)) == 1


@pytest.mark.parametrize("source", [
    "class Form:\n    name = field(label=_('Name'))\n    def say(self): return now('Name')",
    "HELP = ngettext_lazy('%(n)s row', '%(n)s rows', 'n') % {'n': 3}",
    "TITLES = {'a': lambda: now('Name')}",
])  # fmt: skip
def test_a_text_that_is_translated_when_it_is_shown_is_let_be(source: str) -> None:
    assert at_import.found_in(HEAD + source) == []


def found_in_code(source: str) -> list[str]:
    return [each.text for each in literals.found_in(source, Path("room/module.py"))]


def found_in_template(source: str) -> list[str]:
    return [each.text for each in template_literals.found_in(source, Path("page.html"))]


@pytest.mark.parametrize("source, text", [
    ("raise Refused('Nothing was changed.')", "Nothing was changed."),
    ("fail(f'{name} cannot be used.')", "{} cannot be used."),
    ("def f():\n    return 'Not ' + 'sent yet'", "sent yet"),
    ("x = Field(label='name')", "name"),
    ("STATES = [('new', 'New')]", "New"),
    ("class Column:\n    title = 'kind'", "kind"),
    ("@label('state', COLOURS)\ndef state(): pass", "state"),
    ("gettext(f'{n} were sent')", "{} were sent"),
    ("f'<b>{gettext(name)}</b>'", "gettext(name)"),
    ("counted(3, 'recipient')", "counted(3, 'recipient')"),
    ("messages.success(request, 'done')", "done"),
    ("messages.info(request, 'Sent: ' + number)", "Sent: "),
    ("form.add_error('name', 'taken')", "taken"),
    ("raise ValidationError({'name': 'taken'})", "taken"),
    ("raise ValidationError('Bad URL')", "Bad URL"),
    ("format_html('<b>Hidden</b>')", "Hidden"),
    ("format_html('<span title=\"Closed\">{}</span>', x)", "Closed"),
    ("format_html('<img alt=\"{} opened\">', x)", "opened"),
    ("class Kind(TextChoices):\n    NEW = 'new', 'first of all'", "first of all"),
    ("class Kind(TextChoices):\n    NEW = 'new', 'new'", "new"),
    ("CHOICES = [('ab', 'A/B test')]", "A/B test"),
    ("x = TextInput(attrs={'placeholder': 'search'})", "search"),
    ("shown.short_description = 'kind'", "kind"),
    ("x = f'{name} (archived)'", "{} (archived)"),
    ("x = name + ' (archived)'", " (archived)"),
    ("x = f'+{hour} h'", "+{} h"),
    ("x = 'Sign-up'", "Sign-up"),
    ("x = 'Stop!'", "Stop!"),
])  # fmt: skip
def test_a_text_of_the_code_is_found(source: str, text: str) -> None:
    assert found_in_code(source) == [text]


@pytest.mark.parametrize("source", [
    "def f():\n    '''What it does.'''",
    "log.info('It was sent to %s', x)",
    "raise RuntimeError('this is a mistake of the code')",
    "gettext('Nothing was changed.')",
    "x = {'Subject': 1}['Subject']",
    "cursor.execute('the statement')",
    "class Cause(StrEnum):\n    OFF = 'switched off'",
    "x = 'SELECT a FROM b'",
    "x = 'flex items-center'",
    "x = '(?s)sender.{0,200}(not valid|invalid)'",
])  # fmt: skip
def test_what_is_not_shown_is_let_be(source: str) -> None:
    assert found_in_code(source) == []


@pytest.mark.parametrize("source, text", [
    ("<p>Nothing yet</p>", "Nothing yet"),
    ("{{ number }} of <b>{{ all }}</b>", "of"),
    ('<a title="Go back">{{ x }}</a>', "Go back"),
    ('<input type="submit" value="Save">', "Save"),
    ("{{ number|pluralize }}", "|pluralize"),
    ('{{ name|default:"No name" }}', "No name"),
    ('{% include "a.html" with title="All of them" %}', "All of them"),
    ('{% include "a.html" with title="all" %}', "all"),
    ('{% element button title="Go back" %}', "Go back"),
    ('{{ name|default:"none" }}', "none"),
    ('{{ at|date:"Y-m-d" }}', '|date:"Y-m-d"'),
    ('<optgroup label="All">', "All"),
    ('<a hx-confirm="Sure?">{{ x }}</a>', "Sure?"),
    ("""<b x-text="open ? 'Hide' : ''"></b>""", "Hide"),
    ('<input type="reset" value="Clear">', "Clear"),
    ("<p>发</p>", "发"),
])  # fmt: skip
def test_a_text_of_a_template_is_found(source: str, text: str) -> None:
    assert found_in_template(source) == [text]


@pytest.mark.parametrize("source", [
    "{% translate 'Nothing yet' %}",
    "{% blocktranslate trimmed %}Nothing <b>yet</b>{% endblocktranslate %}",
    "{# a remark #}{% comment %}another one{% endcomment %}",
    "<style>p { color: red }</style><script>let x = 1</script>",
    '<span class="material-symbols-outlined">add</span>',
    "{{ name|default:_('No name') }}&nbsp;·&nbsp;{{ x }}",
    "{% if state == 'sent' %}{% endif %}",
])  # fmt: skip
def test_what_a_template_does_not_say_itself_is_let_be(source: str) -> None:
    assert found_in_template(source) == []


@pytest.mark.parametrize("source, text", [
    ("button.textContent = 'Copied'", "Copied"),
    ("alert('no')", "no"),
    ("field.setAttribute('aria-label', 'close')", "close"),
    ("let said = `${number} rows are left`", "${number} rows are left"),
])  # fmt: skip
def test_a_text_of_a_script_is_found(source: str, text: str) -> None:
    assert [each.text for each in script_literals.found_in(source, Path("page.js"))] == [text]


@pytest.mark.parametrize("source", [
    "// what this is for\nlet x = 1", "document.querySelector('#rows > li a')",
    "field.setAttribute('aria-busy', 'true')", "button.textContent = link.dataset.close",
])  # fmt: skip
def test_what_a_script_does_not_say_itself_is_let_be(source: str) -> None:
    assert not list(script_literals.found_in(source, Path("page.js")))


@pytest.mark.parametrize("source", ["at.strftime('%d %b')", "f'{at:%H:%M}'"])
def test_a_time_in_a_format_of_its_own_is_found(source: str) -> None:
    assert len(list(own_formats.found_in(source, Path("room/module.py")))) == 1


def test_two_texts_of_a_page_that_are_joined_by_a_colon_are_found() -> None:
    source = "said = f'“{name}”: {words}'"
    assert [each.text for each in literals.found_in(source, Path("admin/page.py"))] == ["“{}”: {}"]


def test_a_list_of_names_is_no_prose() -> None:
    assert not is_prose("gmail.com googlemail.com")
    assert not is_prose("text-orange-700 underline dark:text-orange-400")
    assert is_prose("It is sent again.")
