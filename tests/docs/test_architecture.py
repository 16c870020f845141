"""The pictures in docs/architecture.md show what is in the code."""

from __future__ import annotations

from campaigns.state import states
from tests.docs.pages import ROOT, arrows, diagrams, text_of

TEXT = text_of(ROOT / "docs/architecture.md")


def test_the_life_of_a_subtask_is_that_of_the_table_of_states() -> None:
    (life,) = diagrams(TEXT, "stateDiagram")
    table = {(str(start), str(end)) for start, ends in states.NEXT.items() for end in ends}
    assert arrows(life) == table
