"""What MJML allows: which elements stand where, with which attributes, and where Liquid may be."""

from __future__ import annotations

from django.utils.translation import gettext

from campaigns.rendering.mjml.liquid_units import refuse_torn, tag_of
from campaigns.rendering.mjml.places import Wrong
from campaigns.rendering.mjml.reading import Between, Document, Element
from campaigns.rendering.mjml.vocabulary import attributes_of, children_of, meant, parents_of

TAKE_RAW = ("mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero")
"""Elements that may have <mj-raw>, and so Liquid, between those in them."""
TAKE_COMMENTS = ("mj-social", "mj-navbar", "mj-accordion")
"""Of these the compiler lets comments alone stand between elements."""
_SHOWS = ("", "echo", "cycle", "increment", "decrement", "tablerow", "raw")
"""Liquid that shows something."""
_COUNTS = ("cycle", "increment", "decrement")
"""Liquid that says something else each time: MJML writes a value in several places."""
_LAID_OUT = (
    "mj-all", "mj-class", "mj-body", "mj-wrapper", "mj-section", "mj-group", "mj-column", "mj-hero",
    "mj-image", "mj-divider", "mj-carousel",
)  # fmt: skip
"""Elements the widths of which MJML calculates, from their paddings and borders too."""
_MOST_FROM_DEFAULTS = 20_000_000
"""Characters that attributes of <mj-attributes> may come to in all elements."""


def check(document: Document) -> Element:
    """The <mjml>. Raises Wrong for the first thing that is not allowed."""
    mjml = _only_root(document)
    refuse_torn(
        [unit for unit in document.units.all if _is_outside(unit.start, document.root)],
        gettext("what stands before and after <mjml>"),
    )
    _check_element(document, mjml, in_attributes=False)
    _check_head_and_body(mjml)
    _check_defaults(mjml)
    return mjml


def _only_root(document: Document) -> Element:
    roots = list(document.root.elements())
    if not roots:
        raise Wrong(gettext("there is no <mjml>"), 0)
    for root in roots:
        if root.name != "mjml":
            raise Wrong(
                gettext("<%(name)s> stands outside of <mjml>") % {"name": root.name}, root.start
            )
    return roots[0]


def _is_outside(at: int, root: Element) -> bool:
    return any(isinstance(child, Between) and child.at == at for child in root.children)


def _check_head_and_body(mjml: Element) -> None:
    names = [child.name for child in mjml.elements()]
    for name in ("mj-head", "mj-body"):
        if names.count(name) > 1:
            second = [child for child in mjml.elements() if child.name == name][1]
            raise Wrong(gettext("there is a second <%(name)s>") % {"name": name}, second.start)
    if "mj-body" not in names:
        raise Wrong(gettext("there is no <mj-body>"), mjml.start)


def _check_element(document: Document, element: Element, *, in_attributes: bool) -> None:
    _check_attributes(document, element)
    if in_attributes:
        return
    is_attributes = element.name == "mj-attributes"
    _check_between(document, element)
    for child in element.elements():
        _check_place(element, child)
        _check_element(document, child, in_attributes=is_attributes)


def _check_place(element: Element, child: Element) -> None:
    if child.name in children_of(element.name):
        return
    parents = gettext(" or ").join(f"<{name}>" for name in parents_of(child.name))
    there = gettext(", but in %(parents)s") % {"parents": parents} if parents else ""
    raise Wrong(
        gettext("<%(name)s> cannot stand in <%(holder)s>%(but_in)s")
        % {"name": child.name, "holder": element.name, "but_in": there},
        child.start,
    )


def _check_attributes(document: Document, element: Element) -> None:
    known = attributes_of(element.name)
    for name, (start, end) in element.attributes.items():
        if name not in known:
            at = document.source.lower().rfind(name, element.start, start)
            raise Wrong(
                gettext("<%(element)s> has no attribute “%(name)s”%(did_you_mean)s")
                % {"element": element.name, "name": name[:40], "did_you_mean": meant(name, known)},
                max(at, 0),
            )
        units = document.units.within(start, end)
        refuse_torn(units, gettext("the value of “%(name)s”") % {"name": name})
        if units and _is_laid_out(element.name, name):
            raise Wrong(
                gettext(
                    "MJML calculates with “%(name)s” of <%(element)s> when the template is saved: "
                    "write a number there, without Liquid"
                )
                % {"name": name, "element": element.name},
                start,
            )
        for unit in units:
            if tag_of(unit) in _COUNTS:
                raise Wrong(
                    gettext(
                        "MJML may write “%(name)s” in several places, so {%% %(tag)s %%} would "
                        "count on: capture it before the element, and write the variable here"
                    )
                    % {"name": name, "tag": tag_of(unit)},
                    unit.start,
                )


def _is_laid_out(element: str, attribute: str) -> bool:
    if attribute == "width":
        return True
    begins = attribute.startswith(("padding", "border", "inner-padding"))
    return element in _LAID_OUT and begins and not attribute.endswith(("radius", "color"))


def _check_between(document: Document, element: Element) -> None:
    between = [child for child in element.children if isinstance(child, Between)]
    tags = [
        unit for one in between if one.tag for unit in document.units.within(one.at, one.at + 1)
    ]
    refuse_torn(tags, f"<{element.name}>")
    for one in between:
        _check_one_between(element, one)
    for one in between:
        if one.text.startswith("{{") or one.tag in _SHOWS and one.text.startswith("{%"):
            raise Wrong(
                gettext("“%(text)s” stands between elements: put it in <mj-text> or <mj-raw>")
                % {"text": " ".join(one.text[:40].split())},
                one.at,
            )


def _check_one_between(element: Element, one: Between) -> None:
    if element.name in TAKE_RAW or (element.name in TAKE_COMMENTS and one.text.startswith("{")):
        return
    is_in_head = element.name in ("mjml", "mj-head")
    if is_in_head and (one.tag in ("assign", "capture") or not one.text.startswith("{")):
        return
    if one.tag in ("comment", "doc", "#"):
        return
    what = f"“{' '.join(one.text[:40].split())}”"
    if is_in_head:
        said = gettext(
            "%(what)s cannot stand here, as MJML puts what is in the head elsewhere: put it in "
            "<mj-style> or <mj-body>"
        )
        raise Wrong(said % {"what": what}, one.at)
    raise Wrong(
        gettext("%(what)s cannot stand between what is in <%(element)s>")
        % {"what": what, "element": element.name},
        one.at,
    )


def _check_defaults(mjml: Element) -> None:
    elements = list(mjml.walk())
    length = sum(
        end - start
        for element in elements
        if element.name == "mj-attributes"
        for default in element.elements()
        for start, end in default.attributes.values()
    )
    if length * len(elements) > _MOST_FROM_DEFAULTS:
        raise Wrong(
            gettext("the values in <mj-attributes> are too long for so many elements"), mjml.start
        )
