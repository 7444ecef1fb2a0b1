"""Deadlines with their marks, and lengths of time in words."""

from datetime import date

import pytest

from edge_node.web import durations
from edge_node.web.counter.wording import deadline
from edge_node.web.localisation import load_translators

WORDS = load_translators()["vi"]
ENGLISH = load_translators()["en"]
TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("due", "state", "mark"),
    [
        ("2026-11-22T17:00+07:00", "received", "overdue"),
        ("2026-11-23T17:00+07:00", "received", "today"),
        ("2026-11-24T17:00+07:00", "received", "soon"),
        ("2026-11-25T17:00+07:00", "received", "in_time"),
        ("2026-11-22T17:00+07:00", "supplement_requested", "paused"),
    ],
)
def test_a_deadline_has_a_mark_and_a_word(due: str, state: str, mark: str) -> None:
    found = deadline(WORDS, state, due, TODAY)
    assert found is not None
    assert found.mark == mark
    assert found.label
    assert found.day.startswith(("thứ", "chủ"))


def test_a_finished_dossier_is_not_overdue() -> None:
    assert deadline(WORDS, "handed_over", "2026-11-01T17:00+07:00", TODAY) is None
    assert deadline(WORDS, "submitted", "", TODAY) is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "dưới 1 phút"),
        (59, "dưới 1 phút"),
        (60, "1 phút"),
        (42 * 60, "42 phút"),
        (119 * 60, "119 phút"),
        (120 * 60, "2 giờ"),
        (47 * 3600, "47 giờ"),
        (48 * 3600, "2 ngày"),
    ],
)
def test_a_length_of_time(seconds: int, text: str) -> None:
    assert durations.length(WORDS, seconds) == text


def test_english_counts_its_plurals() -> None:
    assert durations.length(ENGLISH, 60) == "1 minute"
    assert durations.length(ENGLISH, 180) == "3 minutes"


def test_another_day_is_named() -> None:
    assert durations.written(WORDS, "2026-11-23T08:42:00+07:00", TODAY) == "08:42"
    assert durations.written(WORDS, "2026-11-22T08:42:00+07:00", TODAY) == "08:42 22/11/2026"
    assert durations.written(WORDS, "", TODAY) == ""
