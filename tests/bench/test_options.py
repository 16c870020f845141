"""What is chosen on the command line."""

from __future__ import annotations

import pytest

from bench import options


def test_a_whole_run_replaces_the_published_figures() -> None:
    assert options.read([]).results == "bench/RESULTS.md"


@pytest.mark.parametrize("arguments", [["--quick"], ["--only", "claims"]])
def test_part_of_a_run_leaves_the_published_figures_alone(arguments: list[str]) -> None:
    assert options.read(arguments).results != "bench/RESULTS.md"


def test_benchmarks_and_sizes_are_chosen_by_name() -> None:
    chosen = options.read(["--quick", "--only", "bare,claims", "--claims", "10,20"])

    assert (chosen.only, chosen.claims, chosen.repeats) == (("bare", "claims"), (10, 20), 1)


def test_a_benchmark_that_does_not_exist_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        options.read(["--only", "clams"])

    assert "no such benchmark: clams" in capsys.readouterr().err
