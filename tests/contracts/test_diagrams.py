"""docs/diagrams.md is the picture of the tables, and is drawn again when a table changes."""

from pathlib import Path

from edge_node.domain.diagrams import mermaid, page
from edge_node.domain.dossier import TRANSITIONS, Action, DossierState

PAGE = Path(__file__).parents[2] / "docs" / "diagrams.md"


def test_the_page_is_not_stale() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), (
        "run: python -m edge_node.domain.diagrams > docs/diagrams.md"
    )


def test_a_changed_table_changes_the_picture() -> None:
    """The negative control: without one arrow the picture differs."""
    table = dict(TRANSITIONS)
    del table[DossierState.FINISHED, Action.HAND_OVER]
    assert mermaid(table, DossierState.SUBMITTED) not in page()
    assert mermaid(TRANSITIONS, DossierState.SUBMITTED) in page()


def test_every_state_is_drawn() -> None:
    picture = mermaid(TRANSITIONS, DossierState.SUBMITTED)
    assert picture.startswith("stateDiagram-v2\n    [*] --> submitted\n")
    assert all(state.value in picture for state in DossierState)
    assert "    handed_over --> [*]" in picture
    assert "    received --> finished: finish" in picture
