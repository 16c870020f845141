"""What templates rely upon in python-liquid."""

from __future__ import annotations

import inspect
from types import ModuleType
from unittest import mock

import pytest
from liquid import Environment, RenderContext
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import FilteredExpression, StringLiteral, logical
from liquid.builtin.expressions import Path as LiquidPath
from liquid.builtin.output import OutputNode
from liquid.builtin.tags import case_tag
from liquid.builtin.tags.if_tag import IfNode
from liquid.exceptions import OutputStreamLimitError
from liquid.output import LimitedStringIO


class TestLiquid:
    @pytest.mark.parametrize(
        ("module", "name", "template"),
        [
            (logical, "_lt", "{% if 1 < 2 %}{% endif %}"),
            (logical, "_lt", "{% if 1 > 2 %}{% endif %}"),
            (logical, "_le", "{% if 1 <= 2 %}{% endif %}"),
            (logical, "_le", "{% if 1 >= 2 %}{% endif %}"),
            (logical, "_eq", "{% if 1 == 2 %}{% endif %}"),
            (logical, "_eq", "{% if 1 != 2 %}{% endif %}"),
            (logical, "_contains", "{% if 'ab' contains 'a' %}{% endif %}"),
            (case_tag, "_eq", "{% case 1 %}{% when 2 %}{% endcase %}"),
        ],
    )
    def test_what_is_replaced_is_what_compares(
        self, module: ModuleType, name: str, template: str
    ) -> None:
        with mock.patch.object(module, name, return_value=False) as compare:
            Environment().from_string(template).render()
        assert compare.call_count == 1

    def test_functions_that_compare_take_what_ours_take(self) -> None:
        names = {
            name: list(inspect.signature(compare).parameters)
            for name in ("_lt", "_le", "_eq", "_contains")
            if (compare := getattr(logical, name))
        }
        assert names == {
            "_lt": ["token", "left", "right"],
            "_le": ["left", "right"],
            "_eq": ["left", "right"],
            "_contains": ["token", "left", "right"],
        }

    def test_the_nodes_of_a_template_can_be_taken_apart(self) -> None:
        source = 'a{{ x.y | default: "b" }}{% if z != "" %}c{% endif %}'
        fixed, output, section = Environment().from_string(source).nodes
        assert isinstance(fixed, ContentNode) and fixed.text == "a"
        assert isinstance(output, OutputNode)
        expression = output.expression
        assert isinstance(expression, FilteredExpression)
        assert isinstance(expression.left, LiquidPath) and expression.left.path == ["x", "y"]
        (default,) = expression.filters or []
        assert default.name == "default"
        assert isinstance(section, IfNode)
        assert isinstance(section.condition, logical.BooleanExpression)
        condition = section.condition.expression
        assert isinstance(condition, logical.NeExpression)
        assert isinstance(condition.right, StringLiteral) and condition.right.value == ""
        assert not section.alternatives and section.default is None
        (inner,) = section.consequence.nodes
        assert isinstance(inner, ContentNode) and inner.text == "c"

    def test_a_buffer_counts_bytes_up_to_its_limit(self) -> None:
        buffer = LimitedStringIO(limit=3, newline="")
        buffer.write("ü")
        assert (buffer.size, buffer.limit) == (2, 3)
        with pytest.raises(OutputStreamLimitError):
            buffer.write("ü")

    def test_an_environment_keeps_tags_and_filters_by_name(self) -> None:
        environment = Environment()
        assert {"include", "render", "if"} <= environment.tags.keys()
        assert (environment.tags["if"].block, environment.tags["if"].end) == (True, "endif")
        assert {"join", "sort", "default"} <= environment.filters.keys()

    def test_a_context_follows_a_part_of_a_value(self) -> None:
        context = RenderContext(Environment().from_string(""))
        assert context.get_item({"a": 1}, "a") == 1
        with pytest.raises(LookupError):
            context.get_item({}, "a")
