from __future__ import annotations

from django.forms.renderers import DjangoTemplates
from django.forms.widgets import CheckboxInput
from django.utils import translation
from django.utils.translation import gettext_lazy

from admin_kit.forms.rendering import FormRenderer

kept, plain = FormRenderer(), DjangoTemplates()


def test_a_checkbox_is_rendered_as_django_does_each_time() -> None:
    for ticked in (True, False, True):
        for name in ("a", "<b>"):
            box = CheckboxInput({"class": name})
            expected = box.render(name, ticked, renderer=plain)
            assert box.render(name, ticked, renderer=kept) == expected


def test_a_checkbox_is_told_in_the_language_of_who_reads_it() -> None:
    box = CheckboxInput({"aria-label": gettext_lazy("Yes")})
    for language, said in (("en", "Yes"), ("de", "Ja"), ("en", "Yes")):
        with translation.override(language):
            assert f'aria-label="{said}"' in box.render("a", True, renderer=kept)
