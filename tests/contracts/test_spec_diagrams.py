"""The pictures in SPEC.md are those of the tables."""

from sync.daemon.events import State
from tests.contracts.spec_diagrams import (
    NEXT,
    SPEC,
    drawn,
    mermaid,
    session_arrows,
    table_arrows,
    without_stop,
)

TEXT = SPEC.read_text(encoding="utf-8")


def test_the_pictures_are_not_stale() -> None:
    assert drawn(TEXT) == TEXT, "run: python -m tests.contracts.spec_diagrams"


def test_every_state_of_a_session_can_be_reached() -> None:
    arrows = session_arrows()
    reached = {target for _, target in arrows} | {State.OFFLINE.value}
    assert reached - {NEXT} == {state.value for state in State} - {State.STOPPED.value}
    assert ("hello", NEXT) in arrows
    assert (NEXT, "drain") in arrows


def test_a_changed_row_changes_the_picture() -> None:
    """The negative control."""
    changed = TEXT.replace("| wary | opening | past the place of doubt | growing | |\n", "")
    assert changed != TEXT
    assert drawn(changed) != changed
    heading = "11.4 A log at the city"
    assert ("wary", "growing") in table_arrows(TEXT, heading)
    assert ("wary", "growing") not in table_arrows(changed, heading)


def test_a_picture_shows_names_events_and_the_beginning() -> None:
    arrows = {("a", "two words"): ["x", "y"], ("two words", "stopped"): ["z"]}
    picture = mermaid(without_stop(arrows), "a")
    assert 'state "two words" as two_words' in picture
    assert "    [*] --> a\n    a --> two_words: x, y" in picture
    assert "stopped" not in picture
