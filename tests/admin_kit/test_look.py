"""Our pages use no style that does not exist, and nothing that the browser has to fetch elsewhere."""

from __future__ import annotations

import re
from pathlib import Path

import unfold
from django.conf import settings

TEMPLATES = sorted((settings.BASE_DIR / "templates").rglob("*.html"))
STYLES = (
    Path(unfold.__file__).parent / "static/unfold/css/styles.css",
    settings.BASE_DIR / "edm_project/static/edm/admin.css",
    settings.BASE_DIR / "edm_project/static/edm/help.css",
    settings.BASE_DIR / "templates/public_page.css",
    settings.BASE_DIR / "edm_project/static/edm/live_frame.css",
)
# Names that scripts and unfold's icons go by, not styles.
NOT_STYLES = {"material-symbols-outlined", "group"}


def classes_in(template: Path) -> set[str]:
    found = re.findall(r'(?<!:)class="([^"]*)"', template.read_text())
    return {
        name
        for value in found
        for name in re.sub(r"{%.*?%}|{{.*?}}", " ", value).split()
        if name not in NOT_STYLES
    }


def escaped(name: str) -> str:
    """As a style sheet writes it."""
    return re.sub(r"([^\w-])", r"\\\1", name)


def test_every_class_is_in_a_style_sheet() -> None:
    styles = "".join(style.read_text() for style in STYLES)
    unknown = {
        (template.name, name)
        for template in TEMPLATES
        for name in classes_in(template)
        if f".{escaped(name)}" not in styles
    }
    assert not unknown


def test_every_style_of_ours_is_used() -> None:
    sources = [
        *TEMPLATES,
        *(settings.BASE_DIR / "edm_project/static/edm").glob("*.js"),
        *(
            path
            for app in ("admin_kit", "campaigns", "dispatch", "guide")
            for path in (settings.BASE_DIR / app).rglob("*.py")
        ),
    ]
    code = "".join(path.read_text() for path in sources)
    styles = STYLES[1].read_text() + STYLES[2].read_text()
    ours = set(re.findall(r"\.(edm-[a-z-]+)", styles))
    assert {name for name in ours if name not in code} == set()


def test_no_page_fetches_anything_from_another_host() -> None:
    for path in (*TEMPLATES, STYLES[1]):
        assert not re.search(r'(src|href|url)\s*[=(]\s*["\']?(https?:)?//', path.read_text()), path
