"""A figure says whether it keeps its goal; that it is quick is no test's business."""

import pytest

from tests.browser.figures import Figure


@pytest.mark.parametrize(
    ("measured", "goal", "verdict"), [(50, 50, "met"), (50.1, 50, "short"), (9, 0, "ms")]
)
def test_a_figure_stands_beside_its_goal(measured: float, goal: float, verdict: str) -> None:
    words = Figure("a key until its letter", measured, goal, "ms").words
    assert words.startswith("a key until its letter")
    assert words.split()[-1] == verdict
